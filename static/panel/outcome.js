// What became of publications: being written, written with a link, failed with the reason and another try, taken back.

import { announce, h, link, put } from "../dom.js";
import { button, errorNotice, icon, spinner } from "../parts.js";
import { t } from "../texts.js";
import { explain } from "../words.js";
import { targetName } from "./kinds.js";

/** Targets that make something with a key of its own; the others name the issue there. */
const MADE = new Set(["subtasks", "xray", "zephyr"]);

function label(publication) {
  const name = targetName(publication.target);
  return publication.title ? t("{place}: {title}", { place: name, title: publication.title }) : name;
}

/** One publication as a line that is changed in place, so that its buttons keep the focus. */
class Line {
  #drawn = "";
  #asking = false;

  constructor(model, runId, publication) {
    Object.assign(this, { model, runId, publication });
    this.text = h("div", { class: "written" });
    this.more = h("div", { class: "outcome-more" });
    this.node = h("li", { class: "outcome", "data-publication": publication.id }, this.text, this.more);
    this.update(publication);
  }

  update(publication) {
    this.publication = publication;
    const now = JSON.stringify([
      publication.status,
      publication.error,
      publication.url,
      publication.undoable,
      publication.undoing,
    ]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.node.dataset.status = publication.status;
    put(this.text, this.#words());
    this.#offer();
  }

  #words() {
    const { status, url, target, error, undoing } = this.publication;
    const name = label(this.publication);
    const key = MADE.has(target) && this.publication.remote_key;
    const reason = error && explain(error).title;
    if (status === "done") return [icon("success"), link(url, key ? `${name} (${key})` : name)];
    if (undoing) return [spinner(), t("{what}: being taken back", { what: name })];
    if (status === "undone") return [icon("info"), t("{what}: taken back", { what: name })];
    if (status === "skipped")
      return [icon("info"), t("{what}: left out ({reason})", { what: name, reason: reason ?? t("called off") })];
    if (status !== "pending")
      return [icon("error"), t("{what}: not written ({reason})", { what: name, reason: reason ?? explain({}).title })];
    if (reason) return [spinner(), t("{what}: not written yet, trying again ({reason})", { what: name, reason })];
    return [spinner(), t("{what}: being written", { what: name })];
  }

  #offer() {
    const { status, undoable, error } = this.publication;
    const hadFocus = this.more.contains(document.activeElement);
    put(this.more);
    if (status === "failed") {
      const { text, detail } = explain(error ?? {});
      put(
        this.more,
        h("p", { class: "meta" }, text, " ", h("span", { lang: "en", dir: "auto" }, detail)),
        button(t("Try again"), () => this.again(), {
          kind: "link",
          "data-retry": "",
          "aria-label": t("Try again: {what}", { what: label(this.publication) }),
        }),
      );
    }
    if (status === "done" && undoable) this.#offerUndo();
    // It was to be taken back and stands all the same.
    if (status === "done" && error) this.more.prepend(errorNotice(error));
    if (hadFocus) this.more.querySelector("button")?.focus();
  }

  #offerUndo() {
    const undo = button(t("Take back"), () => this.#confirm(), {
      kind: "link",
      "data-undo": "",
      "aria-label": t("Take back: {what}", { what: label(this.publication) }),
    });
    put(this.more, undo);
  }

  /** Taking back deletes something in Jira: asked once more, with the safe answer nearest. */
  #confirm() {
    const keep = button(t("Keep it"), () => this.#keep(), { "data-keep": "" });
    const sure = button(t("Yes, take it back"), () => this.#undo(), { kind: "danger", "data-sure": "" });
    const question = h("p", { class: "strong" }, t("Take back what was written to Jira?"));
    put(this.more, h("div", { class: "confirm", role: "group" }, question, h("div", { class: "actions" }, sure, keep)));
    keep.focus();
  }

  #keep() {
    this.#offerUndo();
    this.more.querySelector("button").focus();
  }

  again() {
    return this.#ask(() => this.model.publishing.retry(this.model.runs.find(this.runId), this.publication));
  }

  async #undo() {
    await this.#ask(() => this.model.publishing.undo(this.model.runs.find(this.runId), this.publication));
    if (this.publication.status === "undone") announce(t("{what}: taken back", { what: label(this.publication) }));
  }

  async #ask(act) {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await act();
    } catch (error) {
      put(this.more, errorNotice(error));
    } finally {
      this.#asking = false;
    }
  }
}

/** Publications of one run as a list. ids: only these; else those of `targets`. */
export class Outcome {
  #lines = new Map();

  constructor(model, runId, { ids = null, targets = null }) {
    Object.assign(this, { model, runId, ids, targets });
    this.list = h("ul", { class: "plain outcomes", "aria-label": t("Written to Jira") });
    this.node = h("div", { class: "outcome-list" }, this.list);
    this.retry = button(t("Retry the failed ones"), () => this.#again(), { "data-retry-all": "", hidden: true });
    this.update();
  }

  get #mine() {
    const all = this.model.runs.find(this.runId)?.publications ?? [];
    return all.filter(({ id, target }) => (this.ids ? this.ids.includes(id) : this.targets.includes(target)));
  }

  update() {
    for (const publication of this.#mine) {
      const line = this.#lines.get(publication.id);
      if (line) line.update(publication);
      else {
        const made = new Line(this.model, this.runId, publication);
        this.#lines.set(publication.id, made);
        this.list.append(made.node);
      }
    }
    this.node.hidden = this.#lines.size === 0;
    this.retry.hidden = this.count().failed < 2;
  }

  count() {
    const of = (status) => this.#mine.filter((publication) => publication.status === status).length;
    return { done: of("done"), failed: of("failed"), pending: of("pending") };
  }

  async #again() {
    const failed = [...this.#lines.values()].filter((line) => line.publication.status === "failed");
    await Promise.all(failed.map((line) => line.again()));
  }
}
