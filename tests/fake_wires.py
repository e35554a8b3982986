"""How the four kinds of model servers speak: what the pretend one reads and writes for each.

`asked` turns a request into one form, that of Chat Completions, in which the answers are made; the rest turns pieces of
an answer into the events of the wire.
"""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

Json = dict[str, Any]
SAID = "I cannot do this."


@dataclass(frozen=True)
class Count:
    """What an answer claims to have cost."""

    given: Any
    taken: Any


class Wire:
    """Chat Completions, as OpenAI and most others speak it; the base of the other three."""

    name = "openai"
    media = "text/event-stream; charset=utf-8"
    path = "/chat/completions"
    refusals: ClassVar[dict[str, str]] = {"length": "length", "content_filter": "content_filter"}

    def asked(self, body: Json) -> Json:
        return body

    def has_schema(self, body: Json) -> bool:
        return "response_format" in body

    def event(self, data: object, *, end: str = "\n") -> bytes:
        raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        return b"data: " + raw + end.encode() * 2

    def start(self, count: Count | None) -> list[Json]:
        return [self._delta(role="assistant", content="")]

    def piece(self, text: str) -> Json:
        return self._delta(content=text)

    def thought(self, text: str) -> Json:
        return self._delta(reasoning_content=text)

    def refusal(self) -> list[Json]:
        return [self._delta(refusal=SAID[:9]), self._delta(refusal=SAID[9:])]

    def ending(self, how: str, count: Count | None) -> list[Json | bytes]:
        """The last events. how: stop | length | refusal | content_filter."""
        told: list[Json | bytes] = [self._delta(self.refusals.get(how, "stop"))]
        if count is not None:
            told.append({"choices": [], "usage": {"prompt_tokens": count.given, "completion_tokens": count.taken}})
        return [*told, b"[DONE]"]

    def whole(self, text: str) -> Json:
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 100, "completion_tokens": 50}
        return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}

    def error(self, message: str, *, status: int | None = None, code: str | None = None) -> Json:
        number = int(code) if code and code.isdecimal() else code
        return {"error": {"message": message, "type": "scripted", "code": number}}

    def _delta(self, finish: str | None = None, **delta: object) -> Json:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"object": "chat.completion.chunk", "choices": [choice]}


class Ollama(Wire):
    """Lines of JSON from /api/chat."""

    name = "ollama"
    media = "application/x-ndjson"
    path = "/api/chat"

    def asked(self, body: Json) -> Json:
        return {**body, **_format(body.get("format"))}

    def has_schema(self, body: Json) -> bool:
        return "format" in body

    def event(self, data: object, *, end: str = "\n") -> bytes:
        raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        return raw + end.encode()

    def start(self, count: Count | None) -> list[Json]:
        return []

    def piece(self, text: str) -> Json:
        return {"model": "m", "message": {"role": "assistant", "content": text}, "done": False}

    def thought(self, text: str) -> Json:
        return {"message": {"role": "assistant", "content": "", "thinking": text}, "done": False}

    def refusal(self) -> list[Json]:
        return [self.piece(SAID)]

    def ending(self, how: str, count: Count | None) -> list[Json | bytes]:
        last = {"message": {"role": "assistant", "content": ""}, "done": True}
        counted = {"prompt_eval_count": count.given, "eval_count": count.taken} if count else {}
        return [{**last, "done_reason": "length" if how == "length" else "stop", **counted}]

    def whole(self, text: str) -> Json:
        return {**self.piece(text), "done": True, "done_reason": "stop", "prompt_eval_count": 100, "eval_count": 50}

    def error(self, message: str, *, status: int | None = None, code: str | None = None) -> Json:
        return {"error": f"{message} {code or ''}".strip()}


