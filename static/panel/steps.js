// The steps of a test scenario as fields: added, removed and moved with buttons, so that a keyboard is enough.

import { announce, h, put, visible } from "../dom.js";
import { button } from "../parts.js";
import { t } from "../texts.js";

const MOST = 40;
const LONGEST = 1_000;
const NAMES = [
  ["action", () => t("Action")],
  ["data", () => t("Data")],
  ["expected", () => t("Expected result")],
];

function cell(id, label, value) {
  const input = h("textarea", { id, rows: 1, dir: "auto", maxlength: LONGEST, value: visible(value) });
  return { input, node: h("div", {}, h("label", { for: id, class: "small-label" }, label), input) };
}

class Step {
  constructor(id, value, owner) {
    this.cells = NAMES.map(([name, label]) => [name, cell(`${id}-${name}`, label(), value[name])]);
    this.title = h("legend", { class: "small-label step-title" });
    const tool = (label, act, name) =>
      button(label, act, { kind: "subtle", class: "button-small", [`data-${name}`]: "" });
    this.up = tool(t("Up"), () => owner.move(this, -1), "up");
    this.down = tool(t("Down"), () => owner.move(this, 1), "down");
    this.drop = tool(t("Remove"), () => owner.remove(this), "remove");
    this.node = h(
      "fieldset",
      { class: "step-edit" },
      this.title,
      this.cells.map(([, { node }]) => node),
      h("div", { class: "step-tools" }, this.up, this.down, this.drop),
    );
  }

  get input() {
    return this.cells[0][1].input;
  }

  read() {
    return Object.fromEntries(this.cells.map(([name, { input }]) => [name, input.value.trim()]));
  }

  /** at: its place, from 0; of: how many there are. */
  place(at, of) {
    const name = t("Step {n}", { n: at + 1 });
    this.title.textContent = name;
    for (const [tool, label] of [
      [this.up, t("Move step {n} up", { n: at + 1 })],
      [this.down, t("Move step {n} down", { n: at + 1 })],
      [this.drop, t("Remove step {n}", { n: at + 1 })],
    ])
      tool.setAttribute("aria-label", label);
    this.up.disabled = at === 0;
    this.down.disabled = at === of - 1;
    this.drop.disabled = of === 1;
  }
}

class Steps {
  #made = 0;

  constructor(id, label, values) {
    this.id = id;
    this.list = h("div", { class: "steps-edit" });
    this.wrong = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
    this.add = button(t("Add a step"), () => this.append(), { "data-add": "" });
    this.steps = (values.length ? values : [{}]).map((value) => this.#make(value));
    this.node = h(
      "fieldset",
      { class: "field", id },
      h("legend", { class: "label-text" }, label),
      this.list,
      this.wrong,
      this.add,
    );
    this.#show();
  }

  #make(value) {
    this.#made += 1;
    return new Step(`${this.id}-${this.#made}`, value, this);
  }

  #show() {
    put(
      this.list,
      this.steps.map((step) => step.node),
    );
    this.steps.forEach((step, at) => step.place(at, this.steps.length));
    this.add.disabled = this.steps.length >= MOST;
  }

  append() {
    const step = this.#make({});
    this.steps.push(step);
    this.#show();
    step.input.focus();
  }

  remove(step) {
    const at = this.steps.indexOf(step);
    this.steps.splice(at, 1);
    this.#show();
    this.steps[Math.min(at, this.steps.length - 1)].input.focus();
    announce(t("Step {n} removed.", { n: at + 1 }));
  }

  move(step, by) {
    const at = this.steps.indexOf(step);
    const to = at + by;
    if (to < 0 || to >= this.steps.length) return;
    [this.steps[at], this.steps[to]] = [this.steps[to], this.steps[at]];
    this.#show();
    const tool = by < 0 ? step.up : step.down;
    // At an end its button is off: the other one keeps the focus in this step.
    (tool.disabled ? (by < 0 ? step.down : step.up) : tool).focus();
    announce(t("Step {n} is now step {to}.", { n: at + 1, to: to + 1 }));
  }
}

/** A field as those of form.js, with read() and wrong(). */
export function stepsField(id, label, values) {
  const steps = new Steps(id, label, values);
  return {
    node: steps.node,
    get input() {
      return steps.steps[0].input;
    },
    read: () =>
      steps.steps.map((step) => step.read()).filter(({ action, data, expected }) => action || data || expected),
    wrong: () =>
      steps.steps.some((step) => !step.read().action && step.read().expected) ? t("Each step needs an action.") : "",
    fail: (text) => {
      steps.wrong.textContent = text;
      steps.wrong.hidden = !text;
    },
  };
}
