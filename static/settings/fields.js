// The fields of a project's settings, named as in the API. Each has value(), set(value), fail(text), node and input.

import { checkbox, checkGroup, select, textArea, textInput } from "../form.js";
import { languageName, number, t } from "../texts.js";

const INSTRUCTION_LENGTH = 2000;
const LONGEST_PAUSE = 1440;

const over = (field, value, set) => ({
  ...field,
  value: () => value(field.input),
  set: (given) => set(field.input, given),
});

function tick(id, label, help) {
  return over(
    checkbox(id, label, help),
    (input) => input.checked,
    (input, value) => {
      input.checked = value;
    },
  );
}

/** A choice that may be empty: null in the API. */
function choice(id, label, help, { none, choices, current }) {
  const field = select(id, label, help, [["", none], ...choices], current);
  return over(
    field,
    (input) => input.value || null,
    (input, value) => {
      input.value = value ?? "";
    },
  );
}

function whenCreated(settings, options) {
  const types = options.issue_types
    .filter((type) => !type.subtask)
    .map((type) => ({ value: type.id, text: type.name }));
  return {
    auto_analyze: tick(
      "auto_analyze",
      t("Analyse new issues"),
      t("Every issue that is created here is read and judged within seconds."),
    ),
    issue_types: checkGroup(
      "issue_types",
      t("Issue types"),
      t("Tick none to analyse all of them."),
      types,
      settings.issue_types,
    ),
    ignore_apps: tick(
      "ignore_apps",
      t("Leave out issues created by other apps"),
      t("Issues that automations or other apps create are often not written for people."),
    ),
  };
}

/** A whole number, null when the field is empty. */
function whole(id, label, help, { min, max }) {
  const props = { type: "number", min, max, step: 1, inputmode: "numeric", class: "short" };
  const value = (input) => {
    if (input.validity.badInput) return "?";
    return input.value.trim() === "" ? null : Number(input.value);
  };
  return over(textInput(id, label, help, props), value, (input, given) => {
    input.value = given ?? "";
  });
}

function lowestScore() {
  const label = t("Comment only when the score is below");
  return whole("min_quality", label, t("From 0 to 100. Empty: always."), { min: 0, max: 100 });
}

function whenChanged() {
  return {
    rerun_on_update: tick(
      "rerun_on_update",
      t("Analyse issues again when they are changed"),
      t("Only issues that were analysed before, and only when something was changed that is read. The comment is updated."),
    ),
    rerun_cooldown_minutes: whole(
      "rerun_cooldown_minutes",
      t("Minutes between two analyses of an issue"),
      t("From 1 to {n}. Changes in between are analysed together.", { n: number(LONGEST_PAUSE) }),
      { min: 1, max: LONGEST_PAUSE },
    ),
  };
}

function subtaskType(settings, options) {
  const choices = options.issue_types.filter((type) => type.subtask).map((type) => [type.id, type.name]);
  const named = options.issue_types.find((type) => type.name === settings.subtask_type);
  const current = named?.id ?? settings.subtask_type;
  const help = t("Used for sub-tasks created here, by itself or from the panel.");
  const field = choice("subtask_type", t("Type of the sub-tasks"), help, {
    none: t("The project's own sub-task type"),
    choices,
    current,
  });
  // Stored by name or by id; shown by id.
  return { ...field, set: (value) => field.set(value === settings.subtask_type ? current : value) };
}

function written(settings, options) {
  const fields = options.fields.map((field) => [field.id, field.name]);
  return {
    auto_comment: tick(
      "auto_comment",
      t("Post the analysis as a comment"),
      t("One comment per issue; a new analysis updates it."),
    ),
    min_quality: lowestScore(),
    auto_subtasks: tick(
      "auto_subtasks",
      t("Create the suggested sub-tasks"),
      t("Without asking. Otherwise people pick and edit them in the panel."),
    ),
    subtask_type: subtaskType(settings, options),
    auto_criteria: tick(
      "auto_criteria",
      t("Write the suggested acceptance criteria into a field"),
      t("Only when that field is empty: what people wrote is never replaced."),
    ),
    criteria_field: choice("criteria_field", t("Field for acceptance criteria"), "", {
      none: t("None"),
      choices: fields,
      current: settings.criteria_field,
    }),
  };
}

function judged(settings, options) {
  const languages = options.languages.filter((code) => code !== "auto").map((code) => [code, languageName(code)]);
  const language = select(
    "language",
    t("Language of the analysis"),
    "",
    [["auto", t("The language of the issue")], ...languages],
    settings.language,
  );
  const help = t("Given to the model with every issue, for example your definition of ready. At most {n} characters.", {
    n: number(INSTRUCTION_LENGTH),
  });
  const instruction = textArea("instruction", t("Additional instruction"), help, { maxlength: INSTRUCTION_LENGTH });
  const text = (field) =>
    over(
      field,
      (input) => input.value,
      (input, value) => {
        input.value = value;
      },
    );
  return { language: text(language), instruction: text(instruction) };
}

/** The fields by section, in the order they are shown. settings: as stored; options: what Jira offers to choose from. */
export function settingsFields(settings, options) {
  return [whenCreated(settings, options), whenChanged(), written(settings, options), judged(settings, options)];
}

/** What is wrong with the values, by field; {} when nothing is. */
export function mistakes(values) {
  const wrong = {};
  const quality = values.min_quality;
  if (quality !== null && !(Number.isInteger(quality) && quality >= 0 && quality <= 100)) {
    wrong.min_quality = t("Enter a whole number from 0 to 100, or nothing.");
  }
  const pause = values.rerun_cooldown_minutes;
  if (!(Number.isInteger(pause) && pause >= 1 && pause <= LONGEST_PAUSE)) {
    wrong.rerun_cooldown_minutes = t("Enter a whole number from 1 to {n}.", { n: number(LONGEST_PAUSE) });
  }
  if (values.auto_criteria && !values.criteria_field)
    wrong.criteria_field = t("Choose the field the criteria are written to.");
  return wrong;
}
