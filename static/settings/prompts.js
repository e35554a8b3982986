// What the model is told in this project: one text for each kind of run, in versions, tried out before it is used.

import { get, post } from "../api.js";
import { announce, h, put } from "../dom.js";
import { complaints, select, textArea, textInput } from "../form.js";
import { button, errorNotice, lozenge, notice, time } from "../parts.js";
import { table } from "../table.js";
import { number, t } from "../texts.js";
import { kindName } from "./kinds.js";
import { Tryout } from "./tryout.js";

const LONGEST = 4_000;
const NOTE_LENGTH = 200;
/** Kinds that concern one issue, on which a draft can be tried out. */
const OF_ISSUES = new Set(["analysis", "criteria", "scenarios"]);

const by = (version) => version.by?.name || version.by?.account_id || "–";

/** project: id or key. answer: of the API, {prompts}. */
export class Prompts {
  constructor(project, answer) {
    this.path = `/projects/${encodeURIComponent(project)}/prompts`;
    const kinds = answer.prompts.map(({ kind }) => [kind, kindName(kind)]);
    this.choice = select("prompt-kind", t("Prompt of"), "", kinds, kinds[0][0]);
    this.active = h("p", { id: "prompt-active" });
    const help = t("Added to the built-in prompt: what to look at, how to write. It cannot change the form of the answer. At most {n} characters.", {
      n: number(LONGEST),
    });
    this.text = textArea("prompt-text", t("Your text"), help, { maxlength: LONGEST, rows: 8 });
    this.note = textInput("prompt-note", t("What is different this time"), t("For the list of versions. May stay empty."), {
      maxlength: NOTE_LENGTH,
    });
    this.message = h("div", { id: "prompt-message" });
    this.save = h("button", { type: "submit", id: "save-prompt", class: "button button-primary" }, t("Save as a new version"));
    this.discard = button(t("Discard changes"), () => this.fill(), { id: "discard-prompt", kind: "subtle" });
    this.tryout = new Tryout(this.path, () => ({ kind: this.kind, text: this.text.input.value.trim() }));
    this.versions = h("div", { id: "prompt-versions" });
    this.node = this.#layout();
    this.shown = answer.prompts;
    this.fill();
  }

  #layout() {
    this.choice.input.addEventListener("change", () => this.fill());
    const on = { submit: (event) => this.#submit(event), input: () => this.#refresh() };
    const actions = h("div", { class: "actions" }, this.save, this.discard);
    return h(
      "section",
      { class: "card form-group", id: "prompts" },
      h("h2", {}, t("What the model is told in this project")),
      this.choice.node,
      h("div", { class: "field" }, this.active),
      h("form", { novalidate: true, on }, this.text.node, this.note.node, this.message, actions),
      this.tryout.node,
      this.versions,
    );
  }

  get kind() {
    return this.choice.input.value;
  }

  get current() {
    return this.shown.find(({ kind }) => kind === this.kind);
  }

  get dirty() {
    return this.text.input.value.trim() !== (this.current.active?.text ?? "");
  }

  /** Everything as it stands on the server; what was typed is gone. */
  fill() {
    const { active, versions } = this.current;
    this.text.input.value = active?.text ?? "";
    this.note.input.value = "";
    this.text.fail("");
    put(this.message);
    put(this.active, activeLine(active));
    this.tryout.clear();
    this.tryout.node.hidden = !OF_ISSUES.has(this.kind);
    put(this.versions, this.#table(active, versions));
    this.#refresh();
  }

  #refresh() {
    this.save.disabled = !this.dirty || !this.text.input.value.trim() || Boolean(this.busy);
    this.discard.hidden = !this.dirty;
  }

  #table(active, versions) {
    if (!versions.length) return null;
    const current = lozenge(t("In force"), "success");
    const use = (version, label) =>
      button(t("Use this one"), () => this.#activate(version), { kind: "link", "aria-label": label, "data-use": version ?? 0 });
    const rows = versions.map((version) => {
      const n = number(version.version);
      const open = button(t("Open"), () => this.#open(version.version), {
        kind: "link",
        "aria-label": t("Open version {n} in the editor", { n }),
        "data-open": version.version,
      });
      const isActive = version.version === active?.version;
      const tools = [open, isActive ? current : use(version.version, t("Use version {n}", { n }))];
      return [n, version.note || "–", by(version), time(version.at), h("div", { class: "version-tools" }, tools)];
    });
    const builtIn = active ? use(null, t("Use the built-in prompt alone")) : current;
    rows.push(["0", t("The built-in prompt alone"), "–", "–", h("div", { class: "version-tools" }, builtIn)]);
    const columns = [t("Version"), t("Note"), t("By"), t("When"), t("Action")];
    return h(
      "div",
      { class: "field" },
      h("h3", {}, t("Versions")),
      table("prompt-table", t("Versions of the prompt"), columns, rows),
    );
  }

  #submit(event) {
    event.preventDefault();
    const wish = { text: this.text.input.value.trim(), note: this.note.input.value.trim() };
    return this.#change(() => post(`${this.path}/${this.kind}`, wish), t("Saved. It is in force from the next run on."));
  }

  #activate(version) {
    const said = version ? t("Version {n} is in force.", { n: number(version) }) : t("The built-in prompt alone is in force.");
    return this.#change(() => post(`${this.path}/${this.kind}/activate`, { version }), said);
  }

  async #change(act, said) {
    this.busy = true;
    this.#refresh();
    try {
      this.shown = (await act()).prompts;
      this.fill();
      put(this.message, notice("success", { id: "prompt-saved", text: said }));
      announce(said);
      this.text.input.focus();
    } catch (error) {
      put(this.message, errorNotice(error));
      this.text.fail(complaints(error, ["text"]).text ?? "");
    }
    this.busy = false;
    this.#refresh();
  }

  async #open(version) {
    try {
      const found = await get(`${this.path}/${this.kind}/${version}`);
      this.text.input.value = found.text;
      put(this.message);
    } catch (error) {
      put(this.message, errorNotice(error, () => this.#open(version)));
    }
    this.text.input.focus();
    this.#refresh();
  }
}

function activeLine(active) {
  if (!active) return t("The built-in prompt alone is in force.");
  const name = by(active);
  return [t("Version {n} by {name} is in force.", { n: number(active.version), name }), " · ", time(active.at)];
}
