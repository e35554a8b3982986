// The latest analyses of a project.

import { get } from "../api.js";
import { announce, h, link, put } from "../dom.js";
import { errorNotice, lozenge, time } from "../parts.js";
import { table } from "../table.js";
import { plural, t } from "../texts.js";
import { explain } from "../errors.js";
import { state, verdict } from "../words.js";

const LIMIT = 100;
const STATES = ["succeeded", "running", "queued", "failed", "cancelled"];
const TONES = { succeeded: "success", failed: "error", running: "info", queued: "info", cancelled: "neutral" };

const scoreOf = (run) => run.overall ?? run.result?.overall ?? null;

function score(run) {
  const value = scoreOf(run);
  if (run.status !== "succeeded" || value === null) return "–";
  const { word, tone } = verdict(value);
  return h(
    "span",
    { class: ["score-cell", `tone-${tone}`] },
    h("strong", {}, value),
    " ",
    h("span", { class: "meta" }, word),
  );
}

function row(run, jira) {
  const key = run.issue_key ?? run.issue_id;
  const address = run.issue_url ?? (jira && run.issue_key ? `${jira}/browse/${encodeURIComponent(run.issue_key)}` : "");
  const reason = run.status === "failed" && h("span", { class: "meta" }, " ", explain(run.error ?? {}).title);
  return [
    link(address, key),
    score(run),
    [lozenge(state(run.status), TONES[run.status]), reason],
    time(run.created_at),
  ];
}

function average(runs) {
  const scores = runs
    .filter((run) => run.status === "succeeded")
    .map(scoreOf)
    .filter((value) => value !== null);
  return scores.length
    ? { value: Math.round(scores.reduce((sum, value) => sum + value, 0) / scores.length), count: scores.length }
    : null;
}

function figures(runs) {
  const mean = average(runs);
  if (!mean) return null;
  return h(
    "p",
    { id: "average", class: "figure-line" },
    h("strong", { class: "figure" }, mean.value),
    " ",
    plural(mean.count, "average score of {n} analysis", "average score of {n} analyses"),
    " · ",
    verdict(mean.value).word,
  );
}

function results(runs, jira) {
  if (!runs.length)
    return h(
      "div",
      { class: "empty", id: "no-runs" },
      h("h2", {}, t("Nothing to show")),
      h("p", {}, t("No analysis here yet, or none in this state.")),
    );
  return [
    figures(runs),
    table(
      "runs",
      t("Analyses in this project"),
      [t("Issue"), t("Score"), t("State"), t("When")],
      runs.map((run) => row(run, jira)),
    ),
  ];
}

/** Shows them in `place`, with a choice of their state above. */
export async function analyses(place, parameters) {
  const path = `/projects/${encodeURIComponent(parameters.get("projectId") ?? "")}/runs`;
  const jira = parameters.get("xdm_e");
  const list = h("div", { id: "results" });
  let asked = 0;
  const load = async () => {
    const turn = (asked += 1);
    const query = new URLSearchParams({ limit: LIMIT, ...(filter.value && { status: filter.value }) });
    try {
      const { runs } = await get(`${path}?${query}`);
      // A slow answer to an earlier choice must not replace a later one.
      if (turn !== asked) return;
      put(list, results(runs, jira));
      announce(plural(runs.length, "{n} analysis shown", "{n} analyses shown"));
    } catch (error) {
      if (turn === asked) put(list, errorNotice(error, load));
    }
  };
  const filter = h(
    "select",
    { id: "status", on: { change: load } },
    h("option", { value: "" }, t("All states")),
    STATES.map((code) => h("option", { value: code }, state(code))),
  );
  await load();
  put(
    place,
    h("div", { class: "toolbar" }, h("label", { for: "status", class: "label-text" }, t("State")), filter),
    list,
  );
}
