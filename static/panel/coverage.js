// Which criteria have a test: counted by code, never by a model.

import { h, svg } from "../dom.js";
import { fold, lozenge, notice } from "../parts.js";
import { number, t } from "../texts.js";

const FROM = {
  run: () => t("The criteria are those of an earlier run."),
  issue: () => t("The criteria are those in the issue."),
  analysis: () => t("The criteria were worked out on the way, because there were none."),
};

/** A bar of which the covered share is filled; the words beside it say the same. */
function bar(covered, total) {
  return svg(
    "svg",
    { class: "coverage-bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { x: 0, y: 0, width: 100, height: 6, class: "coverage-rest" }),
    svg("rect", { x: 0, y: 0, width: total ? (100 * covered) / total : 0, height: 6, class: "coverage-part" }),
  );
}

function row(criterion) {
  const tests = criterion.scenarios.length
    ? h("span", { class: "meta" }, t("tested by {ids}", { ids: criterion.scenarios.join(", ") }))
    : lozenge(t("Not covered"), "warning");
  return h(
    "li",
    { class: "covered" },
    h("span", { dir: "auto" }, h("strong", {}, criterion.id), " ", criterion.title),
    " ",
    tests,
  );
}

/** isOwn: the criteria were written by the same run, so there is nothing to say of where they came from. */
export function coverageView({ coverage, criteria_from: from, scenarios }, isOwn) {
  if (!coverage.length) return null;
  const uncovered = coverage.filter((criterion) => !criterion.scenarios.length);
  const [covered, total] = [coverage.length - uncovered.length, coverage.length];
  const said = t("{covered} of {total} criteria are covered", { covered: number(covered), total: number(total) });
  const names = uncovered.map(({ id, title }) => `${id} ${title}`).join("; ");
  return h(
    "section",
    { class: "coverage", "aria-labelledby": "coverage-title" },
    h("h3", { id: "coverage-title" }, said),
    bar(covered, total),
    !scenarios.scenarios.length &&
      h("p", { "data-none": "" }, t("None of the criteria gives rise to a test of the kinds asked for.")),
    uncovered.length > 0 && notice("warning", { "data-uncovered": "", text: t("Without a test: {names}.", { names }) }),
    !isOwn && h("p", { class: "meta" }, FROM[from]?.()),
    fold(
      "coverage",
      { title: t("Coverage by criterion"), open: false },
      h("ul", { class: "plain rows" }, coverage.map(row)),
    ),
  );
}
