"""What one ask costs, summed over its requests."""

from addon.llm.answer import Usage
from addon.llm.choice import ModelChoice
from addon.llm.reply import Spent
from addon.llm.tokens import estimate
from addon.observe.metrics import LLM_TOKENS


class Ledger:
    """Counts as requests end; `usage()` may be read at any time, also after a failure."""

    def __init__(self, choice: ModelChoice, prompt_version: str) -> None:
        self._choice = choice
        self._prompt_version = prompt_version
        self._input = self._output = self._requests = 0
        self._estimated = False
        self._expected = 0

    def expect(self, said: str) -> int:
        """Tokens the coming request will take by estimate, kept beside what it took in the end."""
        self._expected = estimate(said)
        return self._expected

    def sent(self) -> None:
        """One more request has left."""
        self._requests += 1

    def add(self, said: str, heard: str, *, spent: Spent | None) -> None:
        """One answered request: the provider's own figures, or an estimate where it gave none."""
        # Nothing for something: gateways fill in zeros for what they do not know.
        given = (_figure(spent.input_tokens) or None) if spent else None
        taken = (_figure(spent.output_tokens) or (None if heard else 0)) if spent else None
        self._estimated |= given is None or taken is None
        self._count(estimate(said) if given is None else given, estimate(heard) if taken is None else taken)

    def failed(self, said: str, heard: str) -> None:
        """One request that broke. What was streamed before that will be on the bill; a plain error is not."""
        # Whatever the model said before it broke is billed, though nobody sent a figure.
        if heard:
            self.cut_off(said, heard)

    def cut_off(self, said: str, heard: str) -> None:
        """One request we left in the middle: a server that reads and thinks sends a bill before its first word."""
        self._estimated = True
        self._count(estimate(said), estimate(heard) if heard else 0)

    def usage(self) -> Usage:
        return Usage(
            provider=self._choice.provider,
            model=self._choice.model,
            prompt_version=self._prompt_version,
            input_tokens=self._input,
            output_tokens=self._output,
            requests=self._requests,
            estimated=self._estimated,
            expected_input_tokens=self._expected,
        )

    def _count(self, given: int, taken: int) -> None:
        self._input += given
        self._output += taken
        LLM_TOKENS.labels(self._choice.provider, "input").inc(given)
        LLM_TOKENS.labels(self._choice.provider, "output").inc(taken)


def _figure(value: object) -> int | None:
    """A believable count of tokens; servers have been seen to send null, floats and text."""
    return value if isinstance(value, int) and 0 <= value < 10**9 else None
