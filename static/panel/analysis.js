// The tab "Analysis": what to show of the many states an issue can be in, and the buttons that start and stop.

import { announce, byId, h, put, svg } from "../dom.js";
import { button, errorNotice, notice } from "../parts.js";
import { percent, t } from "../texts.js";
import { explain, isScored, verdict } from "../words.js";
import { LiveView } from "./live.js";
import { report } from "./report.js";

function art() {
  return svg(
    "svg",
    { class: "empty-art", viewBox: "0 0 64 64", width: 64, height: 64, "aria-hidden": "true" },
    svg("rect", { x: 12, y: 8, width: 34, height: 46, rx: 4, class: "art-soft" }),
    svg("path", { d: "M20 20h18M20 28h18M20 36h10", class: "art-line" }),
    svg("circle", { cx: 42, cy: 42, r: 9, class: "art-lens" }),
    svg("path", { d: "m49 49 7 7", class: "art-line art-strong" }),
  );
}

function empty(onStart) {
  return h(
    "div",
    { class: "empty", id: "empty" },
    art(),
    h("h2", {}, t("Is this issue ready to start?")),
    h("p", {}, t("JiraVision reads the issue, scores it, and quotes what it relies on.")),
    h("p", {}, t("It suggests questions, acceptance criteria and sub-tasks; people decide what becomes of them.")),
    button(t("Analyse this issue"), onStart, { id: "analyse", kind: "primary" }),
  );
}

/** Keeps `place` in step with the model. */
export class AnalysisView {
  #live = null;
  #drawn = null;
  #folds = new Map();

  constructor(place, model) {
    Object.assign(this, { place, model });
    place.addEventListener("toggle", ({ target }) => this.#folds.set(target.dataset.fold, target.open), true);
  }

  update(what) {
    if (this.model.live) this.#showLive();
    else this.#showSettled(what);
  }

  #begin(force) {
    this.model.start(force);
    this.#live?.title.focus();
  }

  #showLive() {
    this.#drawn = null;
    if (!this.#live) {
      this.#live = new LiveView(() => this.model.cancel());
      put(this.place, this.#live.node);
    }
    this.#live.update(this.model.live);
  }

  #showSettled(what) {
    const { model, place } = this;
    const now = signature(model);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const hadFocus = this.#live?.node.contains(document.activeElement);
    const ended = this.#live && what === "runs";
    this.#live = null;
    const again = () => this.#begin(model.force);
    put(place, model.error && errorNotice(model.error, again), this.#older(), this.#content(model.shown));
    for (const fold of place.querySelectorAll("[data-fold]"))
      fold.open = this.#folds.get(fold.dataset.fold) ?? fold.open;
    if (hadFocus) byId("analyse")?.focus();
    if (ended) announce(outcome(model));
  }

  #content(run) {
    if (!run) return empty(() => this.#begin(false));
    const again = button(t("Analyse again"), () => this.#begin(true), { id: "analyse" });
    if (run.status === "succeeded" && run.result) {
      return report(run, { actions: again, onComment: (failed) => this.#commentButton(run, failed) });
    }
    if (run.status === "cancelled") {
      const { title, text } = explain({ code: "cancelled" });
      return notice("info", { id: "cancelled", title, text, actions: [again] });
    }
    return [errorNotice(run.error ?? { code: "unexpected" }), h("div", { class: "actions" }, again)];
  }

  #older() {
    const { latest, shown } = this.model;
    if (!shown || shown.id === latest.id) return null;
    const back = button(t("Show the latest"), () => this.model.show(latest.id), { kind: "link" });
    return notice("info", { id: "older", text: t("This is an earlier analysis."), actions: [back] });
  }

  #commentButton(run, failed) {
    const label = failed ? t("Post the comment again") : t("Post as a comment");
    const post = async ({ target }) => {
      target.disabled = true;
      try {
        await this.model.publish(run, "comment");
      } catch (error) {
        this.model.fail(error);
      }
    };
    return [failed && errorNotice(failed.error ?? {}), button(label, post, { id: "post-comment" })];
  }
}

/** Of all the model knows, what this tab shows: as long as it stays the same nothing is rebuilt under the reader. */
function signature({ shown, latest, error, errors }) {
  const comments = (shown?.publications ?? []).filter((item) => item.target === "comment").map((item) => item.status);
  return JSON.stringify([shown?.id, shown?.status, Boolean(shown?.result), latest?.id, comments, error && errors]);
}

/** The end of a run in one sentence, for who cannot see it. */
function outcome({ error, shown }) {
  if (error) return explain(error).title;
  if (shown?.status === "succeeded" && shown.result) {
    const { overall } = shown.result;
    if (!isScored(shown.result)) return t("Analysis finished: not scored.");
    return t("Analysis finished: {score}, {verdict}.", { score: percent(overall), verdict: verdict(overall).word });
  }
  return explain(shown?.error ?? { code: shown?.status }).title;
}
