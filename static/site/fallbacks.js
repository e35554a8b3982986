// The models that are asked, in their order, when the first one fails.

import { announce, h, put } from "../dom.js";
import { select, textInput } from "../form.js";
import { button } from "../parts.js";
import { N_, t } from "../texts.js";
import { named, provider as providerName } from "../words.js";

export const NAMED = ["openai", "anthropic", "gemini", "ollama"];
const MOST = 4;
const EXAMPLES = {
  openai: N_("Its name as the provider writes it, for example gpt-5-mini."),
  anthropic: N_("Its name as the provider writes it, for example claude-haiku-4-5."),
  gemini: N_("Its name as the provider writes it, for example gemini-2.5-flash."),
  ollama: N_("Its name as Ollama lists it, for example llama3.2."),
};

const exampleOf = named(EXAMPLES);
export const example = (provider) => exampleOf(Object.hasOwn(EXAMPLES, provider) ? provider : "openai");

let made = 0;

class Row {
  constructor(shown, { onChange, onRemove, onUp }) {
    made += 1;
    this.shown = shown;
    const id = (name) => `fallback-${made}-${name}`;
    const choices = NAMED.map((name) => [name, providerName(name)]);
    this.provider = select(id("provider"), t("Provider"), "", choices, shown.provider);
    this.model = textInput(id("model"), t("Model"), "", { maxlength: 128, spellcheck: "false" });
    const secret = { type: "password", autocomplete: "new-password", spellcheck: "false", maxlength: 500 };
    this.key = textInput(id("key"), t("API key"), t("Stored encrypted and never shown again."), secret);
    this.model.input.value = shown.model;
    this.provider.input.addEventListener("change", onChange);
    this.kept = h("p", { class: "help" });
    this.node = h(
      "li",
      { class: "card fallback" },
      this.provider.node,
      this.model.node,
      this.key.node,
      this.kept,
      h(
        "div",
        { class: "actions" },
        button(t("Move up"), () => onUp(this), { kind: "link", class: "button button-link move-up" }),
        button(t("Remove this model"), () => onRemove(this), { kind: "link" }),
      ),
    );
  }

  get value() {
    const provider = this.provider.input.value;
    const wanted = { provider, model: this.model.input.value.trim() };
    const key = this.key.input.value.trim();
    return key && !this.key.node.hidden ? { ...wanted, api_key: key } : wanted;
  }

  /** main: the provider of the first model, whose key and address serve here as well. */
  refresh(main) {
    const provider = this.provider.input.value;
    const shared = provider === main;
    this.key.node.hidden = shared || provider === "ollama";
    const stored = this.shown.has_key && provider === this.shown.provider;
    const kept = stored && t("A key is stored; leave the field empty to keep it.");
    put(this.kept, shared ? t("Uses the address and the key of the first model.") : kept || null);
  }
}

export class Fallbacks {
  #rows = [];

  /** onChange: called whenever something here changed. */
  constructor(onChange) {
    this.onChange = onChange;
    this.list = h("ol", { class: "plain fallbacks" });
    this.note = h("p", { class: "help", id: "fallbacks-note" });
    this.wrong = h("p", { class: "field-error", id: "fallbacks-error", hidden: true });
    this.more = button(t("Add another model"), () => this.#add(), { id: "add-fallback", kind: "link" });
    this.node = h(
      "fieldset",
      { class: "field", id: "fallbacks", "aria-describedby": "fallbacks-note fallbacks-error" },
      h("legend", { class: "label-text" }, t("When it fails")),
      this.note,
      this.list,
      this.wrong,
      this.more,
    );
  }

  /** Null when there is none: then it is as this installation has it. */
  get value() {
    return this.#rows.length ? this.#rows.map((row) => row.value) : null;
  }

  fill(fallbacks) {
    this.#rows = (fallbacks ?? []).map((shown) => this.#row(shown));
    this.fail("");
    this.#show();
  }

  fail(text) {
    this.wrong.textContent = text;
    this.wrong.hidden = !text;
  }

  refresh(main, deployment) {
    for (const row of this.#rows) row.refresh(main);
    const own = deployment.fallbacks.map((each) => `${providerName(each.provider)}, ${each.model}`).join("; ");
    const offered = !main && own && !this.#rows.length;
    this.note.textContent = offered
      ? t("This installation then asks: {models}.", { models: own })
      : t("These are asked in this order, and the built-in rules last of all.");
  }

  #row(shown) {
    return new Row(shown, {
      onChange: () => this.onChange(),
      onRemove: (row) => this.#remove(row),
      onUp: (row) => this.#up(row),
    });
  }

  #add() {
    const row = this.#row({ provider: "openai", model: "", has_key: false });
    this.#rows.push(row);
    this.#show();
    row.provider.input.focus();
  }

  #remove(row) {
    this.#rows = this.#rows.filter((each) => each !== row);
    this.#show();
    this.more.focus();
    announce(t("Removed."));
  }

  #up(row) {
    const at = this.#rows.indexOf(row);
    if (at < 1) return;
    this.#rows.splice(at - 1, 0, ...this.#rows.splice(at, 1));
    this.#show();
    row.provider.input.focus();
  }

  #show() {
    put(
      this.list,
      this.#rows.map((row) => row.node),
    );
    this.#rows.forEach((row, at) => {
      row.node.querySelector(".move-up").hidden = at === 0;
    });
    this.more.hidden = this.#rows.length >= MOST;
    this.onChange();
  }
}
