// The form in which a person changes one item: a labelled field for each thing that may be changed.

import { h, visible } from "../dom.js";
import { select, textArea, textInput } from "../form.js";
import { button } from "../parts.js";
import { t } from "../texts.js";
import { stepsField } from "./steps.js";

const lines = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

const KINDS = {
  line: (id, { label, help, value, max }) => {
    const field = textInput(id, label, help, { maxlength: max ?? 255, value: visible(value) });
    return { ...field, read: () => field.input.value.trim() };
  },
  text: (id, { label, help, value, max }) => {
    const field = textArea(id, label, help, { rows: 3, maxlength: max ?? 10_000, value: visible(value) });
    return { ...field, read: () => field.input.value.trim() };
  },
  lines: (id, { label, help, value }) => {
    const text = (value ?? []).map(visible).join("\n");
    const field = textArea(id, label, help ?? t("One on each line."), { rows: 2, value: text });
    return { ...field, read: () => lines(field.input.value) };
  },
  choice: (id, { label, help, value, choices }) => {
    const field = select(id, label, help, choices, value);
    return { ...field, read: () => field.input.value };
  },
  steps: (id, { label, value }) => stepsField(id, label, value ?? []),
};

/**
 * fields: [{name, kind: line | text | lines | choice | steps, label, value, required, …}]. Answers {node, dirty, focus()};
 * onSave(values) may throw and then the form stays; onCancel() after everything was thrown away.
 */
export class ItemForm {
  constructor(id, fields, { onSave, onCancel }) {
    Object.assign(this, { fields, onSave, busy: false });
    this.inputs = fields.map((field) => KINDS[field.kind](`${id}-${field.name}`, field));
    this.before = JSON.stringify(this.values());
    this.problem = h("div", {});
    this.save = button(t("Save"), () => this.submit(), { kind: "primary", "data-save": "" });
    const cancel = button(t("Cancel"), onCancel, { "data-discard": "" });
    this.node = h(
      "div",
      { class: "item-form", role: "group", "aria-label": t("Edit") },
      this.inputs.map((input) => input.node),
      this.problem,
      h("div", { class: "actions" }, this.save, cancel),
    );
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.submit();
      if (event.key !== "Escape") return;
      event.stopPropagation();
      if (!this.dirty) onCancel();
    });
  }

  values() {
    return Object.fromEntries(this.fields.map(({ name }, at) => [name, this.inputs[at].read()]));
  }

  get dirty() {
    return JSON.stringify(this.values()) !== this.before;
  }

  focus() {
    this.inputs[0].input.focus();
  }

  async submit() {
    if (this.busy || !this.#valid()) return;
    this.busy = true;
    this.node.setAttribute("aria-busy", "true");
    try {
      await this.onSave(this.values(), this.dirty);
    } finally {
      this.busy = false;
      this.node.removeAttribute("aria-busy");
    }
  }

  #valid() {
    let first = null;
    this.fields.forEach((field, at) => {
      const input = this.inputs[at];
      const value = input.read();
      const isMissing = field.required && (Array.isArray(value) ? value.length === 0 : !value);
      const wrong = isMissing ? t("This is needed.") : (input.wrong?.() ?? "");
      input.fail(wrong);
      if (wrong) first ??= input;
    });
    first?.input.focus();
    return !first;
  }
}
