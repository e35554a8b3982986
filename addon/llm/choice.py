"""Which model answers, and how it is reached."""

from dataclasses import dataclass, field

DEFAULT_BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "ollama": "http://127.0.0.1:11434/v1",
}
"""Where a provider lives when nobody said otherwise. Both speak the same wire."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model. base_url: None for the provider's own. timeout_s: for a whole ask, retries included."""

    provider: str
    model: str
    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    timeout_s: float = 120.0

    @property
    def address(self) -> str:
        """The API root without a trailing slash. Raises KeyError for a provider that has no default."""
        return (self.base_url or DEFAULT_BASE_URLS[self.provider]).rstrip("/")
