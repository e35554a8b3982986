"""Reading the issue for a run, and finding what was made of the very same text before."""

from collections.abc import Callable
from typing import Any

from addon.generation.wishes import wishes
from addon.reading import issue as reading
from addon.reading.facts import Facts, input_hash
from addon.runs.feature import Stored, Work

HashOf = Callable[[Facts], str]


async def read(work: Work, hash_of: HashOf) -> Facts:
    """What the first attempt read, so that a second one works on, and pays for, the same text. Raises JiraError."""
    await work.progress.stage("reading")
    if work.run.facts is not None:
        return Facts.model_validate(work.run.facts)
    facts = await reading.read(
        work.jira,
        str(work.run.issue_id),
        own_account_id=work.tenant.app_account_id,
        criteria_field=work.settings.criteria_field,
        ours=work.ours,
    )
    await work.save_facts(facts.model_dump(mode="json"), hash_of(facts))
    return facts


async def earlier(work: Work, input_hash: str) -> Stored | None:
    """The result of an earlier run on the very same input, unless a new one is forced."""
    asked = wishes(work.run)
    return None if asked.force or asked.regenerate else await work.earlier(input_hash)


def hashed(work: Work, facts: Facts, *, prompts: str, **more: Any) -> str:
    """Equal when the same result may be given again. prompts: versions of the prompts. more: what else shapes it."""
    choice, asked = work.choice, wishes(work.run)
    more |= {"language": work.settings.language, "part": "generation"}
    # So that a list with one item written anew is never taken for the answer to the plain question.
    if asked.regenerate:
        more |= {"regenerate": asked.regenerate.model_dump(), "based_on": work.run.params.get("based_on")}
    # The rules hear neither prompts nor instructions: these must not make them work twice.
    if choice is None:
        return input_hash(facts, **more)
    return input_hash(
        facts,
        model=[choice.provider, choice.model, choice.base_url],
        prompt=prompts,
        instruction=[work.settings.instruction, work.prompt.text if work.prompt else "", asked.instruction],
        **more,
    )
