// Where the tests of a project are kept: Xray and Zephyr Scale, each connected, tried and disconnected by itself.

import { post, put as save } from "../api.js";
import { announce, h, put } from "../dom.js";
import { select, textInput } from "../form.js";
import { button, errorNotice, notice, spinner } from "../parts.js";
import { t } from "../texts.js";

const SECRET = { type: "password", autocomplete: "new-password", spellcheck: "false", maxlength: 4000 };
const NAME = { spellcheck: "false", maxlength: 255, class: "short" };

const TOOLS = {
  xray: {
    name: "Xray",
    about: () => t("Tests become Jira issues of Xray, in Gherkin or with steps, linked to the story."),
    secret: () => [
      t("Client secret"),
      t("Of an API key made in Xray's global settings. Stored encrypted, never shown again."),
    ],
    regions: () => [
      ["global", t("Global")],
      ["us", t("United States")],
      ["eu", t("European Union")],
      ["au", t("Australia")],
    ],
    has: "has_secret",
    field: "client_secret",
  },
  zephyr: {
    name: "Zephyr Scale",
    about: () =>
      t("Test cases with steps or a script, linked to the story. What is written there cannot be deleted again."),
    secret: () => [
      t("Access token"),
      t("Made under “Zephyr API keys” in your Jira menu. Stored encrypted, never shown again."),
    ],
    regions: () => [
      ["global", t("Global")],
      ["eu", t("European Union")],
    ],
    has: "has_token",
    field: "token",
  },
};

/** One tool: what is stored, a form to change it, and a button that really signs in. */
class Place {
  constructor(tool, path, connection) {
    Object.assign(this, { tool, path, ...TOOLS[tool] });
    const id = (name) => `place-${tool}-${name}`;
    const region = connection?.region ?? "global";
    this.region = select(id("region"), t("Region"), t("Where your data is kept."), this.regions(), region);
    this.client = tool === "xray" ? textInput(id("client"), t("Client ID"), "", { ...NAME, class: "" }) : null;
    this.key = textInput(id("secret"), ...this.secret(), SECRET);
    this.project = textInput(id("project"), t("Project key"), t("Where the tests belong. Empty: this project."), NAME);
    this.message = h("div", { id: id("message") });
    this.state = h("p", { class: "meta", id: id("state") });
    this.saveButton = h("button", { type: "submit", id: id("save"), class: "button button-primary" }, t("Save"));
    this.testButton = button(t("Test connection"), () => this.test(), { id: id("test") });
    this.removeButton = button(t("Disconnect"), () => this.store(null), { id: id("remove"), kind: "subtle" });
    this.node = this.#layout();
    this.fill(connection);
  }

  #layout() {
    const fields = [this.region, this.client, this.key, this.project].filter(Boolean).map(({ node }) => node);
    const on = {
      submit: (event) => {
        event.preventDefault();
        this.store(this.values());
      },
    };
    return h(
      "form",
      { id: `place-${this.tool}`, novalidate: true, on },
      h("h3", {}, this.name),
      h("p", { class: "help" }, this.about()),
      this.state,
      fields,
      this.message,
      h("div", { class: "actions" }, this.saveButton, this.testButton, this.removeButton),
    );
  }

  fill(connection) {
    this.connected = connection !== null;
    this.region.input.value = connection?.region ?? "global";
    if (this.client) this.client.input.value = connection?.client_id ?? "";
    this.key.input.value = "";
    this.project.input.value = connection?.project_key ?? "";
    const stored = this.connected && connection[this.has];
    const words = t("Connected. The key is stored; leave its field empty to keep it.");
    put(this.state, stored ? words : t("Not connected."));
    this.testButton.hidden = !stored;
    this.removeButton.hidden = !this.connected;
  }

  /** The document of the API; what is left empty is not sent, so that the stored secret stays. */
  values() {
    const secret = this.key.input.value.trim();
    return {
      region: this.region.input.value,
      ...(this.client && { client_id: this.client.input.value.trim() }),
      ...(secret && { [this.field]: secret }),
      project_key: this.project.input.value.trim().toUpperCase() || null,
    };
  }

  async store(values) {
    put(this.message);
    this.saveButton.disabled = true;
    try {
      const saved = await save(this.path, { [this.tool]: values });
      this.fill(saved[this.tool]);
      const text = values ? t("Saved. Test the connection to be sure that it works.") : t("Disconnected.");
      put(this.message, notice("success", { text }));
      announce(text);
    } catch (error) {
      put(this.message, errorNotice(error));
    }
    this.saveButton.disabled = false;
  }

  async test() {
    put(this.message, spinner());
    this.testButton.disabled = true;
    try {
      const { ok, detail } = await post(`${this.path}/${this.tool}/test`, {});
      const text = ok ? t("The connection works.") : t("The connection does not work.");
      put(this.message, notice(ok ? "success" : "error", { text, detail }));
      announce(text);
    } catch (error) {
      put(this.message, errorNotice(error));
    }
    this.testButton.disabled = false;
  }
}

/** The section "Test management" of a project's settings. places: as GET …/places answers. */
export function placesView(project, places) {
  const path = `/projects/${encodeURIComponent(project)}/places`;
  const tools = Object.keys(TOOLS).map((tool) => new Place(tool, path, places[tool]).node);
  return h(
    "section",
    { class: "card form-group", id: "places" },
    h("h2", {}, t("Test management")),
    h(
      "p",
      { class: "help" },
      t("Connect the tool your team keeps its tests in; criteria and scenarios can then be written there."),
    ),
    tools,
  );
}
