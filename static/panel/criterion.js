// Acceptance criteria as items: what a card shows of one, and what may be changed in it.

import { h } from "../dom.js";
import { lozenge } from "../parts.js";
import { t } from "../texts.js";
import { itemKind, itemsOf } from "./kinds.js";

export const KIND_TONES = { happy: "success", negative: "error", boundary: "warning", permission: "info" };

/** Given, When, Then, And by the language of a result, as the downloaded features have them. */
const KEYWORDS = {
  da: "givet,når,så,og",
  de: "angenommen,wenn,dann,und",
  en: "given,when,then,and",
  es: "dado,cuando,entonces,y",
  fr: "étant_donné,quand,alors,et",
  it: "dato,quando,allora,e",
  nb: "gitt,når,så,og",
  nl: "gegeven,als,dan,en",
  pt: "dado,quando,então,e",
  sv: "givet,när,så,och",
};

/** A quote as one sees it in the issue: without the Markdown marks of the text that was read. */
export function plainQuote(quote) {
  return quote
    .replace(/[\\*`]/g, "")
    .replace(/[|\s]+/g, " ")
    .trim();
}

/** Clauses in a row; the second and later ones begin with And. */
function clauses(word, and, found) {
  const texts = [found ?? []].flat().filter(Boolean);
  return texts.map((clause, at) =>
    h("p", { class: "clause", dir: "auto" }, h("strong", {}, at ? and : word), " ", clause),
  );
}

/** The keywords in the language of the clauses they stand before; the page's where we do not have them. */
function keywordsOf(language) {
  const listed = KEYWORDS[language]?.split(",") ?? [t("Given"), t("When"), t("Then"), t("And")];
  return listed.map((word) => word.charAt(0).toUpperCase() + word.slice(1).replace("_", " "));
}

/** language: ISO 639-1 of the result. */
export function clauseNodes({ given, when, then }, language) {
  const [first, second, third, and] = keywordsOf(language);
  return [clauses(first, and, given), clauses(second, and, when), clauses(third, and, then)];
}

function basis({ quote, assumption }) {
  if (quote) return h("blockquote", { dir: "auto" }, plainQuote(quote));
  return (
    assumption && h("p", { class: "assumption", dir: "auto" }, lozenge(t("Assumption"), "warning"), " ", assumption)
  );
}

/** Whether a remark begins with this id: "AC-1" but not "AC-12". */
export function isAbout(line, id) {
  return line.startsWith(id) && !/^[\w-]/.test(line.slice(id.length));
}

/**
 * lint: remarks on the whole result, one line each; those that begin with the id of a criterion belong to it.
 * language: of the result, ISO 639-1.
 */
export function criterionShape(lint = [], language) {
  const remarks = ({ id }) => lint.filter((line) => id && isAbout(line, id));
  return {
    part: "criteria",
    // What a pipeline writes item by item are its scenarios.
    places: (run) => (run.kind === "criteria" ? ["subtasks", "xray", "zephyr"] : []),
    name: (item, index) => item.id || t("Criterion {n}", { n: index + 1 }),
    title: (item, index) => [h("span", { class: "item-id" }, item.id || `AC-${index + 1}`), " ", item.title],
    head: (item) => lozenge(itemKind(item.kind), KIND_TONES[item.kind]),
    body: (item, verdict = null) => [
      clauseNodes(item, language),
      // A quote stands behind what was suggested, not behind what somebody made of it.
      verdict !== "edited" && basis(item),
      remarks(item).map((line) => h("p", { class: "remark", dir: "auto" }, line)),
    ],
    fields: (item) => [
      { name: "title", kind: "line", label: t("Title"), value: item.title, required: true },
      { name: "given", kind: "lines", label: t("Given"), value: item.given },
      { name: "when", kind: "line", label: t("When"), value: item.when, max: 1_000, required: true },
      { name: "then", kind: "lines", label: t("Then"), value: item.then, required: true },
    ],
    itemOf: (run, index) => itemsOf(run, "criteria")[index],
  };
}

/** The criteria an analysis suggests: single clauses, and no id. */
export const suggestionShape = (language) => ({
  part: "criteria",
  id: "suggestion",
  places: () => [],
  name: (item, index) => t("Criterion {n}", { n: index + 1 }),
  title: (item, index) => item.title || t("Criterion {n}", { n: index + 1 }),
  head: () => null,
  body: (item) => clauseNodes(item, language),
  fields: (item) => [
    { name: "title", kind: "line", label: t("Title"), value: item.title },
    { name: "given", kind: "line", label: t("Given"), value: item.given, max: 1_000 },
    { name: "when", kind: "line", label: t("When"), value: item.when, max: 1_000 },
    { name: "then", kind: "line", label: t("Then"), value: item.then, max: 1_000, required: true },
  ],
  itemOf: (run, index) => itemsOf(run, "criteria")[index],
});
