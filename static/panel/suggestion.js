// One suggested sub-task: ticked, edited, and then what became of it.

import { h, link, put, visible } from "../dom.js";
import { icon, lozenge, notice, spinner } from "../parts.js";
import { t } from "../texts.js";
import { explain } from "../words.js";

export const TITLE_LENGTH = 255;

export const oneLine = (text) => visible(text).replace(/\s*\n\s*/g, " ");

function labelled(label, input) {
  return h("div", { class: "field" }, h("label", { for: input.id, class: "small-label" }, label), input);
}

function outcome(publication, edit) {
  const state = publication?.status;
  const title = h("p", { class: "strong", dir: "auto" }, publication?.title ?? edit.title);
  if (state === "pending") {
    const why = publication.error && t("{reason}; trying again…", { reason: explain(publication.error).title });
    return [h("p", { class: "meta written" }, spinner(), why || t("Creating…")), title];
  }
  if (state === "done") {
    const where = link(publication.url, publication.remote_key ?? t("Created"));
    return [h("p", { class: "written" }, icon("success"), where, lozenge(t("Created"), "success")), title];
  }
  if (state === "failed" || state === "skipped") {
    const { title: reason, text, detail } = explain(publication.error ?? {});
    return notice("error", { title: t("Not created: {reason}", { reason }), text, detail });
  }
  return null;
}

/** edit: {title, description, chosen}, changed in place as a person types. onChange: called after each change. */
export class Suggestion {
  constructor(index, edit, onChange) {
    Object.assign(this, { index, edit, onChange, state: "open" });
    const id = `subtask-${index}`;
    this.check = h("input", { type: "checkbox", id: `${id}-chosen`, checked: edit.chosen });
    this.name = h("label", { for: this.check.id, class: "sr-only" });
    this.title = h("textarea", { id: `${id}-title`, rows: 1, maxlength: TITLE_LENGTH, value: edit.title, dir: "auto" });
    this.title.classList.add("title-input");
    this.description = h("textarea", { id: `${id}-description`, rows: 2, value: edit.description, dir: "auto" });
    this.wrong = h("p", { class: "field-error", id: `${id}-error`, hidden: true }, t("Give it a title."));
    this.#listen();
    this.form = h(
      "div",
      {},
      labelled(t("Title"), this.title),
      this.wrong,
      labelled(t("Description"), this.description),
    );
    this.box = h("div", { class: "subtask-check" }, this.check, this.name);
    this.result = h("div", { class: "subtask-result" });
    const body = h("div", { class: "subtask-body" }, this.form, this.result);
    this.node = h("li", { class: "subtask card", id, "data-state": "open" }, this.box, body);
    this.refresh();
  }

  #listen() {
    this.check.addEventListener("change", () => {
      this.edit.chosen = this.check.checked;
      this.onChange();
    });
    this.title.addEventListener("input", () => {
      if (this.title.value.includes("\n")) this.title.value = oneLine(this.title.value);
      this.edit.title = this.title.value;
      this.onChange();
    });
    this.description.addEventListener("input", () => {
      this.edit.description = this.description.value;
    });
  }

  /** Whether it can still be created. */
  get open() {
    return this.state !== "done" && this.state !== "pending";
  }

  get failed() {
    return this.state === "failed" || this.state === "skipped";
  }

  get valid() {
    return this.edit.title.trim() !== "";
  }

  refresh() {
    this.name.textContent = t("Create “{title}”", { title: visible(this.edit.title) });
    this.wrong.hidden = this.valid;
    this.title.setAttribute("aria-invalid", String(!this.valid));
    if (this.valid) this.title.removeAttribute("aria-describedby");
    else this.title.setAttribute("aria-describedby", this.wrong.id);
  }

  update(publication) {
    const state = publication?.status ?? "open";
    const reason = publication?.error?.error;
    if (state === this.state && reason === this.reason && state !== "failed") return;
    Object.assign(this, { state, reason });
    this.node.dataset.state = state;
    this.form.hidden = !this.open;
    this.box.hidden = !this.open;
    this.check.disabled = !this.open;
    put(this.result, outcome(publication, this.edit));
  }
}
