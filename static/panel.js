// The panel beside an issue.

import { resize } from "./bridge.js";
import { byId } from "./dom.js";
import { showFailure, start } from "./page.js";
import { AnalysisView } from "./panel/analysis.js";
import { historyView } from "./panel/history.js";
import { Model } from "./panel/model.js";
import { SubtasksView } from "./panel/subtasks.js";
import { tabs } from "./tabs.js";

function views(model, select) {
  const open = (id) => {
    model.show(id);
    select("tab-analysis", { focus: true });
  };
  return {
    analysis: new AnalysisView(byId("panel-analysis"), model),
    subtasks: new SubtasksView(byId("panel-subtasks"), model, byId("subtasks-count")),
    history: historyView(byId("panel-history"), model, byId("history-count"), open),
  };
}

/** What depends on what: a step of a running analysis must not rebuild a list that somebody is reading. */
function refresh(shown, what) {
  shown.analysis.update(what);
  if (what !== "live") {
    shown.subtasks.update();
    shown.history.update();
  }
  resize();
}

start(async (parameters) => {
  const select = tabs(byId("tabs"), () => resize());
  let shown = null;
  const model = new Model(parameters.get("issueId") ?? "", (what) => refresh(shown, what));
  shown = views(model, select);
  await model.load();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !model.live) model.load().catch(showFailure);
  });
  await model.awaitFirst();
});
