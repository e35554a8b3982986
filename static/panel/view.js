// What every tab with a run in it has in common: work in progress, an error, an earlier run, nothing yet, or a result.

import { announce, h, put, svg } from "../dom.js";
import { button, errorNotice, notice } from "../parts.js";
import { t } from "../texts.js";
import { explain } from "../words.js";
import { Freshness } from "./freshness.js";
import { kindOf, resultOf } from "./kinds.js";
import { LiveView } from "./live.js";
import { isActive } from "./runs.js";

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

/** Nothing there yet: what this is for, and the form that starts it. */
export function emptyState(id, title, texts, form) {
  return h(
    "div",
    { class: "empty", id },
    art(),
    h("h2", {}, title),
    texts.map((text) => h("p", {}, text)),
    form,
  );
}

/**
 * Keeps `place` in step with the model. parts: {empty(form), form(primary), content(run), outcome(run)}; `content`
 * answers {node, update(run), dirty} and is asked once per run, so that nothing a person typed is lost to a rebuild.
 */
export class RunView {
  #live = null;
  #drawn = null;
  #contents = new Map();
  #folds = new Map();

  constructor(place, model, view, parts) {
    Object.assign(this, { place, model, view, parts });
    this.freshness = new Freshness(model, view, (kind) => this.begin(kind));
    const keep = ({ target }) => target.dataset?.fold && this.#folds.set(target.dataset.fold, target.open);
    place.addEventListener("toggle", keep, true);
  }

  get dirty() {
    return [...this.#contents.values()].some((content) => content.dirty);
  }

  update() {
    const live = this.model.live(this.view);
    if (live) this.#showLive(live);
    else this.#showSettled();
  }

  /** The first kind of this view once more, although nothing may have changed. */
  begin(kind = null, wish = { force: true }) {
    this.model.start(this.view, kind ?? this.view, wish);
    this.#live?.title.focus();
  }

  #showLive(live) {
    this.#drawn = null;
    if (this.#live?.kind !== live.kind) {
      this.#live = new LiveView(live.kind, () => this.model.cancel(this.view));
      put(this.place, this.#live.node);
    }
    this.#live.update(live);
  }

  #showSettled() {
    const { model, view } = this;
    const run = model.shown(view);
    const { error, errors, again } = model.trouble(view);
    const ended = this.#live;
    const hadFocus = ended?.node.contains(document.activeElement);
    const drawn = JSON.stringify([run?.id, run?.status, Boolean(resultOf(run, view)), model.latest(view)?.id, errors]);
    const content = this.#content(run);
    this.#live = null;
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      put(this.place, error && errorNotice(error, again), this.#older(run), this.freshness.node, content.node);
      this.#refold();
    }
    content.update?.(run);
    this.freshness.update(run);
    if (hadFocus) this.place.querySelector("[data-start]")?.focus();
    if (ended && model.attended === view) announce(error ? explain(error).title : this.#outcome(run));
  }

  #refold() {
    for (const fold of this.place.querySelectorAll("[data-fold]"))
      fold.open = this.#folds.get(fold.dataset.fold) ?? fold.open;
  }

  #content(run) {
    if (!run) return { node: this.parts.empty(this.parts.form({ primary: true })) };
    if (run.status !== "succeeded" || !resultOf(run, this.view)) return { node: this.#without(run) };
    if (!this.#contents.has(run.id)) this.#contents.set(run.id, this.parts.content(run));
    return this.#contents.get(run.id);
  }

  #without(run) {
    const form = this.parts.form({});
    // It goes on, only not before this reader: why stands above, and no word of how it ends is known.
    if (isActive(run)) return form;
    if (run.status !== "cancelled") return [errorNotice(run.error ?? { code: "unexpected" }), form];
    const { title, text } = explain({ code: "cancelled" });
    return [notice("info", { "data-code": "cancelled", title, text }), form];
  }

  #older(run) {
    const latest = this.model.latest(this.view);
    if (!run || run.id === latest.id) return null;
    const back = button(t("Show the latest"), () => this.model.show(this.view, latest.id), { kind: "link" });
    return notice("info", { id: `older-${this.view}`, text: t("This is an earlier result."), actions: [back] });
  }

  /** The end of a run in one sentence, for who cannot see it. */
  #outcome(run) {
    if (run?.status === "succeeded" && resultOf(run, this.view)) return this.parts.outcome(run);
    return explain(run?.error ?? { code: run?.status }).title;
  }
}

export const finished = (run) => kindOf(run.kind).done;
