// A run at work: its stages, what is already written, and the button that stops it.

import { announce, h, put, visible } from "../dom.js";
import { button, errorNotice, icon, notice, spinner } from "../parts.js";
import { moment, plural, t } from "../texts.js";
import { explain } from "../words.js";
import { kindOf } from "./kinds.js";
import { heard, partialNodes } from "./partial.js";

const SPOKEN_EVERY_MS = 5_000;
const SOON_MS = 2_000;

function stageItem([code, title], state, count) {
  const word = { done: t("done"), now: t("in progress"), later: t("to come") }[state];
  const symbol = { done: () => icon("success"), now: spinner, later: () => h("span", { class: "stage-dot" }) }[state]();
  return h(
    "li",
    { class: ["stage", `stage-${state}`], "data-stage": code, "aria-current": state === "now" ? "step" : null },
    symbol,
    h("span", {}, t(title), count, h("span", { class: "sr-only" }, ` (${word})`)),
  );
}

/** Why the run is back in the queue. */
function waiting({ error, next_attempt_at: next }) {
  const soon = !(new Date(next) - Date.now() > SOON_MS);
  const text = soon
    ? t("Nothing is lost: it is tried again by itself.")
    : t("Nothing is lost: it is tried again at {time}.", { time: moment(next) });
  return notice("warning", { "data-code": "waits", title: explain(error).title, text });
}

/** Built once and changed in place, so that the focus stays where it is. */
export class LiveView {
  #drawn = "";
  #stage = -1;
  #spokenAt = 0;
  #partial = null;

  constructor(kind, onCancel) {
    const { live, stages } = kindOf(kind);
    Object.assign(this, { kind, stages });
    this.list = h("ol", { class: "stages", "aria-label": t("Progress") });
    this.text = h("div", { class: "partial", "data-partial": "" });
    this.message = h("div", {});
    this.cancel = button(t("Cancel"), onCancel, { "data-cancel": "" });
    this.title = h("h2", { id: `live-${kind}`, tabindex: -1 }, live);
    this.node = h(
      "section",
      { class: "live", "data-live": kind, "aria-labelledby": this.title.id },
      this.title,
      this.list,
      this.message,
      // Above what grows, so that nobody has to hunt for it.
      h("div", { class: "actions" }, this.cancel),
      this.text,
    );
  }

  update(live) {
    const current = this.#position(live);
    this.#speak(current, live.partial);
    this.#showStages(live, current);
    this.#stage = current;
    if (live.partial !== this.#partial) put(this.text, partialNodes(live.partial));
    this.#partial = live.partial;
    put(this.message, this.#trouble(live));
    // A button that is switched off drops the focus; the heading keeps it in this view.
    if (live.stopping && document.activeElement === this.cancel) this.title.focus();
    this.cancel.disabled = live.stopping || !live.run;
    this.cancel.textContent = live.stopping ? t("Cancelling…") : t("Cancel");
  }

  #showStages({ done, total }, current) {
    const count = total > 1 ? ` ${t("{done} of {total}", { done, total })}` : "";
    if (this.#drawn === `${current} ${count}`) return;
    this.#drawn = `${current} ${count}`;
    const state = (at) => (at < current ? "done" : at === current ? "now" : "later");
    put(
      this.list,
      this.stages.map((stage, at) => stageItem(stage, state(at), at === current && count)),
    );
  }

  #position(live) {
    const found = this.stages.findIndex(([code]) => code === live.stage);
    // A stage this page does not know still means that the run has left the queue, and that it has not gone back.
    return found < 0 ? Math.max(this.#stage, live.stage === "queued" ? 0 : 1) : found;
  }

  #trouble(live) {
    if (live.problem) return errorNotice(live.problem);
    if (live.waits) return waiting(live.waits);
    const text = t("The connection was lost. The work goes on; trying to reach it again…");
    return live.lost && notice("warning", { "data-code": "lost", text });
  }

  #speak(current, partial) {
    const due = Date.now() - this.#spokenAt > SPOKEN_EVERY_MS;
    const { text, count } = heard(partial);
    if (current === this.#stage && !(due && (text || count))) return;
    this.#spokenAt = Date.now();
    const [, title] = this.stages[current];
    if (current !== this.#stage) announce(`${t(title)}…`);
    else announce(count ? plural(count, "{n} item so far", "{n} items so far") : visible(text));
  }
}