class Anthropic(Wire):
    """Named events from /v1/messages."""

    name = "anthropic"
    path = "/v1/messages"
    refusals: ClassVar[dict[str, str]] = {"length": "max_tokens", "refusal": "refusal", "content_filter": "refusal"}

    def asked(self, body: Json) -> Json:
        messages = [{"role": "system", "content": body.get("system", "")}, *body.get("messages", [])]
        return {**body, "messages": messages, **_format(body.get("output_config", {}).get("format", {}).get("schema"))}

    def has_schema(self, body: Json) -> bool:
        return "output_config" in body

    def event(self, data: object, *, end: str = "\n") -> bytes:
        if isinstance(data, dict) and "type" in data:
            return f"event: {data['type']}{end}".encode() + super().event(data, end=end)
        return super().event(data, end=end)

    def start(self, count: Count | None) -> list[Json]:
        message: Json = {"role": "assistant", "content": [], "stop_reason": None}
        if count is not None:
            # Part of it was cached, which is counted apart.
            cached = {"input_tokens": 60, "cache_read_input_tokens": 40} if count.given == 100 else {}
            message["usage"] = {"input_tokens": count.given, "output_tokens": 1, **cached}
        block = {"type": "text", "text": ""}
        return [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "ping"},
        ]

    def piece(self, text: str) -> Json:
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}

    def thought(self, text: str) -> Json:
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": text}}

    def refusal(self) -> list[Json]:
        return []

    def ending(self, how: str, count: Count | None) -> list[Json | bytes]:
        usage = {"usage": {"output_tokens": count.taken}} if count else {}
        delta = {"stop_reason": self.refusals.get(how, "end_turn"), "stop_sequence": None}
        return [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": delta, **usage},
            {"type": "message_stop"},
        ]

    def whole(self, text: str) -> Json:
        return {
            "type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 60, "cache_read_input_tokens": 40, "output_tokens": 50},
        }  # fmt: skip

    def error(self, message: str, *, status: int | None = None, code: str | None = None) -> Json:
        kinds = {"429": "rate_limit_error", "401": "authentication_error", "rate_limit_exceeded": "rate_limit_error"}
        return {"type": "error", "error": {"type": kinds.get(str(code), code or "api_error"), "message": message}}


class Gemini(Wire):
    """Whole answers in pieces from :streamGenerateContent."""

    name = "gemini"
    path = ":streamGenerateContent"
    refusals: ClassVar[dict[str, str]] = {"length": "MAX_TOKENS", "refusal": "SAFETY"}

    def asked(self, body: Json) -> Json:
        turns = [
            {"role": "assistant" if turn["role"] == "model" else "user", "content": _text(turn)}
            for turn in body.get("contents", [])
        ]
        system = {"role": "system", "content": _text(body.get("systemInstruction", {}))}
        schema = body.get("generationConfig", {}).get("responseJsonSchema")
        return {**body, "messages": [system, *turns], **_format(schema)}

    def has_schema(self, body: Json) -> bool:
        return "generationConfig" in body

    def start(self, count: Count | None) -> list[Json]:
        return []

    def piece(self, text: str) -> Json:
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}]}

    def thought(self, text: str) -> Json:
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text, "thought": True}]}}]}

    def refusal(self) -> list[Json]:
        return []

    def ending(self, how: str, count: Count | None) -> list[Json | bytes]:
        usage = {"promptTokenCount": count.given, "candidatesTokenCount": count.taken} if count else None
        told = {"usageMetadata": usage} if usage else {}
        if how == "content_filter":
            return [{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **told}]
        return [{"candidates": [{"finishReason": self.refusals.get(how, "STOP"), "index": 0}], **told}]

    def whole(self, text: str) -> Json:
        answer = self.piece(text)
        answer["candidates"][0]["finishReason"] = "STOP"
        usage = {"promptTokenCount": 100, "candidatesTokenCount": 30, "thoughtsTokenCount": 20}
        return {**answer, "usageMetadata": usage}

    def error(self, message: str, *, status: int | None = None, code: str | None = None) -> Json:
        number = int(code) if code and code.isdecimal() else status or (400 if code else 500)
        if code == "rate_limit_exceeded":
            number, code = 429, "RESOURCE_EXHAUSTED"
        return {"error": {"code": number, "message": message, "status": code or "UNKNOWN", "details": []}}


WIRES: tuple[Wire, ...] = (Wire(), Ollama(), Anthropic(), Gemini())


def spoken(path: str) -> Wire:
    """The wire of a request, by its path."""
    plain = path.partition("?")[0]
    return next((wire for wire in WIRES if plain.endswith(wire.path)), WIRES[0])


def _format(schema: Any) -> Json:
    return {"response_format": {"json_schema": {"schema": schema}}} if schema else {}


def _text(content: Json) -> str:
    return "".join(part.get("text", "") for part in content.get("parts", []))
