"""Which model answers, and how it is reached."""

from dataclasses import dataclass, field

from addon.llm.capabilities import CAPABILITIES


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model. base_url: None for the provider's own. timeout_s: for a whole ask, retries included.

    context_tokens, keep_alive: what Ollama loads the model with, and for how long; others take no notice.
    guarded: the address was named by a tenant, so it is reached under guard (guard.py), which lets nothing private
    through but allowed_hosts (`host` or `host:port`), the operator's.
    """

    provider: str
    model: str
    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    timeout_s: float = 120.0
    context_tokens: int = 16_384
    keep_alive: str = "30m"
    guarded: bool = False
    allowed_hosts: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The API root without a trailing slash. Raises KeyError for a provider that has no default."""
        return (self.base_url or CAPABILITIES[self.provider].base_url).rstrip("/")
