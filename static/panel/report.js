// A finished analysis, section by section.

import { h } from "../dom.js";
import { fold, ring } from "../parts.js";
import { t } from "../texts.js";
import { isScored, judge, verdict } from "../words.js";
import { byline, caution } from "./byline.js";
import { suggestionShape } from "./criterion.js";
import { askButton, resultFoot } from "./foot.js";
import { ItemList } from "./items.js";
import { labels, missing, questions, risks, scores } from "./sections.js";

function head(run, form) {
  const { overall } = run.result;
  const scored = isScored(run.result);
  const { word, tone } = scored ? verdict(overall) : { word: t("Not scored") };
  const text = t("{score} of 100: {verdict}", { score: overall, verdict: word });
  return h(
    "div",
    { class: "score-head" },
    scored && ring(overall, { label: t("Overall score"), text, tone }),
    h("div", { class: "score-text" }, h("p", { class: "score-word" }, word), byline(run, judge(run))),
    h("div", { class: "score-actions" }, form),
  );
}

/** {node, update(run), dirty}. form: starts the analysis again; similar: the section about issues like this one. */
export function report(run, model, verdicts, { form, similar }) {
  const { result } = run;
  const { analysis } = result;
  const suggested = analysis.criteria.length;
  const shape = suggestionShape(analysis.language);
  const list = suggested ? new ItemList(shape, verdicts, run, { labelledBy: "suggestions-title" }) : null;
  const foot = resultFoot(model, run, { view: "analysis", partName: "criteria" });
  const ask = analysis.questions.length ? askButton(model, run, analysis.questions) : null;
  const title = h("span", { id: "suggestions-title" }, t("Suggested acceptance criteria"));
  const node = h(
    "article",
    { class: "report", id: "report", "data-run": run.id },
    head(run, form),
    caution(result),
    analysis.summary && h("p", { class: "summary", id: "summary", dir: "auto" }, analysis.summary),
    scores(result),
    missing(analysis),
    questions(analysis.questions, ask),
    risks(analysis),
    list && fold("criteria", { title, count: suggested, open: false }, list.node),
    labels(analysis),
    similar.node,
    foot.node,
  );
  return {
    node,
    get dirty() {
      return Boolean(list?.dirty);
    },
    update: (now) => {
      // One section serves every analysis of the issue: it moves to the one that is shown.
      if (similar.node.parentNode !== node) node.insertBefore(similar.node, foot.node);
      list?.update(now);
      foot.update(now);
      similar.update();
    },
  };
}
