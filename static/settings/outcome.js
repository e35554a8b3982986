// A result in few words, to be held against another one: what was found, without the tools to work with it.

import { h } from "../dom.js";
import { blocks } from "../parts.js";
import { t } from "../texts.js";
import { aspect, isScored } from "../words.js";

const lines = (values) => [values].flat().filter(Boolean);

function list(heading, entries) {
  return entries.length > 0 && [h("h4", { class: "small-label" }, heading), h("ul", { class: "outcome-list" }, entries)];
}

const entry = (...content) => h("li", { dir: "auto" }, content);

function clauses({ given, when, then }) {
  const words = [
    [t("Given"), lines(given)],
    [t("When"), lines(when)],
    [t("Then"), lines(then)],
  ];
  return words.flatMap(([word, texts]) =>
    texts.map((text) => h("p", { class: "meta", dir: "auto" }, h("b", {}, word), " ", text)),
  );
}

const titled = (item, more = null) => entry(h("span", { class: "strong" }, item.title ?? ""), more);

function analysis(found, overall) {
  const scores = found.scores ?? [];
  return [
    overall !== null && h("p", { class: "strong" }, t("Score {score}", { score: overall })),
    found.summary && h("p", { dir: "auto" }, found.summary),
    scores.length > 0 &&
      h(
        "ul",
        { class: "plain outcome-scores" },
        scores.map((score) => h("li", {}, h("span", {}, aspect(score.aspect)), blocks(score.score ?? 0, aspect(score.aspect)))),
      ),
    list(t("Missing information"), (found.missing ?? []).map((item) => entry(item.what ?? ""))),
    list(t("Questions for the author"), (found.questions ?? []).map((text) => entry(text))),
    list(t("Suggested acceptance criteria"), (found.criteria ?? []).map((item) => titled(item))),
    list(t("Suggested sub-tasks"), (found.subtasks ?? []).map((item) => titled(item))),
  ];
}

function criteria(found) {
  return list(t("Acceptance criteria"), (found.criteria ?? []).map((item) => titled(item, clauses(item))));
}

function steps(scenario) {
  return (scenario.steps ?? []).map((step) =>
    h("p", { class: "meta", dir: "auto" }, [step.action, step.data, step.expected].filter(Boolean).join(" → ")),
  );
}

function scenarios(found) {
  return list(t("Test scenarios"), (found.scenarios ?? []).map((item) => titled(item, steps(item))));
}

const DRAW = { criteria, scenarios };

/** data: a stored result, or half an answer, which has no frame around it yet. */
export function outcome(kind, data) {
  const framed = data?.[kind];
  const inner = framed && !Array.isArray(framed) ? framed : (data ?? {});
  const overall = Number.isInteger(data?.overall) && isScored(data) ? data.overall : null;
  const shown = kind === "analysis" ? analysis(inner, overall) : DRAW[kind](inner);
  const content = [shown].flat(2).filter(Boolean);
  return h("div", { class: "outcome" }, content.length ? content : h("p", { class: "meta" }, t("Nothing yet.")));
}
