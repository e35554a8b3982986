// The kinds of runs an issue can have: how each is asked for, what it is called, and which tab shows what it makes.

import { N_, t } from "../texts.js";
import { named, STAGES } from "../words.js";

const WRITING = ["writing", N_("Saving and writing to Jira")];
const QUEUED = STAGES[0];
const READING = STAGES[1];
const ALONE = (title) => [QUEUED, READING, ["thinking", title], ["checking", N_("Checking the answer")], WRITING];

const KINDS = {
  analysis: {
    route: "/ai/analyze-issue",
    stages: STAGES,
    live: N_("Analysing this issue…"),
    done: N_("Analysis finished."),
    name: N_("Analysis"),
  },
  criteria: {
    route: "/generate/acceptance-criteria",
    stages: ALONE(N_("Writing acceptance criteria")),
    live: N_("Writing acceptance criteria…"),
    done: N_("The acceptance criteria are written."),
    name: N_("Acceptance criteria"),
  },
  scenarios: {
    route: "/generate/test-scenarios",
    stages: ALONE(N_("Writing test scenarios")),
    live: N_("Writing test scenarios…"),
    done: N_("The test scenarios are written."),
    name: N_("Test scenarios"),
  },
  pipeline: {
    route: "/generate/full-pipeline",
    stages: [
      QUEUED,
      READING,
      ["criteria", N_("Writing acceptance criteria")],
      ["scenarios", N_("Writing test scenarios")],
      WRITING,
    ],
    live: N_("Writing criteria and tests…"),
    done: N_("Criteria and tests are written."),
    name: N_("Criteria and tests"),
  },
};
const TARGETS = {
  comment: N_("Comment"),
  description: N_("Description"),
  subtasks: N_("Sub-task"),
  field: N_("Field"),
  xray: N_("Xray test"),
  zephyr: N_("Zephyr test case"),
  questions: N_("Questions to the author"),
};
const ITEM_KINDS = {
  happy: N_("Happy path"),
  negative: N_("Negative"),
  boundary: N_("Boundary"),
  permission: N_("Permission"),
  non_functional: N_("Non-functional"),
};

export const ITEM_KIND_CODES = Object.keys(ITEM_KINDS);
export const itemKind = named(ITEM_KINDS);
export const targetName = named(TARGETS);

/** How a kind of run is spoken of; one this page does not know yet is spoken of like an analysis. */
export function kindOf(code) {
  const { route, stages, ...words } = KINDS[code] ?? KINDS.analysis;
  const said = Object.fromEntries(Object.entries(words).map(([name, text]) => [name, t(text)]));
  return { ...said, route, stages };
}

/** Which kinds of runs each view shows, the one it starts itself first. */
export const VIEWS = {
  analysis: ["analysis"],
  criteria: ["criteria", "pipeline"],
  scenarios: ["scenarios", "pipeline"],
};

/** The part of a run's result that a view shows: a pipeline holds two results side by side. */
export function resultOf(run, view) {
  if (run?.kind === "pipeline") return run.result?.[view] ?? null;
  return run?.result ?? null;
}

/** The items of a part ("criteria", "scenarios", "subtasks") of a run. */
export function itemsOf(run, part) {
  if (run?.kind === "analysis") return run.result?.analysis?.[part] ?? [];
  return resultOf(run, part)?.[part]?.[part] ?? [];
}

const WHERE = {
  analysis: ["comment", "description", "field"],
  criteria: ["comment", "description", "field", "subtasks", "xray", "zephyr"],
  scenarios: ["comment", "description", "field", "subtasks", "xray", "zephyr"],
};

/** Where a view's part of a run may be written. Of a pipeline, sub-tasks and test cases are made from its scenarios. */
export function targetsOf(run, view) {
  if (run.kind !== "pipeline") return WHERE[view];
  return view === "criteria" ? ["comment", "description", "field"] : ["comment", "subtasks", "xray", "zephyr"];
}

/** Whether a target takes single items of such a run: a comment on an analysis or a pipeline tells all of it. */
export const takesItems = (run, target) => target !== "comment" || !["analysis", "pipeline"].includes(run.kind);
