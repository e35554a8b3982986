// The page in a project's settings: what JiraVision does there by itself.

import { get, put as save } from "./api.js";
import { announce, byId, h, put } from "./dom.js";
import { complaints, guardUnsaved } from "./form.js";
import { showFailure, start } from "./page.js";
import { button, errorNotice, notice, time } from "./parts.js";
import { acceptanceView } from "./settings/acceptance.js";
import { mistakes, settingsFields } from "./settings/fields.js";
import { placesView } from "./settings/places.js";
import { Prompts } from "./settings/prompts.js";
import { t } from "./texts.js";

function group(title, fields) {
  const nodes = Object.values(fields).map((field) => field.node);
  return h("section", { class: "card form-group" }, h("h2", {}, title), nodes);
}

/** Who changed it last, in words. */
function changedBy({ updated_by: who, updated_at: at }) {
  if (!at) return t("Nobody has changed these settings yet.");
  const name = who?.name || who?.account_id;
  return [name ? t("Last changed by {name}", { name }) : t("Last changed"), " · ", time(at)];
}

class SettingsForm {
  constructor(project, settings, options) {
    this.project = project;
    this.sections = settingsFields(settings, options);
    this.fields = Object.assign({}, ...this.sections);
    this.message = h("div", { id: "message" });
    this.changed = h("p", { class: "meta", id: "changed-by" });
    this.saveButton = h("button", { type: "submit", id: "save", class: "button button-primary" }, t("Save"));
    this.discard = button(t("Discard changes"), () => this.fill(this.settings), { id: "discard", kind: "subtle" });
    this.unsaved = h("span", { class: "meta", id: "unsaved", role: "status" });
    this.node = this.#layout();
    this.fill(settings);
  }

  #layout() {
    const [whenCreated, whenChanged, written, judged] = this.sections;
    const on = { submit: (event) => this.submit(event), input: () => this.refresh(), change: () => this.refresh() };
    return h(
      "form",
      { id: "settings", novalidate: true, on },
      group(t("When an issue is created"), whenCreated),
      group(t("When an issue is changed"), whenChanged),
      group(t("What is written to Jira"), written),
      group(t("How issues are judged"), judged),
      this.message,
      this.changed,
      h("div", { class: "actions save-bar" }, this.saveButton, this.discard, this.unsaved),
    );
  }

  fill(settings) {
    this.settings = settings;
    for (const [name, field] of Object.entries(this.fields)) {
      field.set(settings[name]);
      field.fail("");
    }
    this.before = this.values();
    put(this.changed, changedBy(settings));
    this.refresh();
  }

  values() {
    return Object.fromEntries(Object.entries(this.fields).map(([name, field]) => [name, field.value()]));
  }

  /** Only what differs is sent, so that two administrators do not undo each other. */
  changes() {
    return Object.fromEntries(
      Object.entries(this.values()).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(this.before[name]),
      ),
    );
  }

  get dirty() {
    return Object.keys(this.changes()).length > 0;
  }

  refresh() {
    const { dirty } = this;
    this.saveButton.disabled = !dirty || this.saving;
    this.discard.hidden = !dirty;
    this.unsaved.textContent = dirty ? t("Unsaved changes") : "";
    if (dirty && this.message.querySelector("#saved")) put(this.message);
  }

  complain(wrong) {
    for (const [name, field] of Object.entries(this.fields)) field.fail(wrong[name] ?? "");
    const first = Object.keys(this.fields).find((name) => wrong[name]);
    if (first) this.fields[first].input.focus();
    return Boolean(first);
  }

  async submit(event) {
    event.preventDefault();
    if (this.complain(mistakes(this.values()))) return;
    this.saving = true;
    this.refresh();
    try {
      this.fill(await save(`/projects/${encodeURIComponent(this.project)}/settings`, this.changes()));
      put(this.message, notice("success", { id: "saved", text: t("Saved. It applies from the next issue on.") }));
      announce(t("Saved. It applies from the next issue on."));
    } catch (error) {
      put(this.message, errorNotice(error));
      this.complain(complaints(error, Object.keys(this.fields)));
    }
    this.saving = false;
    this.refresh();
  }
}

/** Each further part stands for itself: one that cannot be loaded does not hide the others. */
async function part(path, build) {
  const place = h("div", {});
  byId("more").append(place);
  const load = async () => {
    try {
      put(place, build(await get(path)));
    } catch (error) {
      put(place, errorNotice(error, load));
    }
  };
  await load();
}

const NO_OPTIONS = { issue_types: [], fields: [], languages: ["en", "fr"] };

start(async (parameters) => {
  const project = parameters.get("projectId") ?? "";
  const path = `/projects/${encodeURIComponent(project)}`;
  let missing = null;
  const [settings, options] = await Promise.all([
    get(`${path}/settings`),
    get(`${path}/options`).catch((error) => {
      missing = error;
      return NO_OPTIONS;
    }),
  ]);
  const form = new SettingsForm(project, settings, options);
  put(byId("app"), form.node);
  // Without the lists from Jira everything else can still be changed.
  if (missing) showFailure(missing);
  let prompts = null;
  guardUnsaved(() => form.dirty || Boolean(prompts?.dirty));
  await Promise.all([
    part(`${path}/prompts`, (answer) => {
      prompts = new Prompts(project, answer);
      return prompts.node;
    }),
    part(`${path}/acceptance`, acceptanceView),
    part(`${path}/places`, (answer) => placesView(project, answer)),
  ]);
});
