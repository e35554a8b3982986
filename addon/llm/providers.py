"""Every provider by its name."""

from addon.llm.anthropic import Anthropic
from addon.llm.gemini import Gemini
from addon.llm.ollama import Ollama
from addon.llm.openai import OpenAI
from addon.llm.provider import Making

PROVIDERS: dict[str, Making] = {"openai": OpenAI, "ollama": Ollama, "anthropic": Anthropic, "gemini": Gemini}
