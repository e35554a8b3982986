// The sections of a finished analysis. Everything in them comes from a model or an issue and is shown as plain text.

import { h } from "../dom.js";
import { blocks, fold, lozenge } from "../parts.js";
import { plural, t } from "../texts.js";
import { aspect, severity } from "../words.js";
import { plainQuote } from "./criterion.js";

const SEVERITY_TONES = { low: "neutral", medium: "warning", high: "error" };

/** The rules' reasons say themselves when the issue is silent; a model's may not. */
function evidence(score, author) {
  if (score.quote) return h("blockquote", { dir: "auto" }, plainQuote(score.quote));
  return author === "model" && h("p", { class: "meta" }, t("Nothing in the issue says so."));
}

function scoreItem(score, author) {
  return h(
    "li",
    { class: "aspect" },
    h(
      "div",
      { class: "aspect-head" },
      h("h3", {}, aspect(score.aspect)),
      blocks(score.score, aspect(score.aspect)),
      h("span", { class: "aspect-number", "aria-hidden": "true" }, `${score.score}/5`),
    ),
    h("p", { dir: "auto" }, score.reason),
    evidence(score, author),
  );
}

/** How many quotes of a model were not in the issue; nothing when all were. */
export function droppedLine(dropped) {
  if (!(dropped > 0)) return null;
  const text = plural(
    dropped,
    "{n} quote was dropped because it is not in the issue.",
    "{n} quotes were dropped because they are not in the issue.",
  );
  return h("p", { class: "meta", "data-dropped": "" }, text);
}

export function scores({ analysis, author, dropped }) {
  if (!analysis.scores.length) return null;
  const title = analysis.nature === "bug" ? t("Quality of the bug report") : t("Quality of the story (INVEST)");
  const rows = analysis.scores.map((score) => scoreItem(score, author));
  return fold("scores", { title, open: true }, h("ul", { class: "plain" }, rows), droppedLine(dropped));
}

export function missing({ missing: found }) {
  if (!found.length) return null;
  const row = ({ what, why }) =>
    h("li", {}, h("p", { class: "strong", dir: "auto" }, what), why && h("p", { class: "meta", dir: "auto" }, why));
  const head = { title: t("Missing information"), count: found.length, open: true };
  return fold("missing", head, h("ul", { class: "plain rows" }, found.map(row)));
}

/** ask: the button that puts them to the author, or null. */
export function questions(found, ask) {
  if (!found.length) return null;
  const head = { title: t("Questions for the author"), count: found.length, open: true };
  const rows = found.map((question) => h("li", { dir: "auto" }, question));
  return fold("questions", head, h("ol", { class: "questions" }, rows), ask && h("div", { class: "actions" }, ask));
}

export function risks({ risks: found }) {
  if (!found.length) return null;
  const mark = (level) =>
    lozenge(t("Severity: {level}", { level: severity(level).toLocaleLowerCase() }), SEVERITY_TONES[level]);
  const row = (risk) => h("li", { class: "risk" }, mark(risk.severity), h("p", { dir: "auto" }, risk.text));
  return fold(
    "risks",
    { title: t("Risks"), count: found.length, open: false },
    h("ul", { class: "plain rows" }, found.map(row)),
  );
}

export function labels({ labels: found }) {
  if (!found.length) return null;
  const rows = found.map((label) => h("li", { class: "label", dir: "auto" }, label));
  return fold(
    "labels",
    { title: t("Suggested labels"), count: found.length, open: false },
    h("ul", { class: "plain labels" }, rows),
  );
}
