// Form fields with a label, a help text and a place for what is wrong, tied together for screen readers.

import { h } from "./dom.js";
import { t } from "./texts.js";

/** What a field needs around its input: {node, input, fail(text)}; fail("") clears the message. */
function around(id, input, { label, help, before }) {
  const wrong = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const hint = help ? h("p", { class: "help", id: `${id}-help` }, help) : null;
  const describe = () => {
    const ids = [hint && hint.id, !wrong.hidden && wrong.id].filter(Boolean).join(" ");
    if (ids) input.setAttribute("aria-describedby", ids);
    else input.removeAttribute("aria-describedby");
  };
  const fail = (text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
    input.setAttribute("aria-invalid", String(Boolean(text)));
    describe();
  };
  describe();
  const name = h("label", { for: id, class: before ? "choice-label" : "label-text" }, label);
  const node = before
    ? h("div", { class: "field choice" }, input, h("div", {}, name, hint, wrong))
    : h("div", { class: "field" }, name, input, hint, wrong);
  return { node, input, fail };
}

export function checkbox(id, label, help) {
  return around(id, h("input", { type: "checkbox", id }), { label, help, before: true });
}

export function textInput(id, label, help, props = {}) {
  return around(id, h("input", { type: "text", id, dir: "auto", autocomplete: "off", ...props }), { label, help });
}

export function textArea(id, label, help, props = {}) {
  return around(id, h("textarea", { id, dir: "auto", rows: 4, ...props }), { label, help });
}

/** choices: [value, text]; a current value that is not among them is kept as one more. */
export function select(id, label, help, choices, current) {
  const known = choices.some(([value]) => value === (current ?? ""));
  const all = known ? choices : [...choices, [current, t("{name} (no longer available)", { name: current })]];
  const input = h(
    "select",
    { id, value: current ?? "" },
    all.map(([value, text]) => h("option", { value }, text)),
  );
  return around(id, input, { label, help });
}

/** Several of many: {node, value(), set(values), fail}. Values that are no longer offered stay chosen and are shown. */
export function checkGroup(id, label, help, choices, current) {
  const strange = current.filter((value) => !choices.some((choice) => choice.value === value || choice.text === value));
  const all = [
    ...choices,
    ...strange.map((value) => ({ value, text: t("{name} (no longer available)", { name: value }) })),
  ];
  const boxes = all.map(({ value, text }, index) => ({
    value,
    text,
    input: h("input", { type: "checkbox", id: `${id}-${index}` }),
  }));
  const wrong = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const node = h(
    "fieldset",
    { class: "field", id, "aria-describedby": `${id}-help` },
    h("legend", { class: "label-text" }, label),
    h("p", { class: "help", id: `${id}-help` }, help),
    h(
      "div",
      { class: "check-group" },
      boxes.map((box) =>
        h("div", { class: "choice" }, box.input, h("label", { for: box.input.id, dir: "auto" }, box.text)),
      ),
    ),
    wrong,
  );
  return {
    node,
    input: boxes[0]?.input ?? node,
    value: () => boxes.filter((box) => box.input.checked).map((box) => box.value),
    set: (values) =>
      boxes.forEach((box) => {
        box.input.checked = values.includes(box.value) || values.includes(box.text);
      }),
    fail: (text) => {
      wrong.textContent = text;
      wrong.hidden = !text;
    },
  };
}

/** One of few, each with a help text: {node, value(), set(value), input}. choices: {value, text, help}. */
export function radioGroup(id, label, choices) {
  const boxes = choices.map(({ value, text, help }) => {
    const own = `${id}-${value || "default"}`;
    const input = h("input", { type: "radio", name: id, id: own, "aria-describedby": help ? `${own}-help` : null });
    const node = h(
      "div",
      { class: "field choice choice-card" },
      input,
      h(
        "div",
        {},
        h("label", { for: own, class: "choice-label" }, text),
        help && h("p", { class: "help", id: `${own}-help` }, help),
      ),
    );
    return { value, input, node };
  });
  const node = h(
    "fieldset",
    { class: "field", id },
    h("legend", { class: "label-text" }, label),
    boxes.map((box) => box.node),
  );
  return {
    node,
    input: boxes[0].input,
    value: () => boxes.find((box) => box.input.checked)?.value ?? "",
    set: (value) =>
      boxes.forEach((box) => {
        box.input.checked = box.value === value;
      }),
  };
}

/** The messages of a refused form by field: the API writes "name: what is wrong; other.0: …". */
export function complaints(error, names) {
  const found = { ...error.fields };
  for (const part of String(error.detail ?? "").split("; ")) {
    const [, name, text] = /^(?:body\.)?([a-z_]+)(?:\.\d+)*: (.+)$/.exec(part) ?? [];
    if (names.includes(name)) found[name] ??= text;
  }
  return found;
}

/** Asks before the page with unsaved changes is left. dirty: tells whether there are any. */
export function guardUnsaved(dirty) {
  window.addEventListener("beforeunload", (event) => {
    if (dirty()) event.preventDefault();
  });
}
