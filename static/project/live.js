// A summary while it is made: a bar with its stage, what is already written, and the button that stops it.

import { announce, h, put } from "../dom.js";
import { button, errorNotice, notice } from "../parts.js";
import { moment, N_, number, t } from "../texts.js";
import { explain } from "../errors.js";
import { partialSummary } from "./result.js";

const STAGES = [
  ["queued", N_("Waiting for its turn")],
  ["searching", N_("Searching in Jira")],
  ["reading", N_("Reading the issues")],
  ["thinking", N_("Thinking about them")],
  ["merging", N_("Joining the parts")],
  ["checking", N_("Checking every key")],
];
const SPOKEN_EVERY_MS = 5_000;
const SOON_MS = 2_000;

function waiting({ error, next_attempt_at: next }) {
  const soon = !(new Date(next) - Date.now() > SOON_MS);
  const text = soon
    ? t("Nothing is lost: it is tried again by itself.")
    : t("Nothing is lost: it is tried again at {time}.", { time: moment(next) });
  return notice("warning", { title: explain(error).title, text });
}

/** Built once and changed in place, so that the focus stays where it is. */
export class LiveView {
  #stage = "";
  #spokenAt = 0;

  constructor(jira, onCancel) {
    this.jira = jira;
    this.title = h("h2", { id: "live-title", tabindex: -1 }, t("Summarising…"));
    this.label = h("p", { class: "stage-label", id: "stage-label" });
    this.bar = h("progress", { id: "progress", max: 1, "aria-labelledby": "stage-label" });
    this.message = h("div", {});
    this.partial = h("div", { id: "partial" });
    this.cancel = button(t("Cancel"), onCancel, { id: "cancel" });
    this.node = h(
      "section",
      { class: "card form-group live", id: "live", "aria-labelledby": "live-title" },
      h("div", { class: "live-head" }, this.title, this.cancel),
      this.label,
      this.bar,
      this.message,
      this.partial,
    );
  }

  update(live) {
    const at = Math.max(
      0,
      STAGES.findIndex(([code]) => code === live.stage),
    );
    const step = t(STAGES[at][1]);
    const counted = live.total > 0;
    put(this.label, counted ? `${step} (${number(live.done)} / ${number(live.total)})` : `${step}…`);
    // Without a number there is nothing to fill: the bar then only shows that something goes on.
    if (counted) Object.assign(this.bar, { max: live.total, value: live.done });
    else this.bar.removeAttribute("value");
    this.#speak(live, step);
    put(this.message, this.#trouble(live));
    put(this.partial, live.partial && partialSummary(live.partial, this.jira));
    // A button that is switched off drops the focus; the heading keeps it in this view.
    if (live.stopping && document.activeElement === this.cancel) this.title.focus();
    this.cancel.disabled = live.stopping;
    this.cancel.textContent = live.stopping ? t("Cancelling…") : t("Cancel");
  }

  #trouble(live) {
    if (live.problem) return errorNotice(live.problem);
    if (live.waits) return waiting(live.waits);
    const text = t("The connection was lost. The summary goes on; trying to reach it again…");
    return live.lost && notice("warning", { id: "lost", text });
  }

  #speak(live, step) {
    const due = Date.now() - this.#spokenAt > SPOKEN_EVERY_MS;
    if (live.stage === this.#stage && !due) return;
    this.#stage = live.stage;
    this.#spokenAt = Date.now();
    announce(live.total ? t("{step}: {done} of {total}", { step, done: live.done, total: live.total }) : `${step}…`);
  }
}
