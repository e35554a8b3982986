// A summary to read: the answer first, then the themes and what follows from them, each with the issues that show it.

import { h, link, paragraphs } from "../dom.js";
import { button, fold, lozenge, notice, time } from "../parts.js";
import { table } from "../table.js";
import { N_, number, plural, t } from "../texts.js";

const KEYS_SHOWN = 12;
const LISTS = [
  ["progress", N_("Progress")],
  ["blockers", N_("Blockers")],
  ["risks", N_("Risks")],
  ["stale", N_("Left untouched")],
];
const MARKS = {
  blocked: N_("blocked"),
  flagged: N_("flagged"),
  overdue: N_("overdue"),
  stale: N_("untouched"),
  recent: N_("recently done"),
};
const MARK_TONES = { blocked: "error", flagged: "error", overdue: "warning", stale: "warning", recent: "success" };
const WHY = {
  model_failed: N_("The language model could not answer, so built-in rules stand in for it."),
  budget_spent: N_("The budget for the language model is used up, so built-in rules stand in for it."),
};
const TONES = { new: "neutral", indeterminate: "info", done: "success" };

function keyLink(key, jira, titles) {
  const address = jira ? `${jira}/browse/${encodeURIComponent(key)}` : "";
  const title = titles?.get(key);
  return h("span", { class: "key", title: title ?? null }, link(address, key));
}

/** Keys as links; a long list keeps its end behind a fold. */
function keys(list, jira, titles) {
  if (!list?.length) return null;
  const shown = list.slice(0, KEYS_SHOWN).map((key) => h("li", {}, keyLink(key, jira, titles)));
  const rest = list.slice(KEYS_SHOWN).map((key) => h("li", {}, keyLink(key, jira, titles)));
  return [
    h("ul", { class: ["plain", "keys"] }, shown),
    rest.length > 0 &&
      h(
        "details",
        { class: "more-keys" },
        h("summary", {}, plural(rest.length, "{n} more issue", "{n} more issues")),
        h("ul", { class: ["plain", "keys"] }, rest),
      ),
  ];
}

function theme(item, jira, titles) {
  return h(
    "li",
    { class: "theme" },
    h("h3", { dir: "auto" }, item.title ?? ""),
    paragraphs(item.text ?? ""),
    keys(item.issues, jira, titles),
  );
}

function finding(item, jira, titles) {
  return h("li", { class: "finding" }, paragraphs(item.text ?? ""), keys(item.issues, jira, titles));
}

function section(id, title, list, item) {
  if (!list?.length) return null;
  return h(
    "section",
    { class: "summary-part", "data-part": id, "aria-labelledby": `part-${id}` },
    h("h2", { id: `part-${id}` }, title),
    h("ul", { class: ["plain", "entries"] }, list.map(item)),
  );
}

function lists(summary, jira, titles) {
  return [
    section("themes", t("Themes"), summary.themes, (item) => theme(item, jira, titles)),
    LISTS.map(([name, title]) => section(name, t(title), summary[name], (item) => finding(item, jira, titles))),
  ];
}

/** As much of a summary as is written yet. */
export function partialSummary(partial, jira) {
  return h(
    "div",
    { class: "summary-text" },
    partial.overview && paragraphs(partial.overview, { class: "overview" }),
    lists(partial, jira, null),
  );
}

function figures(counts, read) {
  const shown = [
    [t("Issues read"), read],
    [t("Not started"), counts.new],
    [t("In progress"), counts.indeterminate],
    [t("Completed"), counts.done],
    [t("Assigned to nobody"), counts.unassigned],
    [t("Blocked"), counts.blocked],
    [t("Overdue"), counts.overdue],
    [t("Left untouched"), counts.stale],
  ];
  return h(
    "dl",
    { class: "figures", id: "counts" },
    shown.map(([name, value]) =>
      h("div", { class: "figure-card" }, h("dt", {}, name), h("dd", {}, number(value ?? 0))),
    ),
  );
}

