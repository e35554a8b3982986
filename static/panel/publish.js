// The dialog that writes into Jira: where to, what of it, exactly what it will be, and then what became of each part.

import { get } from "../api.js";
import { announce, h, put } from "../dom.js";
import { checkbox, checkGroup, radioGroup, select } from "../form.js";
import { button, errorNotice, spinner } from "../parts.js";
import { plural, t } from "../texts.js";
import { takesItems } from "./kinds.js";
import { Modal } from "./modal.js";
import { Outcome } from "./outcome.js";
import { targetChoices } from "./places.js";
import { previewView } from "./preview.js";
import { verdictOf } from "./verdicts.js";

const SETTLED_MS = 250;
const WHOLE = new Set(["comment", "description", "field"]);

/** Items that a person may choose: {part, names: [text]}; rejected ones are not offered ticked. */
function itemChoice(run, { part, names }) {
  const choices = names.map((text, index) => ({ value: String(index), text }));
  const group = checkGroup("publish-items", t("What"), t("Rejected ones are not ticked."), choices, []);
  const kept = choices.map(({ value }) => value).filter((value) => verdictOf(run, part, value)?.verdict !== "rejected");
  group.set(kept);
  const isAll = () => group.value().length === kept.length && kept.every((value) => group.value().includes(value));
  return { ...group, isAll };
}

/**
 * The project's own field comes first. Only administrators of the project may ask; for everybody else that field is
 * the only one.
 */
async function fieldsOf(run) {
  const ask = (what) => get(`/projects/${encodeURIComponent(run.project_id)}/${what}`).catch(() => null);
  const [options, settings] = await Promise.all([ask("options"), ask("settings")]);
  const isOwn = ({ id }) => Number(id === settings?.criteria_field);
  return [...(options?.fields ?? [])].sort((one, other) => isOwn(other) - isOwn(one));
}

export class PublishDialog {
  #asked = 0;
  #timer = null;

  /** wanted: {title, targets, items: null | {part, names}}. */
  constructor(model, run, wanted) {
    Object.assign(this, { model, run, wanted });
    const choices = targetChoices(wanted.targets);
    this.target = radioGroup("publish-target", t("Where"), choices);
    this.target.set(wanted.targets[0]);
    this.items = wanted.items ? itemChoice(run, wanted.items) : null;
    this.field = null;
    this.fieldPlace = h("div", {});
    this.replace = checkbox("publish-replace", t("Replace what stands in the field"), "");
    this.preview = h("section", { class: "preview", "aria-labelledby": "preview-title", "aria-live": "polite" });
    // Long texts scroll in their place, by keyboard as well: the buttons stay near.
    this.shown = h("div", { tabindex: 0, role: "group", "aria-labelledby": "preview-title" });
    put(this.preview, h("h3", { id: "preview-title" }, t("Exactly this will be written"), spinner()), this.shown);
    this.write = button("", () => this.#write(), { kind: "primary", id: "publish-write" });
    const close = button(t("Close"), () => this.modal.close(), { id: "publish-close" });
    this.problem = h("div", {});
    this.form = h("div", { class: "publish-form", on: { change: () => this.#changed() } }, this.#parts());
    this.modal = new Modal("publish", wanted.title, [
      this.form,
      this.preview,
      this.problem,
      h("div", { class: "actions dialog-actions" }, this.write, close),
    ]);
  }

  /** Asked for when somebody wants to write into one. */
  async #offerFields() {
    this.fields ??= fieldsOf(this.run);
    const fields = await this.fields;
    if (this.field || !fields.length) return;
    this.field = select(
      "publish-field",
      t("Field"),
      "",
      fields.map(({ id, name }) => [id, name]),
      fields[0].id,
    );
    put(this.fieldPlace, this.field.node);
  }

  #parts() {
    const { wanted } = this;
    return [wanted.targets.length > 1 && this.target.node, this.fieldPlace, this.replace.node, this.items?.node];
  }

  get #wish() {
    const target = this.target.value();
    const wish = { target };
    const isWhole = WHOLE.has(target) && this.items?.isAll();
    // All that is not rejected is what the server writes when no items are named.
    if (this.items && takesItems(this.run, target) && !isWhole) wish.items = this.items.value().map(Number);
    if (target === "field" && this.field) wish.field = this.field.input.value;
    if (target === "field" && this.replace.input.checked) wish.replace = true;
    return wish;
  }

  open() {
    this.modal.open();
    this.#changed();
  }

  #changed() {
    const { target, items } = this.#wish;
    const isField = target === "field";
    this.fieldPlace.hidden = !isField;
    this.replace.node.hidden = !isField;
    if (this.items) this.items.node.hidden = !takesItems(this.run, target);
    this.write.textContent = t("Write to Jira");
    const isNothing = items?.length === 0;
    this.items?.fail(isNothing ? t("Choose at least one.") : "");
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.write.disabled = true;
    if (isNothing) put(this.shown);
    // Ticking several boxes in a row asks once.
    else this.#timer = setTimeout(() => this.#look(), this.shown.childElementCount ? SETTLED_MS : 0);
  }

  async #look() {
    const asked = this.#asked;
    if (this.target.value() === "field") await this.#offerFields();
    if (asked !== this.#asked) return;
    const run = this.model.runs.find(this.run.id);
    this.shown.setAttribute("aria-busy", "true");
    let nodes;
    let isGood = true;
    try {
      const found = await this.model.publishing.preview(run, this.#wish);
      nodes = previewView(found);
      isGood = found.items.length > 0;
    } catch (error) {
      isGood = false;
      nodes = errorNotice(error, () => this.#changed());
    }
    if (asked !== this.#asked) return;
    this.shown.removeAttribute("aria-busy");
    this.write.disabled = !isGood;
    put(this.shown, nodes);
    this.modal.fit();
  }

  async #write() {
    const run = this.model.runs.find(this.run.id);
    put(this.problem);
    this.write.disabled = true;
    try {
      const { ids, settled } = await this.model.publishing.ask(run, this.#wish);
      this.#follow(ids, settled);
    } catch (error) {
      put(
        this.problem,
        errorNotice(error, () => this.#write()),
      );
      this.write.disabled = false;
    }
  }

  /** The form gives way to what becomes of each part. */
  async #follow(ids, settled) {
    const outcome = new Outcome(this.model, this.run.id, { ids });
    const close = button(t("Close"), () => this.modal.close(), { id: "publish-close" });
    this.modal.show([outcome.node, h("div", { class: "actions dialog-actions" }, outcome.retry, close)]);
    this.modal.watch(this.model, () => outcome.update());
    await settled.catch(() => {});
    const { done, failed } = outcome.count();
    const said = plural(done, "{n} part is written.", "{n} parts are written.");
    announce(failed ? `${said} ${plural(failed, "{n} could not be written.", "{n} could not be written.")}` : said);
  }
}
