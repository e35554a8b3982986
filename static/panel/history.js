// The tab "History": every run of this issue, what it made, who asked for it, what it wrote and where.

import { h, put } from "../dom.js";
import { button, lozenge, time } from "../parts.js";
import { t } from "../texts.js";
import { explain, isScored, judge, state } from "../words.js";
import { byline, writer } from "./byline.js";
import { kindOf, VIEWS } from "./kinds.js";
import { Outcome } from "./outcome.js";

const TONES = { succeeded: "success", failed: "error", running: "info", queued: "info", cancelled: "neutral" };
const ALL = ["comment", "description", "subtasks", "field", "xray", "zephyr", "questions"];

/** The view that shows a run of this kind first. */
export const viewOf = (run) => Object.keys(VIEWS).find((view) => VIEWS[view].includes(run.kind)) ?? "analysis";

function title(run) {
  const item = run.params?.regenerate;
  return item ? t("New version of one item") : kindOf(run.kind).name;
}

function score(run) {
  const overall = run.result?.overall ?? run.overall;
  if (run.kind !== "analysis" || run.status !== "succeeded" || !Number.isInteger(overall)) return null;
  return (
    (!run.result || isScored(run.result)) && h("span", { class: "run-score" }, t("Score {score}", { score: overall }))
  );
}

function author(run) {
  if (run.status !== "succeeded") return run.status === "failed" ? explain(run.error ?? {}).title : "";
  return run.kind === "analysis" ? judge(run) : writer(run, viewOf(run));
}

/** One run; what it wrote is changed in place, because a person may be about to take it back. */
class Entry {
  #drawn = "";

  constructor(model, run, onOpen) {
    Object.assign(this, { model, onOpen });
    this.head = h("div", {});
    this.outcome = new Outcome(model, run.id, { targets: ALL });
    this.foot = h("div", {});
    this.node = h(
      "li",
      { class: "card run", "data-run": run.id },
      this.head,
      this.outcome.node,
      this.outcome.retry,
      this.foot,
    );
  }

  update(run) {
    this.outcome.update();
    const shown = Object.keys(VIEWS).some((view) => this.model.shown(view)?.id === run.id);
    const now = JSON.stringify([run.status, run.usage, Boolean(run.result), shown, run.error, run.asked_by]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const hadFocus = this.foot.contains(document.activeElement);
    this.node.dataset.status = run.status;
    this.node.classList.toggle("run-shown", shown);
    const marks = [h("h3", {}, title(run)), lozenge(state(run.status), TONES[run.status]), score(run)];
    put(this.head, h("div", { class: "run-head" }, marks), byline(run, author(run)));
    put(this.foot, shown ? h("p", { class: "meta strong", tabindex: -1 }, t("Shown now")) : this.#open(run));
    if (hadFocus) this.foot.firstElementChild.focus();
  }

  #open(run) {
    if (run.params?.regenerate) return null;
    const when = time(run.created_at)?.title ?? "";
    const label = t("Open: {what} of {when}", { what: kindOf(run.kind).name, when });
    return button(t("Open"), () => this.onOpen(run), { kind: "link", "aria-label": label });
  }
}

/** {update()}: keeps `place` and the number on the tab in step; onOpen(run) is called when a run is chosen. */
export function historyView(place, model, count, onOpen) {
  const entries = new Map();
  const list = h("ol", { class: "plain runs", id: "runs" });
  const full = [h("h2", {}, t("Everything that was done for this issue")), list];
  const text = t("Every run on this issue is kept here, with what it wrote to Jira.");
  const empty = h("div", { class: "empty", id: "no-history" }, h("h2", {}, t("Nothing here yet")), h("p", {}, text));
  return {
    update: () => {
      const runs = model.runs.all;
      put(count, runs.length || "");
      count.hidden = !runs.length;
      if (!runs.length) {
        put(place, empty);
        return;
      }
      if (list.parentNode !== place) put(place, full);
      const known = runs.map((run) => {
        if (!entries.has(run.id)) entries.set(run.id, new Entry(model, run, onOpen));
        const entry = entries.get(run.id);
        entry.update(run);
        return entry.node;
      });
      // Only when the order is another: moving a node would take the focus out of it.
      if (known.some((node, at) => list.children[at] !== node)) put(list, known);
    },
  };
}
