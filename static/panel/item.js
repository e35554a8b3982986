// One item of a result as a card: read, accepted, changed in place, rejected, or made anew; and where it was written.

import { announce, h, link, put } from "../dom.js";
import { button, errorNotice, icon, lozenge, spinner } from "../parts.js";
import { t } from "../texts.js";
import { explain } from "../words.js";
import { ItemForm } from "./item_form.js";
import { targetName } from "./kinds.js";
import { Renewal } from "./renewal.js";
import { currentItem, verdictOf } from "./verdicts.js";

function verdictMark(verdict) {
  if (verdict === "accepted") return lozenge(t("Accepted"), "success");
  if (verdict === "edited") return lozenge(t("Edited"), "info");
  if (verdict === "rejected") return lozenge(t("Rejected"));
  return null;
}

/** Where this item stands in Jira, or why it does not. */
function writtenLine({ target, status, url, remote_key: key, error }) {
  if (status === "done") {
    const name = t("{what} created", { what: targetName(target) });
    return h("p", { class: "meta written" }, icon("success"), key ? [name, ": ", link(url, key)] : link(url, name));
  }
  if (status === "pending")
    return h("p", { class: "meta written" }, spinner(), t("{what}: being written", { what: targetName(target) }));
  if (status === "undone" || status === "skipped") return null;
  const reason = explain(error ?? {}).title;
  return h(
    "p",
    { class: "meta written" },
    icon("error"),
    t("{what}: not written ({reason})", { what: targetName(target), reason }),
  );
}

/** A key held down presses a button once. */
function pressedOnce(event) {
  if (event.repeat && event.key === "Enter") event.preventDefault();
}

/** shape: {part, places(run), name, title, head, body, fields, itemOf} says what is special about its kind of item. */
export class ItemCard {
  #drawn = "";
  #refused = false;

  constructor(shape, verdicts, run, { index, item }) {
    Object.assign(this, { shape, verdicts, run, index, item, form: null, renewal: null });
    this.id = `${shape.id ?? shape.part}-${index}`;
    this.title = h("h3", { id: `${this.id}-name`, dir: "auto" });
    this.head = h("div", { class: "item-head" });
    this.body = h("div", { class: "item-body" });
    this.more = h("div", { class: "item-more" });
    this.written = h("div", { class: "item-written" });
    this.actions = this.#actions();
    const parts = [this.title, this.head, this.body, this.more, this.written, this.actions];
    this.node = h("li", { class: "card item", id: this.id, "aria-labelledby": this.title.id }, parts);
    this.update(run);
  }

  get dirty() {
    return Boolean(this.form?.dirty);
  }

