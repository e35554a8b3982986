// The tab "Criteria": acceptance criteria one by one, the whole as Gherkin, and what the author has to answer.

import { announce, h } from "../dom.js";
import { button, fold, notice } from "../parts.js";
import { t } from "../texts.js";
import { byline, caution, writer } from "./byline.js";
import { criterionShape, isAbout } from "./criterion.js";
import { askButton, resultFoot } from "./foot.js";
import { ItemList } from "./items.js";
import { resultOf } from "./kinds.js";
import { droppedLine, questions } from "./sections.js";
import { startForm } from "./start.js";
import { emptyState, finished, RunView } from "./view.js";

/** The text to take along; a page in a frame may not be allowed to use the clipboard, then it is selected. */
function copyable(text) {
  const block = h("pre", { class: "gherkin", tabindex: 0, dir: "auto" }, text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce(t("Copied."));
      done.textContent = t("Copied.");
    } catch {
      getSelection().selectAllChildren(block);
      block.focus();
      done.textContent = t("Selected: copy it with your keyboard.");
      announce(done.textContent);
    }
  };
  const done = h("span", { class: "meta" });
  return [h("div", { class: "actions" }, button(t("Copy"), copy, { "data-copy": "" }), done), block];
}

function remarks(lint, criteria) {
  const general = lint.filter((line) => !criteria.some(({ id }) => id && isAbout(line, id)));
  if (!general.length) return null;
  const rows = general.map((line) => h("li", { dir: "auto" }, line));
  return notice("warning", { title: t("To look at"), text: "", actions: [h("ul", { class: "bullets" }, rows)] });
}

function criteriaDocument(run, model, verdicts, form) {
  const result = resultOf(run, "criteria");
  const { criteria, feature, narrative, questions: open } = result.criteria;
  const shape = criterionShape(result.lint, result.criteria.language);
  const list = new ItemList(shape, verdicts, run, { labelledBy: "criteria-title" });
  const foot = resultFoot(model, run, { view: "criteria", partName: "criteria" });
  const node = h(
    "article",
    { class: "report", "data-run": run.id, "data-result": "criteria" },
    h("h2", { id: "criteria-title" }, t("Acceptance criteria")),
    byline(run, writer(run, "criteria")),
    form,
    caution(result),
    feature && h("p", { class: "strong feature", dir: "auto" }, feature),
    narrative && h("p", { class: "summary", dir: "auto" }, narrative),
    remarks(result.lint, criteria),
    list.node,
    droppedLine(result.dropped),
    questions(open, open.length ? askButton(model, run, open) : null),
    result.gherkin &&
      fold("gherkin", { title: t("The whole feature as Gherkin"), open: false }, copyable(result.gherkin)),
    foot.node,
  );
  return {
    node,
    get dirty() {
      return list.dirty;
    },
    update: (now) => {
      list.update(now);
      foot.update(now);
    },
  };
}

export function criteriaView(place, model, verdicts) {
  const form = ({ primary }) => {
    const known = Boolean(model.shown("criteria"));
    const buttons = [
      { kind: "criteria", label: known ? t("Write again") : t("Write acceptance criteria"), primary, force: known },
      { kind: "pipeline", label: known ? t("Criteria and tests") : t("Criteria and tests in one go"), force: known },
    ];
    return startForm(buttons, (kind, wish) => view.begin(kind, wish), { id: "criteria" });
  };
  const empty = (start) =>
    emptyState(
      "no-criteria",
      t("No acceptance criteria yet"),
      [t("JiraVision writes Given, When, Then from what the issue says, and marks what it had to assume.")],
      start,
    );
  const content = (run) => criteriaDocument(run, model, verdicts, form({}));
  const view = new RunView(place, model, "criteria", { empty, form, content, outcome: finished });
  return view;
}
