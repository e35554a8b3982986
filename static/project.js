// The page of a project: its latest analyses, and summaries of whatever a query finds.

import { resize } from "./bridge.js";
import { byId } from "./dom.js";
import { start } from "./page.js";
import { analyses } from "./project/analyses.js";
import { summaries } from "./project/summaries.js";
import { tabs } from "./tabs.js";

start(async (parameters) => {
  let shown = null;
  tabs(byId("tabs"), (id) => {
    // Loaded when somebody looks: most people come for one of the two.
    if (id === "tab-summaries") shown ??= summaries(byId("summaries"), parameters);
    resize();
  });
  await analyses(byId("app"), parameters);
});