  get #name() {
    return this.shape.name(this.item, this.index);
  }

  #actions() {
    // The name of the item is only for the ear: the eye sees the card around the button.
    const tool = (label, act, name, props = {}) =>
      h(
        "button",
        {
          type: "button",
          class: "button button-subtle button-small",
          [`data-${name}`]: "",
          on: { click: act, keydown: pressedOnce },
          ...props,
        },
        label,
        h("span", { class: "sr-only" }, ` ${this.#name}`),
      );
    this.accept = tool(t("Accept"), (event) => this.#pressed("accepted", event), "accept");
    this.reject = tool(t("Reject"), (event) => this.#pressed("rejected", event), "reject");
    this.edit = tool(t("Edit"), () => this.#edit(), "edit");
    this.renew = tool(t("Regenerate"), () => this.#renew(), "renew");
    return h("div", { class: "item-actions" }, this.accept, this.edit, this.reject, this.renew);
  }

  /** Shows what changed and leaves alone what somebody is typing in. */
  update(run) {
    this.run = run;
    const mark = verdictOf(run, this.shape.part, this.index);
    const verdict = mark?.verdict ?? null;
    const targets = this.shape.places(run);
    const places = (run.publications ?? []).filter(
      ({ target, item }) => targets.includes(target) && item === this.index,
    );
    const now = JSON.stringify([
      verdict,
      mark?.edit,
      places.map(({ target, status, error }) => [target, status, error?.error]),
    ]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const item = currentItem(run, this.shape.part, this.index, this.item);
    this.node.dataset.verdict = verdict ?? "";
    put(this.title, this.shape.title(item, this.index));
    put(this.head, this.shape.head(item), verdictMark(verdict));
    put(
      this.body,
      verdict === "rejected"
        ? h("p", { class: "meta" }, t("Left out of what is written to Jira."))
        : this.shape.body(item, verdict),
    );
    put(this.written, [...new Map(places.map((place) => [place.target, place])).values()].map(writtenLine));
    this.accept.setAttribute("aria-pressed", String(verdict === "accepted"));
    this.reject.setAttribute("aria-pressed", String(verdict === "rejected"));
    if (verdict === "edited" && !this.form && !this.renewal) this.#offerBack();
    else if (!this.form && !this.renewal) put(this.more);
  }

  #offerBack() {
    put(
      this.more,
      button(t("Back to the suggestion"), () => this.#back(), { kind: "link", "data-restore": "" }),
    );
  }

  async #back() {
    if (await this.#judge(null)) this.edit.focus();
  }

  async #pressed(verdict, { detail }) {
    // The second half of a double click is no wish to take the first one back.
    if (detail > 1) return;
    const now = verdictOf(this.run, this.shape.part, this.index)?.verdict;
    if (!(await this.#judge(now === verdict ? null : verdict))) return;
    const values = { name: this.#name };
    if (now === verdict) announce(t("{name}: decision taken back.", values));
    else announce(verdict === "accepted" ? t("{name} accepted.", values) : t("{name} rejected.", values));
  }

  /** False when it was refused; the card then says why, until another one is not. */
  async #judge(verdict, edit = null) {
    try {
      await this.verdicts.judge(this.run, this.shape.part, this.index, verdict, edit);
    } catch (error) {
      this.#refused = true;
      put(this.form?.problem ?? this.renewal?.problem ?? this.more, errorNotice(error));
      return false;
    }
    if (this.#refused) this.#clear();
    return true;
  }

  #clear() {
    this.#refused = false;
    for (const open of [this.form, this.renewal]) if (open) put(open.problem);
    this.#drawn = "";
    this.update(this.run);
  }

  #edit() {
    const item = currentItem(this.run, this.shape.part, this.index, this.item);
    this.form = new ItemForm(this.id, this.shape.fields(item), {
      onSave: (values, changed) => this.#save(values, changed),
      onCancel: () => this.#close(this.edit),
    });
    put(this.more, this.form.node);
    this.body.hidden = this.actions.hidden = true;
    this.form.focus();
  }

  async #save(values, changed) {
    if (changed && !(await this.#judge("edited", values))) return;
    this.#close(this.edit);
    if (changed) announce(t("{name} saved.", { name: this.#name }));
  }

  #renew() {
    const item = currentItem(this.run, this.shape.part, this.index, this.item);
    this.renewal = new Renewal(this.id, {
      shape: this.shape,
      current: item,
      make: (instruction) => this.verdicts.regenerate(this.run, this.shape.part, this.index, instruction),
      itemOf: (run) => this.shape.itemOf(run, this.index),
      onCompare: () => (this.body.hidden = true),
      onUse: (edit) => this.#use(edit),
      onClose: () => this.#close(this.renew),
    });
    put(this.more, this.renewal.node);
    this.actions.hidden = true;
    this.renewal.focus();
  }

  async #use(edit) {
    const { renewal } = this;
    // Pressed twice, it is closed by the first answer.
    if (!(await this.#judge("edited", edit)) || renewal !== this.renewal) return;
    this.#close(this.renew);
    announce(t("{name} replaced by the new version.", { name: this.#name }));
  }

  /** Back to reading; the focus goes where the person came from. */
  #close(focus = null) {
    this.form = this.renewal = null;
    this.body.hidden = this.actions.hidden = false;
    put(this.more);
    this.#drawn = "";
    this.update(this.run);
    focus?.focus();
  }
}
