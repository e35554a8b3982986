// The end of every result: what was written of it, the button that writes more, what was read, and a word of caution.

import { h } from "../dom.js";
import { button } from "../parts.js";
import { t } from "../texts.js";
import { part } from "../words.js";
import { itemsOf, targetsOf } from "./kinds.js";
import { Outcome } from "./outcome.js";
import { PublishDialog } from "./publish.js";

const nameOf = (item) => [item.id, item.title].filter(Boolean).join(" ");

/** Opens the dialog for one part of a run. targets: where to, the first of them chosen. */
export function openPublish(model, run, { title, targets, partName, names = null }) {
  const found = names ?? itemsOf(run, partName).map(nameOf);
  const items = found.length ? { part: partName, names: found } : null;
  const offered = items ? targets : targets.filter((target) => target === "comment");
  new PublishDialog(model, run, { title, targets: offered, items }).open();
}

/** The button that asks the author. questions: the open ones. */
export function askButton(model, run, questions) {
  const wish = { title: t("Ask the author"), targets: ["questions"], partName: "questions", names: questions };
  return button(t("Ask the author…"), () => openPublish(model, model.runs.find(run.id), wish), { "data-ask": "" });
}

/** {node, update(run)} for a view. partName: whose items may be chosen. targets: all the view can write to. */
export function resultFoot(
  model,
  run,
  { view, partName, targets = targetsOf(run, view), label = t("Write to Jira…") },
) {
  const outcome = new Outcome(model, run.id, { targets });
  const wish = { title: t("Write to Jira"), targets, partName };
  const write = button(label, () => openPublish(model, model.runs.find(run.id), wish), {
    kind: "primary",
    "data-publish": view,
  });
  const read = (run.facts_read ?? []).map(part);
  const node = h(
    "footer",
    { class: "report-foot" },
    outcome.node,
    h("div", { class: "actions" }, write),
    read.length > 0 && h("p", { class: "meta" }, t("What was read: {parts}.", { parts: read.join(", ") })),
    h("p", { class: "meta" }, t("Suggestions can be wrong: people decide.")),
  );
  return { node, update: () => outcome.update() };
}
