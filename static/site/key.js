// The API key: it never comes back from the server, so it can only be kept, replaced or removed.

import { h, put } from "../dom.js";
import { textInput } from "../form.js";
import { button, icon } from "../parts.js";
import { t } from "../texts.js";

const PROPS = { type: "password", autocomplete: "new-password", spellcheck: "false", maxlength: 500 };

/** onChange: called when the choice between keeping, typing and removing changes. */
export class KeyField {
  #intent = "keep";

  constructor(onChange) {
    this.onChange = onChange;
    this.field = textInput("api_key", t("API key"), t("Stored encrypted and never shown again."), PROPS);
    this.input = this.field.input;
    this.note = h("div", { class: "key-note", id: "key-note" });
    this.node = h("div", {}, this.note, this.field.node);
  }

  /** Undefined to keep what is stored, "" to remove it, else the new key. */
  get value() {
    return this.#intent === "clear" ? "" : this.input.value.trim() || undefined;
  }

  fill(hasKey) {
    this.#turn(hasKey ? "keep" : "type");
  }

  fail(text) {
    this.field.fail(text);
  }

  #turn(intent) {
    this.#intent = intent;
    this.input.value = "";
    this.field.node.hidden = intent !== "type";
    put(this.note, { keep: () => this.#stored(), clear: () => this.#removed(), type: () => null }[intent]());
    this.onChange();
  }

  #stored() {
    const replace = () => {
      this.#turn("type");
      this.input.focus();
    };
    const remove = () => {
      this.#turn("clear");
      this.note.querySelector("button").focus();
    };
    return [
      icon("success"),
      h("span", {}, t("A key is stored.")),
      button(t("Replace"), replace, { id: "replace-key", kind: "link" }),
      button(t("Remove"), remove, { id: "remove-key", kind: "link" }),
    ];
  }

  #removed() {
    const keep = () => {
      this.#turn("keep");
      this.note.querySelector("button").focus();
    };
    return [
      icon("warning"),
      h("span", {}, t("The key is removed when you save.")),
      button(t("Keep it"), keep, { id: "keep-key", kind: "link" }),
    ];
  }
}
