// Which model judges the issues of the site: provider, name, key, and a button that tries it.

import { post, put as save } from "../api.js";
import { announce, h, put } from "../dom.js";
import { complaints, guardUnsaved, radioGroup, textInput } from "../form.js";
import { button, errorNotice, notice, spinner, time } from "../parts.js";
import { number, t } from "../texts.js";
import { provider as providerName } from "../words.js";
import { example, Fallbacks, NAMED } from "./fallbacks.js";
import { KeyField } from "./key.js";

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
      value: "anthropic",
      text: t("Anthropic Claude"),
      help: t("A model of your own account. The text of the issues is sent to it."),
    },
    {
      value: "gemini",
      text: t("Google Gemini"),
      help: t("A model of your own account. The text of the issues is sent to it."),
    },
    {
      value: "ollama",
      text: t("Ollama"),
      help: t("A model on a machine of yours: at an address below, or beside the add-on when its operator has one."),
    },
  ]);
}

class ModelForm {
  constructor(shown) {
    this.provider = providers(shown.deployment);
    this.model = textInput("model", t("Model"), example("openai"), { maxlength: 128, spellcheck: "false" });
    this.address = textInput(
      "base_url",
      t("Address"),
      t("Leave it empty for the provider's own. Only public https addresses, and those the add-on's operator allows."),
      { maxlength: 500, spellcheck: "false", inputmode: "url" },
    );
    this.key = new KeyField(() => this.refresh());
    this.fallbacks = new Fallbacks(() => this.refresh());
    this.provider.node.addEventListener("change", () => this.#keyOfPlace());
    this.address.input.addEventListener("input", () => this.#keyOfPlace());
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
      this.address.node,
      this.key.node,
      this.fallbacks.node,
      this.message,
      this.changed,
      h("div", { class: "actions" }, this.saveButton, this.testButton, this.hint),
    );
    this.fill(shown);
  }

  fill(shown) {
    this.shown = { ...shown, provider: shown.provider ?? "", model: shown.model ?? "", base_url: shown.base_url ?? "" };
    this.provider.set(this.shown.provider);
    this.model.input.value = this.shown.model;
    this.address.input.value = this.shown.base_url;
    this.key.fill(shown.has_key);
    this.samePlace = true;
    this.fallbacks.fill(shown.fallbacks);
    this.before = JSON.stringify(this.changes());
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

  /** A stored key belongs to the provider and the address it was entered for; elsewhere it has to be entered again. */
  #keyOfPlace() {
    const same =
      this.provider.value() === this.shown.provider && this.address.input.value.trim() === this.shown.base_url;
    if (same === this.samePlace) return;
    this.samePlace = same;
    this.key.fill(this.shown.has_key && same);
  }

  changes() {
    const provider = this.provider.value();
    const named = NAMED.includes(provider);
    const wanted = {
      provider: provider || null,
      model: named ? this.model.input.value.trim() : "",
      base_url: named ? this.address.input.value.trim() : "",
      fallbacks: provider === "rules" ? null : this.fallbacks.value,
    };
    const key = named ? this.key.value : undefined;
    return key === undefined ? wanted : { ...wanted, api_key: key };
  }

  get dirty() {
    return JSON.stringify(this.changes()) !== this.before;
  }

  refresh() {
    if (!this.shown) return;
    const provider = this.provider.value();
    const named = NAMED.includes(provider);
    for (const field of [this.model, this.address, this.key]) field.node.hidden = !named;
    this.fallbacks.node.hidden = provider === "rules";
    this.model.node.querySelector(".help").textContent = example(provider);
    this.fallbacks.refresh(provider, this.shown.deployment);
    this.saveButton.disabled = !this.dirty || this.busy;
    this.testButton.disabled = Boolean(this.busy);
    this.hint.textContent = this.dirty ? t("Unsaved changes") : "";
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
    this.saveButton.disabled = !this.dirty;
    this.testButton.disabled = false;
  }

  #complain(error) {
    const wrong = complaints(error, ["model", "base_url", "api_key", "fallbacks"]);
    const fields = { model: this.model, base_url: this.address, api_key: this.key, fallbacks: this.fallbacks };
    for (const [name, field] of Object.entries(fields)) field.fail(wrong[name] ?? "");
    const first = Object.keys(fields).find((name) => wrong[name]);
    if (first) (fields[first].input ?? fields[first].more).focus();
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

  /** Tries what is typed: nobody has to save a guess first. */
  test() {
    return this.#working(t("Asking the model…"), async () => {
      const tried = await post("/site/model/test", this.dirty ? this.changes() : null);
      this.#complain({});
      const { ok, detail, latency_ms: latency, fallbacks = [] } = tried;
      const answered = latency ? t("It answered after {n} ms.", { n: number(Math.round(latency)) }) : "";
      const text = ok ? answered : t("Check provider, model, address and key.");
      announce(`${ok ? t("The connection works") : t("The connection does not work")}. ${text}`);
      return [
        notice(ok ? "success" : "error", {
          id: "test-result",
          "data-ok": String(ok),
          title: ok ? t("The connection works") : t("The connection does not work"),
          text,
          detail,
        }),
        fallbacks.map((each) =>
          notice(each.ok ? "success" : "warning", {
            "data-fallback": String(each.ok),
            title: `${providerName(each.provider)}, ${each.model}`,
            text: each.ok
              ? t("It answered after {n} ms.", { n: number(Math.round(each.latency_ms)) })
              : t("The connection does not work"),
            detail: each.ok ? "" : each.detail,
          }),
        ),
      ];
    });
  }
}

export function modelForm(shown) {
  const form = new ModelForm(shown);
  guardUnsaved(() => form.dirty);
  return form.node;
}
