// The panel beside an issue.

import { resize } from "./bridge.js";
import { byId, put } from "./dom.js";
import { guardUnsaved } from "./form.js";
import { showFailure, start } from "./page.js";
import { analysisView } from "./panel/analysis.js";
import { criteriaView } from "./panel/criteria.js";
import { historyView, viewOf } from "./panel/history.js";
import { itemsOf, VIEWS } from "./panel/kinds.js";
import { Model } from "./panel/model.js";
import { scenariosView } from "./panel/scenarios.js";
import { SubtasksView } from "./panel/subtasks.js";
import { Verdicts } from "./panel/verdicts.js";
import { tabs } from "./tabs.js";

function views(model, select) {
  const verdicts = new Verdicts(model);
  const open = (run) => {
    model.show(viewOf(run), run.id);
    select(`tab-${viewOf(run)}`, { focus: true });
  };
  return {
    analysis: analysisView(byId("panel-analysis"), model, verdicts),
    criteria: criteriaView(byId("panel-criteria"), model, verdicts),
    scenarios: scenariosView(byId("panel-scenarios"), model, verdicts),
    subtasks: new SubtasksView(byId("panel-subtasks"), model, verdicts, byId("subtasks-count")),
    history: historyView(byId("panel-history"), model, byId("history-count"), open),
  };
}

function count(view, model) {
  const total = itemsOf(model.shown(view), view).length;
  const place = byId(`${view}-count`);
  put(place, total || "");
  place.hidden = !total;
}

/** What depends on what: a step of a run at work must not rebuild a list that somebody is reading. */
function refresh(shown, model, what) {
  for (const view of Object.keys(VIEWS)) shown[view].update();
  if (what !== "live") {
    shown.subtasks.update();
    shown.history.update();
    count("criteria", model);
    count("scenarios", model);
  }
  resize();
}

start(async (parameters) => {
  const model = new Model(parameters.get("issueId") ?? "");
  const select = tabs(byId("tabs"), (tab) => {
    const view = tab.replace("tab-", "");
    model.attend(Object.hasOwn(VIEWS, view) ? view : "analysis");
    resize();
  });
  const shown = views(model, select);
  model.listen((what) => refresh(shown, model, what));
  guardUnsaved(() => Object.values(shown).some((view) => view.dirty));
  await model.load();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && model.isIdle) model.load().catch(showFailure);
  });
  await model.awaitFirst();
});
