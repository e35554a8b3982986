"""The API behind the panel, pretended: runs of every kind, decisions on items, previews, writing and taking back."""

import copy
import re
from typing import Any
from urllib.parse import parse_qs

from tests.browser import canned, canned_items

Json = dict[str, Any]

GENERATE = {
    "/ai/analyze-issue": "analysis",
    "/generate/acceptance-criteria": "criteria",
    "/generate/test-scenarios": "scenarios",
    "/generate/full-pipeline": "pipeline",
}
ITEM = re.compile(r"/runs/([\w-]+)/items/(\w+)/(\d+)(/regenerate)?")
PUBLICATION = re.compile(r"/publications/([\w-]+)/(retry|undo)")
ASKED: Json = {"account_id": "a-2", "name": "Tess Marlow"}
USAGE: Json = {
    "provider": "openai", "model": "gpt-5-mini", "prompt_version": "criteria.v1+p3", "input_tokens": 2100,
    "output_tokens": 410, "cost_usd": 0.00134,
}  # fmt: skip
NOT_CONNECTED = {"error": "not_connected", "detail": "Xray is not connected to this project."}


class Refusal(Exception):
    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": code, "detail": f"The server's own words about {code}.", **more}


def ended(kind: str, number: int, **more: Any) -> Json:
    made = {"kind": kind, "result": canned_items.RESULTS[kind](), "usage": USAGE, "trigger": "panel", "asked_by": ASKED}
    return canned.run(number, "succeeded", **{**made, **more})


def runs(scenario: str) -> list[Json] | None:
    """What an issue has in the scenarios of the panel; None for those that are not."""
    if scenario == "items":
        made = [ended("criteria", 1, id="criteria-1"), ended("scenarios", 2, id="scenarios-1")]
        return [*made, *canned.history()]
    if scenario == "pipeline":
        return [ended("pipeline", 1, id="pipeline-1")]
    if scenario == "hostile-items":
        link = canned.publication("xray", 0, "done", url="javascript:window.pwned=1", remote_key="<b>PAY-1</b>")
        made = [ended(kind, 1, id=f"{kind}-1", result=canned_items.hostile(kind)) for kind in ("criteria", "scenarios")]
        return [{**run, "publications": [link]} for run in made]
    if scenario.startswith("notice-"):
        result = canned_items.criteria() | {"author": "rules", "notice": scenario.removeprefix("notice-")}
        return [ended("criteria", 1, id="criteria-1", result=result)]
    return None


