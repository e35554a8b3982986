// An analysis while it runs: its stages, what is already written, and the button that stops it.

import { announce, h, put, visible } from "../dom.js";
import { button, errorNotice, icon, notice, spinner } from "../parts.js";
import { moment, plural, t } from "../texts.js";
import { aspect, explain, STAGES } from "../words.js";

const SPOKEN_EVERY_MS = 5_000;
const SOON_MS = 2_000;

function stageItem(code, at, current) {
  const state = at < current ? "done" : at === current ? "now" : "later";
  const word = { done: t("done"), now: t("in progress"), later: t("to come") }[state];
  const symbol = { done: () => icon("success"), now: spinner, later: () => h("span", { class: "stage-dot" }) }[state]();
  return h(
    "li",
    { class: ["stage", `stage-${state}`], "data-stage": code, "aria-current": state === "now" ? "step" : null },
    symbol,
    h("span", {}, t(STAGES[at][1]), h("span", { class: "sr-only" }, ` (${word})`)),
  );
}

function partialText(partial) {
  const scores = (partial?.scores ?? []).filter((score) => score?.aspect && Number.isInteger(score.score));
  const items = scores.map((score) => h("li", {}, aspect(score.aspect), " ", h("strong", {}, `${score.score}/5`)));
  return [
    partial?.summary && h("p", { dir: "auto", class: "partial-summary" }, partial.summary),
    items.length > 0 && h("ul", { class: "partial-scores" }, items),
  ];
}

/** Why the run is back in the queue. */
function waiting({ error, next_attempt_at: next }) {
  const soon = !(new Date(next) - Date.now() > SOON_MS);
  const text = soon
    ? t("Nothing is lost: it is tried again by itself.")
    : t("Nothing is lost: it is tried again at {time}.", { time: moment(next) });
  return notice("warning", { id: "waits", title: explain(error).title, text });
}

/** Built once and changed in place, so that the focus stays where it is. */
export class LiveView {
  #stage = -1;
  #spokenAt = 0;

  constructor(onCancel) {
    this.list = h("ol", { class: "stages", id: "stages", "aria-label": t("Progress of the analysis") });
    this.text = h("div", { id: "partial", class: "partial" });
    this.message = h("div", {});
    this.cancel = button(t("Cancel"), onCancel, { id: "cancel" });
    this.title = h("h2", { id: "live-title", tabindex: -1 }, t("Analysing this issue…"));
    this.node = h(
      "section",
      { class: "live", id: "live", "aria-labelledby": "live-title" },
      this.title,
      this.list,
      this.message,
      this.text,
      h("div", { class: "actions" }, this.cancel),
    );
  }

  update(live) {
    const current = this.#position(live);
    this.#speak(current, live.partial);
    if (current !== this.#stage) {
      put(
        this.list,
        STAGES.map(([code], at) => stageItem(code, at, current)),
      );
    }
    this.#stage = current;
    put(this.text, partialText(live.partial));
    put(this.message, this.#trouble(live));
    // A button that is switched off drops the focus; the heading keeps it in this view.
    if (live.stopping && document.activeElement === this.cancel) this.title.focus();
    this.cancel.disabled = live.stopping || !live.run;
    this.cancel.textContent = live.stopping ? t("Cancelling…") : t("Cancel");
  }

  #position(live) {
    const found = STAGES.findIndex(([code]) => code === live.stage);
    // A stage this page does not know yet still means that the run has left the queue.
    return found < 0 ? Math.max(this.#stage, live.stage === "running" ? 1 : 0) : found;
  }

  #trouble(live) {
    if (live.problem) return errorNotice(live.problem);
    if (live.waits) return waiting(live.waits);
    const text = t("The connection was lost. The analysis goes on; trying to reach it again…");
    return live.lost && notice("warning", { id: "lost", text });
  }

  #speak(current, partial) {
    const due = Date.now() - this.#spokenAt > SPOKEN_EVERY_MS;
    if (current === this.#stage && !(partial?.summary && due)) return;
    this.#spokenAt = Date.now();
    if (current !== this.#stage) announce(`${t(STAGES[current][1])}…`);
    else {
      const judged = partial.scores?.length ?? 0;
      const counted = () => plural(judged, "{n} aspect judged so far", "{n} aspects judged so far");
      announce(judged ? counted() : visible(partial.summary));
    }
  }
}
