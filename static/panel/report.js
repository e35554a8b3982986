// A finished analysis, section by section. Everything in it comes from a model or an issue and is shown as plain text.

import { h, link } from "../dom.js";
import { blocks, fold, icon, lozenge, notice, ring, time } from "../parts.js";
import { plural, t } from "../texts.js";
import { aspect, isScored, judge, part, severity, verdict } from "../words.js";

const SEVERITY_TONES = { low: "neutral", medium: "warning", high: "error" };

function head(run, actions) {
  const { overall } = run.result;
  const scored = isScored(run.result);
  const { word, tone } = scored ? verdict(overall) : { word: t("Not scored") };
  return h(
    "div",
    { class: "score-head" },
    scored &&
      ring(overall, {
        label: t("Overall score"),
        text: t("{score} of 100: {verdict}", { score: overall, verdict: word }),
        tone,
      }),
    h(
      "div",
      { class: "score-text" },
      h("p", { class: "score-word" }, word),
      h("p", { class: "meta", id: "judged-by" }, judge(run)),
      h("p", { class: "meta" }, time(run.finished_at ?? run.created_at)),
    ),
    h("div", { class: "score-actions" }, actions),
  );
}

function caution(result) {
  if (result.notice === "model_failed") {
    return notice("warning", {
      id: "model-failed",
      title: t("The model did not answer"),
      text: t("The built-in rules judged the issue instead. Analyse again later for the model's opinion."),
    });
  }
  if (result.notice === "no_model") {
    return notice("info", {
      id: "no-model",
      text: t("No model is set up, so built-in rules judged the issue. A Jira administrator can choose a model."),
    });
  }
  return null;
}

/** A quote as one sees it in the issue: without the Markdown marks of the text that was judged. */
function seen(quote) {
  return quote
    .replace(/[\\*`]/g, "")
    .replace(/[|\s]+/g, " ")
    .trim();
}

/** The rules' reasons say themselves when the issue is silent; a model's may not. */
function evidence(score, author) {
  if (score.quote) return h("blockquote", { dir: "auto" }, seen(score.quote));
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

function scores(result) {
  const { analysis, dropped } = result;
  if (!analysis.scores.length) return null;
  const title = analysis.nature === "bug" ? t("Quality of the bug report") : t("Quality of the story (INVEST)");
  return fold(
    "scores",
    { title, open: true },
    h("ul", { class: "plain" }, analysis.scores.map((score) => scoreItem(score, result.author))),
    dropped > 0 &&
      h(
        "p",
        { class: "meta", id: "dropped" },
        plural(
          dropped,
          "{n} quote was dropped because it is not in the issue.",
          "{n} quotes were dropped because they are not in the issue.",
        ),
      ),
  );
}

function missing(analysis) {
  return (
    analysis.missing.length > 0 &&
    fold(
      "missing",
      { title: t("Missing information"), count: analysis.missing.length, open: true },
      h(
        "ul",
        { class: "plain rows" },
        analysis.missing.map(({ what, why }) =>
          h(
            "li",
            {},
            h("p", { class: "strong", dir: "auto" }, what),
            why && h("p", { class: "meta", dir: "auto" }, why),
          ),
        ),
      ),
    )
  );
}

function questions(analysis) {
  return (
    analysis.questions.length > 0 &&
    fold(
      "questions",
      { title: t("Questions for the author"), count: analysis.questions.length, open: true },
      h(
        "ol",
        { class: "questions" },
        analysis.questions.map((question) => h("li", { dir: "auto" }, question)),
      ),
    )
  );
}

function risks(analysis) {
  return (
    analysis.risks.length > 0 &&
    fold(
      "risks",
      { title: t("Risks"), count: analysis.risks.length, open: false },
      h(
        "ul",
        { class: "plain rows" },
        analysis.risks.map((risk) =>
          h(
            "li",
            { class: "risk" },
            lozenge(
              t("Severity: {level}", { level: severity(risk.severity).toLocaleLowerCase() }),
              SEVERITY_TONES[risk.severity],
            ),
            h("p", { dir: "auto" }, risk.text),
          ),
        ),
      ),
    )
  );
}

function clause(word, text) {
  return text && h("p", { dir: "auto" }, h("strong", {}, word), " ", text);
}

function criteria(analysis) {
  return (
    analysis.criteria.length > 0 &&
    fold(
      "criteria",
      { title: t("Suggested acceptance criteria"), count: analysis.criteria.length, open: false },
      h(
        "ul",
        { class: "plain rows" },
        analysis.criteria.map((criterion) =>
          h(
            "li",
            { class: "criterion" },
            criterion.title && h("h3", { dir: "auto" }, criterion.title),
            clause(t("Given"), criterion.given),
            clause(t("When"), criterion.when),
            clause(t("Then"), criterion.then),
          ),
        ),
      ),
    )
  );
}

function labels(analysis) {
  return (
    analysis.labels.length > 0 &&
    fold(
      "labels",
      { title: t("Suggested labels"), count: analysis.labels.length, open: false },
      h(
        "ul",
        { class: "plain labels" },
        analysis.labels.map((label) => h("li", { class: "label", dir: "auto" }, label)),
      ),
    )
  );
}

/** Where the comment of this run stands, or the button that writes it. */
function comment(run, onComment) {
  const written = (run.publications ?? []).filter((item) => item.target === "comment").at(-1);
  if (written?.status === "done")
    return h("p", { class: "meta written" }, icon("success"), link(written.url, t("Posted as a comment")));
  if (written?.status === "pending") return h("p", { class: "meta" }, t("Posting the comment…"));
  return h("div", { class: "actions" }, onComment(written));
}

function foot(run, onComment) {
  const read = (run.facts_read ?? []).map(part);
  return h(
    "footer",
    { class: "report-foot" },
    comment(run, onComment),
    read.length > 0 && h("p", { class: "meta" }, t("What was read: {parts}.", { parts: read.join(", ") })),
    h("p", { class: "meta" }, t("Suggestions can be wrong: people decide.")),
  );
}

/** actions: buttons beside the score; onComment(publication): the button that posts the comment, or tells why it failed. */
export function report(run, { actions, onComment }) {
  const { result } = run;
  const { analysis } = result;
  return h(
    "article",
    { class: "report", id: "report", "data-run": run.id },
    head(run, actions),
    caution(result),
    analysis.summary && h("p", { class: "summary", id: "summary", dir: "auto" }, analysis.summary),
    scores(result),
    missing(analysis),
    questions(analysis),
    risks(analysis),
    criteria(analysis),
    labels(analysis),
    foot(run, onComment),
  );
}
