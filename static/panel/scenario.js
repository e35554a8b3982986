// Test scenarios as items: the steps as a table, what each covers, and what may be changed.

import { h } from "../dom.js";
import { lozenge } from "../parts.js";
import { t } from "../texts.js";
import { severity } from "../words.js";
import { KIND_TONES } from "./criterion.js";
import { itemKind, itemsOf } from "./kinds.js";

const PRIORITIES = ["low", "medium", "high"];
const PRIORITY_TONES = { low: "neutral", medium: "info", high: "warning" };

function stepRow(step, at, hasData) {
  const cell = (label, text) => h("td", { role: "cell", "data-label": label, dir: "auto" }, text);
  return h(
    "tr",
    { role: "row" },
    h("th", { role: "rowheader", scope: "row", class: "step-number", "data-label": t("Step") }, at + 1),
    cell(t("Action"), step.action),
    hasData && cell(t("Data"), step.data),
    cell(t("Expected"), step.expected),
  );
}

/** The steps, without a column for data when no step has any. */
function stepsTable(steps, title) {
  const hasData = steps.some((step) => step.data);
  const names = [t("Step"), t("Action"), hasData && t("Data"), t("Expected")].filter(Boolean);
  const head = names.map((name) => h("th", { role: "columnheader", scope: "col" }, name));
  return h(
    "table",
    { class: ["steps", hasData && "steps-data"], role: "table" },
    h("caption", { class: "sr-only" }, t("Steps of {title}", { title })),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h(
      "tbody",
      { role: "rowgroup" },
      steps.map((step, at) => stepRow(step, at, hasData)),
    ),
  );
}

function preconditions(texts) {
  if (!texts?.length) return null;
  return h(
    "div",
    { class: "preconditions" },
    h("p", { class: "small-label" }, t("Before")),
    h(
      "ul",
      { class: "bullets" },
      texts.map((text) => h("li", { dir: "auto" }, text)),
    ),
  );
}

export const scenarioShape = {
  part: "scenarios",
  places: () => ["subtasks", "xray", "zephyr"],
  name: (item, index) => item.id || t("Scenario {n}", { n: index + 1 }),
  title: (item, index) => [h("span", { class: "item-id" }, item.id || `TS-${index + 1}`), " ", item.title],
  head: (item) => [
    lozenge(itemKind(item.kind), KIND_TONES[item.kind]),
    lozenge(
      t("Priority: {level}", { level: severity(item.priority).toLocaleLowerCase() }),
      PRIORITY_TONES[item.priority],
    ),
    item.covers?.length > 0 && h("span", { class: "meta" }, t("Covers {ids}", { ids: item.covers.join(", ") })),
  ],
  body: (item) => [preconditions(item.preconditions), stepsTable(item.steps ?? [], item.title)],
  fields: (item) => [
    { name: "title", kind: "line", label: t("Title"), value: item.title, required: true },
    {
      name: "priority",
      kind: "choice",
      label: t("Priority"),
      value: item.priority,
      choices: PRIORITIES.map((code) => [code, severity(code)]),
    },
    { name: "preconditions", kind: "lines", label: t("Before"), value: item.preconditions },
    { name: "steps", kind: "steps", label: t("Steps"), value: item.steps, required: true },
  ],
  itemOf: (run, index) => itemsOf(run, "scenarios")[index],
};
