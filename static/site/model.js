// Which model judges the issues of the site: provider, name, key, and a button that tries it.

import { post, put as save } from "../api.js";
import { announce, h, put } from "../dom.js";
import { complaints, guardUnsaved, radioGroup, textInput } from "../form.js";
import { button, errorNotice, notice, spinner, time } from "../parts.js";
import { number, t } from "../texts.js";
import { provider as providerName } from "../words.js";
import { KeyField } from "./key.js";

const NAMED = ["openai", "ollama"];

function providers(deployment) {
  const own = [providerName(deployment.provider), deployment.model].filter(Boolean).join(", ");
  return radioGroup("provider", t("Who judges"), [
    { value: "", text: t("What this installation offers"), help: t("Now: {name}.", { name: own }) },
    {
      value: "rules",
      text: t("Built-in rules"),
      help: t("No model at all: nothing leaves the add-on. Checks form, vague words and missing parts."),
    },
    {
      value: "openai",
      text: t("OpenAI or compatible"),
      help: t("A model of your own account. The text of the issues is sent to it."),
    },
    {
      value: "ollama",
      text: t("Ollama"),
      help: t("A model that runs beside the add-on, when its operator has set one up."),
    },
  ]);
}

class ModelForm {
  constructor(shown) {
    this.provider = providers(shown.deployment);
    this.model = textInput("model", t("Model"), t("Its name as the provider writes it, for example gpt-5-mini."), {
      maxlength: 128,
      spellcheck: "false",
    });
    this.key = new KeyField(() => this.refresh());
    this.provider.node.addEventListener("change", () => this.#keyOfProvider());
    this.saveButton = h("button", { type: "submit", id: "save", class: "button button-primary" }, t("Save"));
    this.testButton = button(t("Test connection"), () => this.test(), { id: "test" });
    this.hint = h("span", { class: "meta", id: "unsaved", role: "status" });
    this.message = h("div", { id: "message" });
    this.changed = h("p", { class: "meta", id: "changed-by" });
    this.node = h(
      "form",
      {
        class: "card form-group",
        novalidate: true,
        on: { submit: (event) => this.submit(event), input: () => this.refresh(), change: () => this.refresh() },
      },
      h("h2", { id: "model-title" }, t("Model")),
      this.provider.node,
      this.model.node,
      this.key.node,
      this.message,
      this.changed,
      h("div", { class: "actions" }, this.saveButton, this.testButton, this.hint),
    );
    this.fill(shown);
  }

  fill(shown) {
    this.shown = { ...shown, provider: shown.provider ?? "", model: shown.model ?? "" };
    this.provider.set(this.shown.provider);
    this.model.input.value = this.shown.model;
    this.key.fill(shown.has_key);
    const name = shown.updated_by?.name ?? shown.updated_by?.account_id;
    put(
      this.changed,
      shown.updated_at && [
        name ? t("Last changed by {name}", { name }) : t("Last changed"),
        " · ",
        time(shown.updated_at),
      ],
    );
    this.refresh();
    if (shown.trouble) {
      const text = t("The built-in rules answer meanwhile. Enter another key, or test the connection.");
      put(this.message, notice("error", { id: "trouble", title: t("The key is refused"), text, detail: shown.trouble }));
    }
  }

  /** A stored key belongs to the provider it was entered for; for another one it has to be entered. */
  #keyOfProvider() {
    this.key.fill(this.shown.has_key && this.provider.value() === this.shown.provider);
  }

  changes() {
    const provider = this.provider.value();
    const named = NAMED.includes(provider);
    const wanted = { provider: provider || null, model: named ? this.model.input.value.trim() : "" };
    const key = named ? this.key.value : undefined;
    return key === undefined ? wanted : { ...wanted, api_key: key };
  }

  get dirty() {
    const { provider, model, api_key: key } = this.changes();
    return (
      (provider ?? "") !== this.shown.provider ||
      (NAMED.includes(provider) && model !== this.shown.model) ||
      key !== undefined
    );
  }

  refresh() {
    if (!this.shown) return;
    const named = NAMED.includes(this.provider.value());
    this.model.node.hidden = !named;
    this.key.node.hidden = !named;
    this.saveButton.disabled = !this.dirty || this.busy;
    this.testButton.disabled = this.dirty || this.busy;
    this.hint.textContent = this.dirty ? t("Save first, then test.") : "";
    if (this.dirty && !this.busy) put(this.message);
  }

  async #working(what, work) {
    this.busy = true;
    this.refresh();
    put(this.message, h("p", { class: "meta written" }, spinner(), what));
    try {
      put(this.message, await work());
    } catch (error) {
      put(this.message, errorNotice(error));
      this.#complain(error);
    }
    this.busy = false;
    const { dirty } = this;
    this.saveButton.disabled = !dirty;
    this.testButton.disabled = dirty;
  }

  #complain(error) {
    const wrong = complaints(error, ["model", "api_key"]);
    this.model.fail(wrong.model ?? "");
    this.key.fail(wrong.api_key ?? "");
    if (wrong.model) this.model.input.focus();
    else if (wrong.api_key) this.key.input.focus();
  }

  submit(event) {
    event.preventDefault();
    return this.#working(t("Saving…"), async () => {
      this.fill(await save("/site/model", this.changes()));
      this.#complain({});
      announce(t("Saved."));
      return notice("success", { id: "saved", text: t("Saved.") });
    });
  }

  test() {
    return this.#working(t("Asking the model…"), async () => {
      const { ok, detail, latency_ms: latency } = await post("/site/model/test", {});
      const answered = latency ? t("It answered after {n} ms.", { n: number(Math.round(latency)) }) : "";
      const text = ok ? answered : t("Check provider, model and key.");
      announce(`${ok ? t("The connection works") : t("The connection does not work")}. ${text}`);
      return notice(ok ? "success" : "error", {
        id: "test-result",
        "data-ok": String(ok),
        title: ok ? t("The connection works") : t("The connection does not work"),
        text,
        detail,
      });
    });
  }
}

export function modelForm(shown) {
  const form = new ModelForm(shown);
  guardUnsaved(() => form.dirty);
  return form.node;
}
