"""Control API: what the pretend test management tools know, and the keys a site's people would make there."""

from typing import Any

from starlette.requests import Request

from sandbox.desk import Body, ControlError, Desk
from sandbox.site import Json
from sandbox.xray import XTest
from sandbox.zephyr import ZCase


class ToolControl(Desk):
    """Xray and Zephyr Scale as one site sees them."""

    async def keys(self, _: Body, __: Request) -> Any:
        site = self.site
        return {
            "xray": {"client_id": site.xray_client_id, "client_secret": site.xray_secret},
            "zephyr": {"token": site.zephyr_token},
        }

    async def tests(self, _: Body, __: Request) -> Any:
        found: list[XTest] = list(self.site.tests.values())
        return {"tests": [self._test(test) for test in found if test.issue.id in self.site.issues]}

    async def execute(self, body: Body, request: Request) -> Any:
        """A tester executes the test once."""
        test = self.site.tests.get(self.issue_named(request.path_params["key"]).id)
        if not isinstance(test, XTest):
            raise ControlError("this issue is no test")
        test.runs += 1
        return {"runs": test.runs}

    async def cases(self, _: Body, __: Request) -> Any:
        found: list[ZCase] = list(self.site.cases.values())
        return {
            "cases": [
                {
                    "key": case.key,
                    "project": case.project,
                    **case.fields,
                    "steps": [step["inline"] for step in case.steps],
                    "script": case.script,
                    "issues": [self.site.issues[number].key for number in case.links if number in self.site.issues],
                }
                for case in found
            ]
        }

    def _test(self, test: XTest) -> Json:
        links = test.issue.fields.get("issuelinks", [])
        tested = [
            link["outwardIssue"]["key"] for link in links if link["type"]["name"] == "Test" and "outwardIssue" in link
        ]
        return {
            "key": test.issue.key,
            "id": str(test.issue.id),
            "summary": test.issue.summary,
            "labels": test.issue.labels,
            "type": test.kind["name"],
            "gherkin": test.gherkin,
            "steps": [{name: step[name] for name in ("action", "data", "result")} for step in test.steps],
            "runs": test.runs,
            "tests": tested,
        }
