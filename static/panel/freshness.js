// Whether the issue is still what the result was made from, and what has changed since.

import { get } from "../api.js";
import { h, put } from "../dom.js";
import { button, errorNotice, notice, spinner } from "../parts.js";
import { t } from "../texts.js";
import { part } from "../words.js";
import { changesView } from "./changes.js";

/** A quiet banner, empty while nothing changed. onAgain(kind): starts such a run once more. */
export class Freshness {
  #asked = null;

  constructor(model, view, onAgain) {
    Object.assign(this, { model, view, onAgain });
    this.banner = h("div", {});
    this.changes = h("div", { class: "changes-place" });
    this.node = h("div", { class: "freshness", "data-freshness": view }, this.banner, this.changes);
  }

  /** Asked once a result is shown and a person looks at it; a failure is no news. */
  update(run) {
    const isShown = run?.status === "succeeded" && run.id === this.model.latest(this.view)?.id;
    this.node.hidden = !isShown;
    if (!isShown || this.model.attended !== this.view || this.#asked === run.id) return;
    this.#asked = run.id;
    put(this.banner);
    put(this.changes);
    // After the result is on the screen: nobody should wait for this.
    requestAnimationFrame(() => setTimeout(() => this.#ask(run), 0));
  }

  async #ask(run) {
    const path = `/issues/${encodeURIComponent(this.model.issue)}/freshness?kind=${encodeURIComponent(run.kind)}`;
    this.#earlier(run);
    const answer = await get(path).catch(() => null);
    if (this.#asked === run.id && answer?.fresh === false) put(this.banner, this.#stale(run, answer));
  }

  #stale(run, { changed }) {
    const sections = (changed ?? []).map(part).join(", ");
    const again = button(t("Do it again"), () => this.onAgain(run.kind), { kind: "link", "data-again": "" });
    const text = sections
      ? t("The issue changed since: {parts}.", { parts: sections })
      : t("The issue changed since this was made.");
    return notice("info", { "data-stale": "", text, actions: [again] });
  }

  /** A result that follows an earlier one can be held against it. */
  #earlier(run) {
    const runs = this.model.runs.of(this.view).filter((one) => one.kind === run.kind && one.status === "succeeded");
    if (runs.length < 2) return;
    const show = button(t("What changed since the last time"), () => this.#compare(run, show), {
      kind: "link",
      "data-changes": "",
      "aria-expanded": "false",
    });
    this.show = show;
    put(this.changes, h("p", { class: "changes-line" }, show));
  }

  async #compare(run, show) {
    const isOpen = show.getAttribute("aria-expanded") === "true";
    show.setAttribute("aria-expanded", String(!isOpen));
    const line = show.parentNode;
    if (isOpen) {
      put(this.changes, line);
      show.focus();
      return;
    }
    const place = h("div", { role: "status" }, spinner(), " ", t("Comparing…"));
    this.changes.append(place);
    try {
      put(place, changesView(await get(`/runs/${encodeURIComponent(run.id)}/changes`)));
    } catch (error) {
      put(place, errorNotice(error));
    }
  }
}
