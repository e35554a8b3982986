// What models may cost: how much of each limit is used, and the site's own limits to change.

import { put as save } from "../api.js";
import { announce, h, put } from "../dom.js";
import { complaints, guardUnsaved, textInput } from "../form.js";
import { errorNotice, lozenge, notice, spinner, time } from "../parts.js";
import { moment, money, N_, number, percent, t } from "../texts.js";
import { named } from "../words.js";

const UNITS = {
  tokens_per_day: "tokens",
  tokens_per_month: "tokens",
  usd_per_day: "usd",
  usd_per_month: "usd",
  tokens_per_minute: "tokens",
};
const limit = named({
  tokens_per_day: N_("Tokens a day"),
  tokens_per_month: N_("Tokens a month"),
  usd_per_day: N_("US dollars a day"),
  usd_per_month: N_("US dollars a month"),
  tokens_per_minute: N_("Tokens a minute for one person"),
});
const whose = named({ operator: N_("Granted by the add-on's operator"), site: N_("Your own limit") });
const stateOf = named({ ok: N_("Within the limit"), near: N_("Nearly used up"), spent: N_("Used up") });
const TONES = { ok: "success", near: "warning", spent: "error" };

const said = (value, unit) => (unit === "usd" ? money(value) : t("{n} tokens", { n: number(Math.round(value)) }));

function bar({ owner, budget, most, used, state, full_again_at: until }) {
  const unit = UNITS[budget];
  const share = Math.min(100, Math.floor((used * 100) / most));
  const name = `${limit(budget)} · ${whose(owner)}`;
  const words = { used: said(used, unit), most: said(most, unit), share: percent(share) };
  const text = t("{used} of {most} ({share})", words);
  const spoken = { "aria-label": name, "aria-valuetext": text };
  const fill = h("progress", { class: `budget-fill budget-${state}`, max: 100, ...spoken });
  fill.value = share;
  return h(
    "li",
    { class: "budget-bar", "data-budget": budget, "data-owner": owner, "data-state": state },
    h("p", { class: "budget-name" }, h("span", { class: "strong" }, name), lozenge(stateOf(state), TONES[state])),
    fill,
    h("p", { class: "meta" }, `${text} · ${t("full again {when}", { when: moment(until) })}`),
  );
}

/** Said above everything: asks are being refused, or soon will be. */
function warning(bars) {
  const spent = bars.filter(({ state }) => state === "spent");
  if (!spent.length && !bars.some(({ state }) => state === "near")) return null;
  const help = spent.some(({ owner }) => owner === "operator")
    ? t("The add-on's operator can raise it, or this site can use a model of its own account.")
    : t("You can raise it below.");
  return spent.length
    ? notice("error", {
        id: "budget-notice",
        title: t("A budget is used up"),
        text: `${t("The built-in rules answer meanwhile; what only a model can do waits.")} ${help}`,
      })
    : notice("warning", { id: "budget-notice", title: t("A budget is nearly used up"), text: help });
}

const FIELD = { inputmode: "decimal", class: "short", maxlength: 15 };

class BudgetForm {
  constructor(shown) {
    this.fields = Object.fromEntries(
      Object.keys(UNITS).map((name) => [name, textInput(name, limit(name), "", FIELD)]),
    );
    this.top = h("div", { id: "budget-top" });
    this.bars = h("ul", { class: "plain budget-bars", id: "budget-bars" });
    this.unpriced = h("p", { class: "meta", id: "unpriced" });
    this.message = h("div", { id: "budget-message" });
    this.changed = h("p", { class: "meta" });
    this.saveButton = h("button", { type: "submit", id: "save-budget", class: "button button-primary" }, t("Save"));
    const on = { submit: (event) => this.submit(event), input: () => this.refresh() };
    this.node = h(
      "div",
      { class: "card form-group" },
      h("h2", { id: "budget-title" }, t("Budget")),
      this.top,
      this.bars,
      this.unpriced,
      h(
        "form",
        { novalidate: true, id: "budget", on },
        h(
          "fieldset",
          { class: "field" },
          h("legend", { class: "label-text" }, t("Limits of this site")),
          h("p", { class: "help" }, t("An empty field sets no limit. Days and months are those of UTC.")),
          h("div", { class: "budget-fields" }, Object.values(this.fields).map((field) => field.node)),
        ),
        this.message,
        this.changed,
        h("div", { class: "actions" }, this.saveButton),
      ),
    );
    this.fill(shown);
  }

  fill(shown) {
    this.shown = shown;
    for (const [name, field] of Object.entries(this.fields)) {
      field.input.value = shown.site[name] || "";
      field.fail("");
    }
    put(this.top, warning(shown.bars));
    const none = h("li", { class: "meta", id: "no-limits" }, t("No limit is set."));
    put(this.bars, shown.bars.length ? shown.bars.map(bar) : none);
    const { unpriced_tokens: unpriced } = shown;
    const strange = t(
      "{n} tokens of this month are of models whose price nobody knows: no limit in dollars counts them.",
      { n: number(unpriced) },
    );
    put(this.unpriced, unpriced > 0 && strange);
    const name = shown.updated_by?.name || shown.updated_by?.account_id;
    const who = name ? t("Last changed by {name}", { name }) : t("Last changed");
    put(this.changed, shown.updated_at && [who, " · ", time(shown.updated_at)]);
    this.refresh();
  }

  /** What was typed by name; NaN for what is no number. */
  values() {
    return Object.fromEntries(
      Object.entries(this.fields).map(([name, { input }]) => {
        const text = input.value.trim().replace(",", ".");
        const whole = UNITS[name] === "tokens";
        const right = whole ? /^\d*$/ : /^(\d+(\.\d*)?)?$/;
        return [name, right.test(text) ? Number(text) : NaN];
      }),
    );
  }

  changes() {
    return Object.fromEntries(
      Object.entries(this.values()).filter(([name, value]) => value !== (this.shown.site[name] || 0)),
    );
  }

  get dirty() {
    return Object.keys(this.changes()).length > 0;
  }

  refresh() {
    this.saveButton.disabled = !this.dirty || Boolean(this.busy);
  }

  #mistakes() {
    const wrong = Object.entries(this.values()).filter(([, value]) => Number.isNaN(value));
    for (const [name, field] of Object.entries(this.fields)) {
      const bad = wrong.some(([each]) => each === name);
      const help =
        UNITS[name] === "usd"
          ? t("Enter an amount such as 12.50, or nothing.")
          : t("Enter a whole number, or nothing.");
      field.fail(bad ? help : "");
    }
    if (wrong.length) this.fields[wrong[0][0]].input.focus();
    return wrong.length > 0;
  }

  async submit(event) {
    event.preventDefault();
    if (this.#mistakes()) return;
    this.busy = true;
    this.refresh();
    put(this.message, h("p", { class: "meta written" }, spinner(), t("Saving…")));
    try {
      this.fill(await save("/budget", this.changes()));
      put(this.message, notice("success", { id: "budget-saved", text: t("Saved.") }));
      announce(t("Saved."));
    } catch (error) {
      put(this.message, errorNotice(error));
      const wrong = complaints(error, Object.keys(this.fields));
      for (const [name, field] of Object.entries(this.fields)) field.fail(wrong[name] ?? "");
    }
    this.busy = false;
    this.refresh();
  }
}

export function budgetForm(shown) {
  const form = new BudgetForm(shown);
  guardUnsaved(() => form.dirty);
  return form.node;
}
