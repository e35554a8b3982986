"""What the administration page asks for, canned: the models, what they may cost, what they have done.

Scenarios: refused-key, refused (Jira refuses the add-on), budget-near, budget-spent, no-use, idle (nothing waits or
failed), nobody (no process works), again-busy (equal work is under way), load-down (the load cannot be told later).
"""

import datetime
from typing import Any

from tests.browser import canned, canned_load
from tests.browser.canned_panel import Refusal

Json = dict[str, Any]
NO_LIMITS: Json = {
    "tokens_per_day": 0, "tokens_per_month": 0, "usd_per_day": 0.0, "usd_per_month": 0.0, "tokens_per_minute": 0,
}  # fmt: skip
BOSS = {"account_id": "a-2", "name": "Bo Boss"}
SHARES = {"budget-near": 0.84, "budget-spent": 1.0}


class Site:
    """State of one page load."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.tried: list[Json | None] = []
        self.model: Json = {
            "base_url": "",
            "fallbacks": None,
            "trouble": None,
            **canned.MODEL,
            "deployment": {"provider": "rules", "model": "", "fallbacks": []},
        }
        if scenario == "refused-key":
            self.model["trouble"] = "The model's provider refuses the API key (HTTP 401). Check the key."
        if scenario == "fallbacks":
            spare = {"provider": "gemini", "model": "gemini-2.5-flash", "has_key": True}
            self.model["fallbacks"] = [spare, {"provider": "openai", "model": "gpt-5-nano", "has_key": False}]
        if scenario == "offered":
            offers = {
                "provider": "openai",
                "model": "gpt-5-mini",
                "fallbacks": [{"provider": "gemini", "model": "pro"}],
            }
            self.model |= {"provider": None, "model": "", "has_key": False, "deployment": offers}
        self.load = canned_load.Load(scenario)
        self.limits = {**NO_LIMITS, "tokens_per_day": 200_000, "usd_per_month": 12.5}

    def answer(self, method: str, path: str, body: Any, *, query: Json) -> Json | None:
        """None for what belongs to other pages. Raises Refusal."""
        if (found := self.load.answer(method, path, body, query=query)) is not None:
            return found
        match path, method:
            case "/site/model", "PUT":
                self._save(body)
                return self.model
            case "/site/model", _:
                return self.model
            case "/site/model/test", _:
                return self._tried(body)
            case "/site/health", _:
                return {"trouble": canned.TROUBLE if self.scenario == "refused" else None}
            case "/budget", _:
                return self._budget(body if method == "PUT" else {})
            case "/usage", _:
                return self._usage(int(query.get("days", ["30"])[0]))
            case "/audit", _:
                return canned.AUDIT
        return None

    def _save(self, body: Json) -> None:
        if "169.254" in body["base_url"]:
            detail = "base_url: 169.254.169.254 is not a public address, and the add-on's operator has not allowed it."
            raise Refusal(422, "invalid", detail=detail)
        key, fallbacks = body.pop("api_key", None), body.get("fallbacks")
        moved = (body["provider"], body["base_url"]) != (self.model["provider"], self.model["base_url"])
        kept = self.model["has_key"] and not moved
        shown = [{"has_key": bool(each.pop("api_key", "")), **each} for each in fallbacks] if fallbacks else None
        self.model |= {**body, "fallbacks": shown, "has_key": kept if key is None else bool(key), "updated_by": BOSS}

    def _tried(self, body: Json | None) -> Json:
        typed = body or {}
        works = bool(typed.get("api_key")) or self.model["has_key"]
        others = (typed if typed else self.model).get("fallbacks") or []
        return {
            "ok": works,
            "detail": "gpt-5-mini says: ready" if works else "HTTP 401",
            "latency_ms": 412.4,
            "fallbacks": [
                {**{name: each[name] for name in ("provider", "model")}, "ok": not at, "detail": "", "latency_ms": 90}
                for at, each in enumerate(others)
            ],
        }

    def _budget(self, body: Json) -> Json:
        self.limits |= body
        share = SHARES.get(self.scenario, 0.31)
        tomorrow = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
        bars = [
            {
                "owner": owner, "budget": name, "most": most, "used": most * part, "held": 0,
                "state": "spent" if part >= 1 else "near" if part >= 0.8 else "ok",
                "full_again_at": f"{tomorrow}T00:00:00.000Z",
            }
            for owner, name, most, part in (
                ("operator", "tokens_per_month", 5_000_000, 0.12),
                ("site", "tokens_per_day", self.limits["tokens_per_day"], share),
                ("site", "usd_per_month", self.limits["usd_per_month"], 0.5),
            )
            if most
        ]  # fmt: skip
        return {
            "site": self.limits,
            "operator": {**NO_LIMITS, "tokens_per_month": 5_000_000},
            "bars": bars,
            "unpriced_tokens": 1200 if self.scenario == "budget-near" else 0,
            "updated_by": BOSS,
            "updated_at": "2026-11-20T09:30:00Z",
        }

    def _usage(self, days: int) -> Json:
        today = datetime.datetime.now(datetime.UTC).date()
        busy = 0 if self.scenario == "no-use" else 1
        by_day = [
            {
                "day": str(today - datetime.timedelta(days=days - 1 - n)),
                "runs": (n * 7) % 23 * busy * bool(n % 4),
                "input_tokens": n * 4000 * busy * bool(n % 4),
                "output_tokens": n * 900 * busy * bool(n % 4),
                "cost_usd": round(n * 0.0021, 4) * busy * bool(n % 4),
                "providers": {"openai": n * 3900, "gemini": n * 1000} if busy and n % 4 else {},
            }
            for n in range(days)
        ]
        tokens = {"asks": 200, "input_tokens": 1_500_000, "output_tokens": 300_000}
        models = [
            {"provider": "openai", "model": "gpt-5-mini", "payer": "site", **tokens, "cost_usd": 0.92,
             "unpriced_tokens": 0},
            {"provider": "gemini", "model": "gemini-2.5-flash", "payer": "operator", **tokens, "cost_usd": None,
             "unpriced_tokens": 1_800_000},
        ]  # fmt: skip
        return {
            "days": days,
            "runs": {"succeeded": 248 * busy, "failed": 3 * busy, "cancelled": 2 * busy, "queued": 0, "running": busy},
            "tokens": {"input": 1_740_000 * busy, "output": 391_500 * busy},
            "issues": 231 * busy,
            "cost_usd": 0.92 * busy,
            "unpriced_tokens": 1_800_000 * busy,
            "by_day": by_day,
            "by_model": models * busy,
        }
