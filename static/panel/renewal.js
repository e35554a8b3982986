// A new version of one item: asked for with an instruction, shown beside the old one, and used only when chosen.

import { h, put } from "../dom.js";
import { textInput } from "../form.js";
import { button, errorNotice, spinner } from "../parts.js";
import { t } from "../texts.js";

const INSTRUCTION_LENGTH = 1_000;

/**
 * calls: make(instruction) starts it, {run, done}; itemOf(run) is the new item; onCompare() when both are shown;
 * onUse(edit) when it is chosen, in the fields that a person may edit; onClose() when there is nothing more to do.
 */
export class Renewal {
  constructor(id, { shape, current, ...calls }) {
    Object.assign(this, { shape, current, calls, isClosed: false });
    this.instruction = textInput(`${id}-renew`, t("What should be different?"), t("May stay empty."), {
      maxlength: INSTRUCTION_LENGTH,
    });
    this.instruction.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // Else the same key would press the button that gets the focus.
      event.preventDefault();
      this.#ask();
    });
    this.place = h("div", { role: "status" });
    this.problem = h("div", {});
    this.go = button(t("Make a new version"), () => this.#ask(), { kind: "primary", "data-make": "" });
    this.cancel = button(t("Cancel"), () => this.#close(), { "data-keep": "" });
    this.actions = h("div", { class: "actions" }, this.go, this.cancel);
    this.node = h("div", { class: "renewal" }, this.instruction.node, this.place, this.problem, this.actions);
  }

  focus() {
    this.instruction.input.focus();
  }

  #close() {
    this.isClosed = true;
    this.calls.onClose();
  }

  async #ask() {
    if (this.go.disabled) return;
    this.go.disabled = true;
    this.cancel.focus();
    put(this.place, h("p", { class: "written" }, spinner(), t("Making a new version…")));
    try {
      const { done } = await this.calls.make(this.instruction.input.value.trim());
      const found = this.calls.itemOf(await done);
      if (this.isClosed) return;
      if (found) this.#compare(found);
      else this.#fail({ code: "unexpected" });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    put(
      this.place,
      errorNotice(error, () => this.#ask()),
    );
    this.go.disabled = false;
  }

  /** Both versions as a reader sees them, the new one first to be reached. */
  #compare(found) {
    const { shape, current } = this;
    const side = (label, item, name) =>
      h(
        "section",
        { class: "version", [`data-${name}`]: "" },
        h("h4", { class: "small-label" }, label),
        h("p", { class: "strong", dir: "auto" }, item.title),
        shape.body(item),
      );
    const edit = Object.fromEntries(shape.fields(found).map(({ name, value }) => [name, value]));
    const use = button(t("Use the new one"), () => this.calls.onUse(edit), { kind: "primary", "data-use": "" });
    const keep = button(t("Keep the old one"), () => this.#close(), { "data-keep": "" });
    this.instruction.node.hidden = true;
    this.calls.onCompare();
    put(this.place, h("div", { class: "versions" }, side(t("Now"), current, "old"), side(t("New"), found, "new")));
    put(this.actions, use, keep);
    use.focus();
  }
}
