// What a run is asked for with: the buttons, a word of instruction, and how many scenarios of which kinds.

import { h } from "../dom.js";
import { checkGroup, textArea, textInput } from "../form.js";
import { button } from "../parts.js";
import { t } from "../texts.js";
import { ITEM_KIND_CODES, itemKind, targetName } from "./kinds.js";

const INSTRUCTION_LENGTH = 1_000;
const MOST_SCENARIOS = 30;
const WRITTEN_TO = ["comment", "description", "subtasks", "field", "xray", "zephyr"];

let made = 0;

/** How many and which kinds: {node, wish()}; wish() is null while the number cannot be used. */
function knobs(id) {
  const count = textInput(`${id}-count`, t("How many"), t("Empty: as many as the criteria need."), {
    type: "number",
    inputmode: "numeric",
    min: 1,
    max: MOST_SCENARIOS,
    class: "short",
  });
  const choices = ITEM_KIND_CODES.map((value) => ({ value, text: itemKind(value) }));
  const kinds = checkGroup(`${id}-kinds`, t("Which kinds"), t("None ticked: all kinds."), choices, []);
  const wish = () => {
    const text = count.input.value.trim();
    const number = Number(text);
    const isGood = count.input.checkValidity() && (!text || (Number.isInteger(number) && number > 0));
    count.fail(isGood ? "" : t("A whole number from 1 to {most}.", { most: MOST_SCENARIOS }));
    if (!isGood) return null;
    const chosen = kinds.value();
    return { ...(text && { count: number }), ...(chosen.length && { kinds: chosen }) };
  };
  return { node: [count.node, kinds.node], wish, input: count.input };
}

/** Where criteria and tests in one go are written when they are there, without another look at them. */
function places(id) {
  const choices = WRITTEN_TO.map((value) => ({ value, text: targetName(value) }));
  const help = t("Criteria and tests only, without a preview. None ticked: nothing is written.");
  return checkGroup(`${id}-publish`, t("Write at once to"), help, choices, []);
}

/**
 * The form that starts runs. buttons: [{kind, label, id, force, primary, knobs}]; onStart(kind, wish). With `knobs` the
 * scenario settings are offered and go into the wish of those buttons that say so.
 */
export function startForm(buttons, onStart, { id = null } = {}) {
  made += 1;
  const own = `start-${made}`;
  const instruction = textArea(
    `${own}-instruction`,
    t("Instruction for this time"),
    t("For example what to look at, or what is decided already."),
    { rows: 2, maxlength: INSTRUCTION_LENGTH },
  );
  const settings = buttons.some((one) => one.knobs) ? knobs(own) : null;
  const written = buttons.some((one) => one.kind === "pipeline") ? places(own) : null;
  const options = h(
    "details",
    { class: "options", "data-fold": id && `options-${id}` },
    h("summary", {}, settings || written ? t("Options") : t("Instruction")),
    h("div", { class: "options-body" }, settings?.node, instruction.node, written?.node),
  );
  const begin = (one) => {
    const wanted = one.knobs ? settings.wish() : {};
    if (!wanted) {
      options.open = true;
      settings.input.focus();
      return;
    }
    const said = instruction.input.value.trim();
    const publish = one.kind === "pipeline" ? written.value() : [];
    onStart(one.kind, {
      ...(one.force && { force: true }),
      ...(said && { instruction: said }),
      ...(publish.length && { publish }),
      ...wanted,
    });
  };
  const offered = buttons.map((one) =>
    button(one.label, () => begin(one), {
      id: one.id,
      kind: one.primary ? "primary" : "default",
      class: one.primary ? null : "button-small",
      "data-start": one.kind,
    }),
  );
  return h("div", { class: "start" }, offered, options);
}
