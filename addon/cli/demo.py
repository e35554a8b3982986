"""`jiravision demo`: an issue is created in a pretend Jira, and everything that follows is told in lines."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text

from addon.adf.read import to_markdown
from addon.cli.child import Child, last_lines
from addon.cli.connecting import PROJECT
from addon.cli.sandbox import DataOption, Plan, stage, stopper, until_stopped
from addon.cli.watch import Watched, follow
from addon.errors import Unavailable
from addon.settings import load_settings
from sandbox.control_issues import IssueControl
from sandbox.site import Site
from sandbox.webhooks import Delivery
from sandbox.world import World

T = TypeVar("T")
app = typer.Typer(add_completion=False)
QUESTION_EVERY_S = 0.02
STORY = {
    "project": "SHOP",
    "type": "Story",
    "user": "tess",
    "summary": "Let business customers pay by invoice",
    "labels": ["checkout"],
    "description": """As a business customer, I want to pay by invoice so that our accounting settles it once a month.

The invoice should be sent quickly and look modern. Customers with bad payment history should not see the option etc.

## Notes
- only for customers with a verified VAT number
- the limit of open invoices is 2,000 €
- printing from the order page would be nice""",
}
STAGES = {
    "queued": "waiting for its turn",
    "reading": "reading the issue",
    "thinking": "judging it",
    "checking": "checking the answer against the issue",
    "writing": "writing into Jira",
}


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End with code 0 as soon as the comment exists.")] = False,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port of the pretend Jira; 0 takes a free one.")
    ] = 0,
    *,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="Until the demo gives up waiting for the comment.")
    ] = 180.0,
    data: DataOption = None,
) -> None:
    """Watch an issue being created in a pretend Jira, judged, and answered in a comment.

    Works without a key and without the network; with LLM_PROVIDER and its settings a model does the judging.
    """
    asyncio.run(_demo(Plan(port=port, data=data), once=once, timeout_s=timeout))


async def _demo(plan: Plan, *, once: bool, timeout_s: float) -> None:
    console, stop, began = Console(highlight=False), stopper(), time.monotonic()
    settings = load_settings()
    judge = settings.llm_model if settings.llm_provider != "rules" else "the built-in rules (no model is configured)"
    console.print(f"[bold]JiraVision[/bold] in a pretend Jira; issues are judged by {judge}.")
    async with stage(plan) as (world, child):
        show = Show(console, world, child=child)
        show.line(f"add-on installed in {show.site.name} after {time.monotonic() - began:.1f} s")
        show.line(f"a pretend Xray and a pretend Zephyr Scale connected to {PROJECT}")
        try:
            await asyncio.wait_for(show.run(), timeout_s)
        except TimeoutError:
            # In words and not by its name: the file goes with everything else when the demo ends.
            said = last_lines(child.log)
            raise Unavailable(f"no comment after {timeout_s:g} s; the add-on's last lines:\n{said}") from None
        if not once:
            console.print(
                f"\nOpen [bold]{show.address}[/bold] to see it in the issue, with the panel beside it. Ctrl-C ends."
            )
            await until_stopped(stop, child)


class Show:
    """Tells one issue's story. address: where to look at it."""

    def __init__(self, console: Console, world: World, *, child: Child) -> None:
        self.console = console
        self.place = world.places[0]
        self.site: Site = self.place.site
        self.child = child
        self.address = ""

    def line(self, text: str) -> None:
        self.console.print(Text("● ", style="green").append(text, style="default"))

    async def run(self) -> None:
        """From the new issue to the comment. Raises Unavailable with the reason when there will be none."""
        issue_id = self._create()
        await self._webhook(issue_id)
        run = await follow(self.child.url, Watched(self.site, issue_id), on_stage=self._stage)
        if run["status"] != "succeeded":
            error = run.get("error") or {}
            raise Unavailable(f"the analysis ended as {run['status']}: {error.get('detail', 'no reason given')}")
        issue = self.site.issues[int(issue_id)]
        # The run ends when its result is stored; the comment is written right after.
        comment = (await self._until(lambda: issue.comments))[-1]
        self.line(f"comment in {issue.key}, as {self.site.users[comment.author].name} wrote it:")
        # Line breaks inside table cells are HTML in Markdown, which a terminal does not show.
        text = to_markdown(comment.body).replace("<br>", " ")
        self.console.print(Padding(Markdown(text), (1, 2, 1, 4)))
        self._offered(run)
        self._complaints()

    def _create(self) -> str:
        made = IssueControl(self.place).create(dict(STORY))
        self.address = made["url"]
        self.line(f"Tess creates {made['key']} “{STORY['summary']}”")
        return str(made["id"])

    async def _webhook(self, issue_id: str) -> None:
        key = self.site.issues[int(issue_id)].key
        deliveries: list[Delivery] = self.site.deliveries
        sent = await self._until(
            lambda: next((d for d in deliveries if d.issue == key and d.state != "under way"), None)
        )
        last = sent.attempts[-1]
        if sent.state != "delivered":
            raise Unavailable(f"the webhook was {sent.state}: {last.get('status') or last.get('error')}")
        self.line(f"webhook accepted in {last['ms']:.0f} ms ({last['status']})")

    async def _until(self, question: Callable[[], T | None]) -> T:
        """The first answer that is not empty; the caller's time limit ends the wait."""
        while not (found := question()):  # noqa: ASYNC110 - the site in this process has no event for it
            await asyncio.sleep(QUESTION_EVERY_S)
        return found

    def _stage(self, name: str) -> None:
        self.line(STAGES.get(name, name))

    def _offered(self, run: dict[str, Any]) -> None:
        offered = run["result"]["analysis"]["subtasks"]
        self.line(f"{len(offered)} sub-tasks offered in the panel, one click away:")
        for subtask in offered:
            self.console.print(Padding(Text(f"☐ {subtask['title']}"), (0, 0, 0, 4)))

    def _complaints(self) -> None:
        wrong = [c for c in self.site.complaints if c["wrong"]]
        if wrong:
            raise Unavailable(f"Jira would have refused {wrong[0]['operation']}: {wrong[0]['what']}")
        self.line("every request of the add-on was one that Jira would take")
