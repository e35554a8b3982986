// What the codes of the API are called: one place for names of states, stages and aspects; errors stand in errors.js.

import { N_, t } from "./texts.js";

export { explain } from "./errors.js";

export const STAGES = [
  ["queued", N_("Waiting for its turn")],
  ["reading", N_("Reading the issue")],
  ["thinking", N_("Judging what it says")],
  ["checking", N_("Checking every quote")],
  ["writing", N_("Saving and writing to Jira")],
];

const ASPECTS = {
  independent: N_("Independent"),
  negotiable: N_("Negotiable"),
  valuable: N_("Valuable"),
  estimable: N_("Estimable"),
  small: N_("Small"),
  testable: N_("Testable"),
  steps: N_("Steps to reproduce"),
  expected: N_("Expected result"),
  actual: N_("Actual result"),
  environment: N_("Environment"),
  reproducible: N_("How often"),
  impact: N_("Impact"),
};
const SEVERITIES = { low: N_("Low"), medium: N_("Medium"), high: N_("High") };
const STATES = {
  queued: N_("Waiting"),
  running: N_("Running"),
  succeeded: N_("Done"),
  failed: N_("Failed"),
  cancelled: N_("Cancelled"),
};
const TRIGGERS = {
  webhook: N_("Started by itself when the issue was created"),
  update: N_("Started by itself when the issue was changed"),
  panel: N_("Asked for in the panel"),
  api: N_("Asked for through the API"),
  schedule: N_("Started by a schedule"),
};
const PARTS = {
  summary: N_("summary"),
  description: N_("description"),
  environment: N_("environment"),
  field: N_("criteria field"),
  parent: N_("parent"),
  link: N_("links"),
  subtask: N_("sub-tasks"),
  comment: N_("comments"),
  issue_type: N_("issue type"),
  labels: N_("labels"),
  components: N_("components"),
};
const PROVIDERS = {
  rules: N_("Built-in rules"),
  openai: N_("OpenAI or compatible"),
  anthropic: N_("Anthropic Claude"),
  gemini: N_("Google Gemini"),
  ollama: N_("Ollama"),
};

export const named = (names) => (code) => t(Object.hasOwn(names, code) ? names[code] : String(code ?? ""));
export const aspect = named(ASPECTS);
export const severity = named(SEVERITIES);
export const state = named(STATES);
export const trigger = named(TRIGGERS);
export const part = named(PARTS);
export const provider = named(PROVIDERS);

/** False for an analysis nobody could judge, such as one of a text in a language the rules cannot read. */
export const isScored = (result) => Boolean(result?.analysis?.scores?.length);

/** A word beside the number, so that colour never carries the meaning alone. */
export function verdict(overall) {
  if (overall >= 80) return { word: t("Ready to start"), tone: "good" };
  if (overall >= 60) return { word: t("Nearly there"), tone: "fair" };
  if (overall >= 40) return { word: t("Needs work"), tone: "weak" };
  return { word: t("Too little to go on"), tone: "poor" };
}

/** Who judged: always said, a person must know whether a model was asked. */
export function judge(run) {
  const author = run.result?.author ?? (run.usage?.model ? "model" : "rules");
  if (author === "rules") return t("Judged by built-in rules, without a model");
  return run.usage?.model ? t("Judged by {model}", { model: run.usage.model }) : t("Judged by a model");
}