function issueTable(issues, jira) {
  const marks = (issue) => [
    ...(issue.marks ?? []).map((mark) => lozenge(t(Object.hasOwn(MARKS, mark) ? MARKS[mark] : mark), MARK_TONES[mark])),
    issue.category !== "done" && !issue.assigned && lozenge(t("nobody assigned")),
  ];
  const rows = issues.map((issue) => [
    keyLink(issue.key, jira),
    h("span", { dir: "auto" }, issue.summary),
    lozenge(issue.status, TONES[issue.category]),
    issue.updated ? time(new Date(issue.updated * 1000).toISOString()) : "–",
    h("span", { class: "marks" }, marks(issue)),
  ]);
  const columns = [t("Issue"), t("Title"), t("State"), t("Changed"), t("Remarks")];
  return fold(
    "issues",
    { title: t("Issues read"), count: issues.length, open: false },
    table("issues", t("Issues read"), columns, rows),
  );
}

function byline(run, result) {
  const model = run.usage?.model;
  if (result.author === "rules") return t("Made by built-in rules, without a language model.");
  return model
    ? t("Written by {model}; every issue key was checked.", { model })
    : t("Written by a model; every issue key was checked.");
}

function notices(result, read) {
  const { notice: code, counts, truncated } = result;
  const without = t(
    "Without a language model there are counts and dates, but no judgement. A Jira administrator can connect one.",
  );
  const some = { read: number(read), total: number(counts.total) };
  return [
    code === "no_model" && notice("info", { id: "no-model", text: without }),
    Object.hasOwn(WHY, code) && notice("warning", { id: code, text: t(Object.hasOwn(WHY, code) ? WHY[code] : "") }),
    truncated &&
      notice("info", {
        id: "truncated",
        text: t("Only {read} of about {total} issues were read, in the order of the query.", some),
      }),
  ];
}

/** One stored summary. on: {again(run), download(run)}, what its buttons do. */
export function resultView(run, jira, on) {
  const { result } = run;
  const { summary, issues, counts } = result;
  const titles = new Map(issues.map((issue) => [issue.key, issue.summary]));
  const head = h(
    "header",
    { class: "summary-head" },
    h("h2", { id: "summary-title", tabindex: -1 }, issues.length ? t("Summary") : t("No issues found")),
    h("p", { class: "meta" }, h("code", { class: "query", dir: "ltr" }, result.jql)),
    h("p", { class: "meta" }, byline(run, result), " · ", time(run.finished_at)),
  );
  if (!issues.length)
    return h(
      "article",
      { class: "card form-group result", id: "result", "aria-labelledby": "summary-title" },
      head,
      h("p", { id: "no-issues" }, t("The query is fine, but it finds no issue that you may see.")),
      h(
        "div",
        { class: "actions" },
        button(t("Change the query"), () => on.again(run), { id: "again" }),
      ),
    );
  return h(
    "article",
    { class: "card form-group result", id: "result", "aria-labelledby": "summary-title" },
    head,
    notices(result, issues.length),
    result.question && answer(result, jira, titles),
    h("div", { lang: summary.language }, paragraphs(summary.overview, { class: "overview" })),
    figures(counts, issues.length),
    h("div", { lang: summary.language, class: "summary-text" }, lists(summary, jira, titles)),
    issueTable(issues, jira),
    result.dropped > 0 &&
      h(
        "p",
        { class: "meta", id: "dropped" },
        plural(
          result.dropped,
          "{n} key was left out because it is not among the issues read.",
          "{n} keys were left out because they are not among the issues read.",
        ),
      ),
    h(
      "div",
      { class: "actions" },
      button(t("Export as Markdown"), () => on.download(run), { id: "export" }),
      button(t("Ask again"), () => on.again(run), { id: "again" }),
    ),
  );
}

function answer(result, jira, titles) {
  return h(
    "section",
    { class: "answer", id: "answer", "aria-labelledby": "answer-title" },
    h("h3", { id: "answer-title", dir: "auto" }, result.question),
    h(
      "ul",
      { class: ["plain", "entries"] },
      result.summary.answer.map((item) => finding(item, jira, titles)),
    ),
  );
}
