"""The four wires as a bare client sees them: where to send, what to send, and where the text stands in an event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from addon.llm.prompt import Prompt
from addon.llm.schema import wire
from addon.results.analysis import Analysis

Json = dict[str, Any]

REPAIR = "Your answer cannot be used. Answer again with the whole corrected JSON object and nothing else."
FORMAT = {"type": "json_schema", "json_schema": {"name": "Analysis", "strict": True, "schema": wire(Analysis)}}


@dataclass(frozen=True)
class Bare:
    """One wire. again: the request after a useless answer."""

    path: str
    headers: dict[str, str]
    body: Callable[[Prompt], Json]
    piece: Callable[[Json], str]
    again: Callable[[Json, str], Json]


def said(prompt: Prompt) -> list[Json]:
    return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]


def repair(body: Json, answer: str) -> Json:
    more = [{"role": "assistant", "content": answer}, {"role": "user", "content": REPAIR}]
    return {**body, "messages": [*body["messages"], *more]}


def openai_body(prompt: Prompt) -> Json:
    asked: Json = {"model": "m", "messages": said(prompt), "stream": True, "response_format": FORMAT}
    return {**asked, "stream_options": {"include_usage": True}}


def openai_piece(event: Json) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event["choices"])


def ollama_body(prompt: Prompt) -> Json:
    return {"model": "m", "messages": said(prompt), "stream": True, "format": wire(Analysis)}


def ollama_piece(event: Json) -> str:
    return str(event["message"]["content"])


def anthropic_body(prompt: Prompt) -> Json:
    output = {"format": {"type": "json_schema", "schema": wire(Analysis)}}
    messages = said(prompt)[1:]
    return {
        "model": "m", "system": prompt.system, "messages": messages, "max_tokens": 16_384, "stream": True,
        "output_config": output,
    }  # fmt: skip


def anthropic_piece(event: Json) -> str:
    return str(event["delta"].get("text") or "") if "delta" in event else ""


def gemini_body(prompt: Prompt) -> Json:
    return {
        "systemInstruction": {"parts": [{"text": prompt.system}]},
        "contents": [{"role": "user", "parts": [{"text": prompt.user}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": wire(Analysis)},
    }


def gemini_piece(event: Json) -> str:
    contents = [candidate.get("content") or {} for candidate in event.get("candidates", [])]
    return "".join(part["text"] for content in contents for part in content.get("parts", []))


def gemini_again(body: Json, answer: str) -> Json:
    more = [{"role": role, "parts": [{"text": text}]} for role, text in (("model", answer), ("user", REPAIR))]
    return {**body, "contents": [*body["contents"], *more]}


WIRES: dict[str, Bare] = {
    "openai": Bare(
        "/v1/chat/completions", {"Authorization": "Bearer sk-bench"}, openai_body, openai_piece, repair
    ),
    "ollama": Bare("/api/chat", {}, ollama_body, ollama_piece, repair),
    "anthropic": Bare(
        "/v1/messages", {"x-api-key": "sk-bench", "anthropic-version": "2023-06-01"}, anthropic_body, anthropic_piece,
        repair,
    ),
    "gemini": Bare(
        "/v1beta/models/m:streamGenerateContent?alt=sse", {"x-goog-api-key": "sk-bench"}, gemini_body, gemini_piece,
        gemini_again,
    ),
}  # fmt: skip
