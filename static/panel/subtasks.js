// The tab "Sub-tasks": what the analysis that is shown suggests, one by one. Built once per run and then changed in
// place, so that nothing typed is lost to a tab switch, a failure or a newer state of the run.

import { h, put } from "../dom.js";
import { t } from "../texts.js";
import { resultFoot } from "./foot.js";
import { ItemList } from "./items.js";
import { itemsOf } from "./kinds.js";
import { subtaskShape } from "./subtask.js";

function nothing(run) {
  const text = run?.result
    ? t("This analysis suggests no sub-tasks.")
    : t("Analyse the issue first; the sub-tasks it suggests appear here.");
  return h("div", { class: "empty", id: "no-subtasks" }, h("h2", {}, t("No sub-tasks yet")), h("p", {}, text));
}

function suggestions(run, model, verdicts) {
  const list = new ItemList(subtaskShape, verdicts, run, { labelledBy: "subtasks-title" });
  const label = t("Create sub-tasks…");
  const foot = resultFoot(model, run, { view: "subtasks", partName: "subtasks", targets: ["subtasks"], label });
  const node = h(
    "article",
    { "data-result": "subtasks", "data-run": run.id },
    h("h2", { id: "subtasks-title" }, t("Suggested sub-tasks")),
    h("p", { class: "meta" }, t("Change or reject what you do not want; the rest can be created.")),
    list.node,
    foot.node,
  );
  return { node, list, foot };
}

/** Keeps `place` and the number on the tab in step with the model. */
export class SubtasksView {
  #made = new Map();

  constructor(place, model, verdicts, count) {
    Object.assign(this, { place, model, verdicts, count });
  }

  get dirty() {
    return [...this.#made.values()].some(({ list }) => list.dirty);
  }

  update() {
    const run = this.model.shown("analysis");
    const total = itemsOf(run, "subtasks").length;
    put(this.count, total || "");
    this.count.hidden = !total;
    if (!total) {
      put(this.place, nothing(run));
      return;
    }
    if (!this.#made.has(run.id)) this.#made.set(run.id, suggestions(run, this.model, this.verdicts));
    const { node, list, foot } = this.#made.get(run.id);
    if (node.parentNode !== this.place) put(this.place, node);
    list.update(run);
    foot.update(run);
  }
}