class Panel:
    """One issue's share of a session. calls: what the page asked for, with the bodies."""

    def __init__(self, scenario: str, runs: list[Json]) -> None:
        self.scenario = scenario
        self.runs = runs
        self.refused: set[str] = set()
        self.calls: list[tuple[str, Json]] = []

    def find(self, run_id: str) -> Json:
        return next(run for run in self.runs if run["id"] == run_id)

    def answer(self, method: str, path: str, body: Any, query: str) -> Json | None:
        """None for what is not of the panel."""
        if method != "GET":
            self.calls.append((f"{method} {path}", body))
        if path in GENERATE:
            return self._start(GENERATE[path], body)
        if path.startswith("/issues/"):
            return self._issue(path, query)
        if found := ITEM.fullmatch(path):
            run_id, part, item, renew = found.groups()
            return self._renew(run_id, part, int(item)) if renew else self._judge(run_id, part, item=item, body=body)
        if found := PUBLICATION.fullmatch(path):
            return self._again(*found.groups())
        if path.startswith("/jira/publish"):
            return self._preview(body) if path.endswith("preview") else self._publish(body)
        if path.endswith("/changes"):
            return canned_items.CHANGES
        return None

    def _start(self, kind: str, body: Json) -> Json:
        if self.scenario.startswith("deny-"):
            _, status, code = self.scenario.split("-", 2)
            raise Refusal(int(status), code)
        params = {name: body[name] for name in ("instruction", "count", "kinds") if name in body}
        own = {"id": f"new-{len(self.runs)}", "kind": kind, "params": params}
        new = canned.run(0, "queued", trigger="panel", asked_by=ASKED, **own)
        self.runs.insert(0, new)
        return {"run": new}

    def _issue(self, path: str, query: str) -> Json:
        if path.endswith("/similar"):
            if self.scenario == "rules":
                raise Refusal(502, "jira_down")
            return canned_items.SIMILAR if self.scenario in ("full", "items") else {"similar": []}
        if path.endswith("/freshness"):
            wanted = parse_qs(query).get("kind", [""])[0]
            return canned_items.STALE if self.scenario == "items" and wanted == "criteria" else canned_items.FRESH
        return {"runs": self.runs}

    def _judge(self, run_id: str, part: str, *, item: str, body: Json) -> Json:
        if (body.get("edit") or {}).get("title") == "refuse":
            raise Refusal(422, "invalid", detail="title: This title is not allowed.")
        verdicts = self.find(run_id).setdefault("verdicts", {}).setdefault(part, {})
        if body["verdict"] is None:
            verdicts.pop(item, None)
        else:
            verdicts[item] = {
                "verdict": body["verdict"],
                "edit": body.get("edit"),
                "by": ASKED,
                "at": "2026-11-20T12:00:00Z",
            }
        return {"verdicts": self.find(run_id)["verdicts"]}

    def _renew(self, run_id: str, part: str, item: int) -> Json:
        old = self.find(run_id)
        kind = "analysis" if old["kind"] == "analysis" else part
        new = canned.run(
            0, "queued", id=f"renewed-{len(self.runs)}", kind=kind, params={"regenerate": {"part": part, "item": item}}
        )
        self.runs.insert(0, new)
        return {"run": new}

    def renewed(self, run: Json) -> Json:
        """The result of a run that writes one item anew."""
        what = run["params"]["regenerate"]
        result: Json = (
            canned.result(canned.english()) if run["kind"] == "analysis" else canned_items.RESULTS[run["kind"]]()
        )
        place = result["analysis"] if run["kind"] == "analysis" else result[what["part"]]
        place[what["part"]][what["item"]]["title"] = "An expired card"
        if what["part"] == "scenarios":
            place[what["part"]][what["item"]]["steps"] = canned_items.DECLINES
        return result

    def _preview(self, body: Json) -> Json:
        if body["target"] == "xray":
            raise Refusal(409, "not_connected", detail=NOT_CONNECTED["detail"])
        texts = [canned.HOSTILE] if self.scenario.startswith("hostile") else ["a basket of 40 €"]
        alone = body["target"] in ("comment", "description", "field", "questions")
        numbers = [0] if alone else body.get("items") or [0]
        form = {"subtasks": "text", "zephyr": "steps"}.get(body["target"], "adf")
        items: list[Json] = [
            {
                "item": number, "title": None if alone else f"Item {number}", "kind": form, "problems": [],
                "adf": canned_items.document(*texts) if alone else None, "markdown": f"Given {texts[0]}",
            }
            for number in numbers
        ]  # fmt: skip
        warnings = ["The field is not empty."] if body["target"] == "field" and not body.get("replace") else []
        return {
            "target": body["target"],
            "where": "A comment on the issue",
            "place": "PAY-42",
            "items": items,
            "warnings": warnings,
        }

    def _publish(self, body: Json) -> Json:
        alone = body["target"] in ("comment", "description", "field", "questions")
        made = [
            canned.publication(
                body["target"], number, "pending", undoable=False, title=None if alone else f"Item {number}",
                id=f"{body['run']}-{body['target']}-{number}",
            )
            for number in ([0] if alone else body.get("items") or [0])
        ]  # fmt: skip
        run = self.find(body["run"])
        new = {one["id"] for one in made}
        run["publications"] = [old for old in run["publications"] if old["id"] not in new] + made
        return {"publications": copy.deepcopy(made)}

    def _again(self, publication_id: str, what: str) -> Json:
        found = next(one for run in self.runs for one in run["publications"] if one["id"] == publication_id)
        found |= {"status": "pending", "error": None, "undoable": False, "undoing": what == "undo"}
        return {"publication": copy.deepcopy(found)}

    def settle(self, run: Json) -> None:
        """What was pending is done at the next look; in the scenario "refusing" everything fails once."""
        for one in run["publications"]:
            if one["status"] != "pending":
                continue
            key = f"PAY-{50 + one['item']}"
            if one.get("undoing"):
                one |= {"status": "undone", "undoing": False}
            elif self.scenario == "refusing" and one["id"] not in self.refused:
                self.refused.add(one["id"])
                one |= {"status": "failed", "error": {"error": "jira_refused", "detail": "Field Team is required."}}
            else:
                made = one["target"] in ("subtasks", "xray", "zephyr")
                url = f"https://site.example/browse/{key if made else 'PAY-42?focusedCommentId=9'}"
                one |= {
                    "status": "done",
                    "error": None,
                    "remote_key": key if made else None,
                    "url": url,
                    "undoable": True,
                }
