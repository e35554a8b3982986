// The tab "Tests": what is covered, and the scenarios one by one.

import { h } from "../dom.js";
import { t } from "../texts.js";
import { byline, caution, writer } from "./byline.js";
import { coverageView } from "./coverage.js";
import { resultFoot } from "./foot.js";
import { ItemList } from "./items.js";
import { resultOf } from "./kinds.js";
import { scenarioShape } from "./scenario.js";
import { startForm } from "./start.js";
import { emptyState, finished, RunView } from "./view.js";

function scenariosDocument(run, model, verdicts, form) {
  const result = resultOf(run, "scenarios");
  const list = new ItemList(scenarioShape, verdicts, run, { labelledBy: "scenarios-title" });
  const foot = resultFoot(model, run, { view: "scenarios", partName: "scenarios" });
  const node = h(
    "article",
    { class: "report", "data-run": run.id, "data-result": "scenarios" },
    h("h2", { id: "scenarios-title" }, t("Test scenarios")),
    byline(run, writer(run, "scenarios")),
    form,
    caution(result),
    coverageView(result, run.kind === "pipeline"),
    list.node,
    foot.node,
  );
  return {
    node,
    get dirty() {
      return list.dirty;
    },
    update: (now) => {
      list.update(now);
      foot.update(now);
    },
  };
}

export function scenariosView(place, model, verdicts) {
  const form = ({ primary }) => {
    const known = Boolean(model.shown("scenarios"));
    const label = known ? t("Write again") : t("Write test scenarios");
    const buttons = [
      { kind: "scenarios", label, primary, force: known, knobs: true },
      {
        kind: "pipeline",
        label: known ? t("Criteria and tests") : t("Criteria and tests in one go"),
        force: known,
        knobs: true,
      },
    ];
    return startForm(buttons, (kind, wish) => view.begin(kind, wish), { id: "scenarios" });
  };
  const empty = (start) =>
    emptyState(
      "no-scenarios",
      t("No test scenarios yet"),
      [t("JiraVision writes test steps for each acceptance criterion and counts what they cover.")],
      start,
    );
  const content = (run) => scenariosDocument(run, model, verdicts, form({}));
  const view = new RunView(place, model, "scenarios", { empty, form, content, outcome: finished });
  return view;
}
