// What can already be read of an answer that is still being written. Any piece of it may be missing or half there.

import { h } from "../dom.js";
import { lozenge } from "../parts.js";
import { languageName, t } from "../texts.js";
import { aspect } from "../words.js";

const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (typeof value === "string" ? value : "");

/** The two halves of a pipeline come one inside the other or side by side. */
function pieces(partial) {
  const inside = (value, name) => list(Array.isArray(value) ? value : (value?.[name]?.[name] ?? value?.[name]));
  return {
    summary: text(partial?.summary) || text(partial?.feature) || text(partial?.criteria?.feature),
    scores: list(partial?.scores).filter((score) => score?.aspect && Number.isInteger(score.score)),
    criteria: inside(partial?.criteria, "criteria").filter((item) => text(item?.title)),
    scenarios: inside(partial?.scenarios, "scenarios").filter((item) => text(item?.title)),
  };
}

const NATURES = { story: () => t("Read as a story"), bug: () => t("Read as a bug report") };

/** The first words a model writes say what it took the issue for: shown while the rest is on its way. */
function first(partial) {
  const language = text(partial?.language);
  const known = /^[a-z]{2}$/.test(language) ? languageName(language) : "";
  const found = [NATURES[text(partial?.nature)]?.(), known].filter(Boolean);
  if (!found.length) return h("p", { class: "meta" }, t("The answer begins…"));
  return h(
    "p",
    { class: "partial-first" },
    found.map((word) => lozenge(word)),
  );
}

function titles(items) {
  const line = (item) =>
    h("li", {}, text(item.id) && h("strong", {}, `${item.id} `), h("span", { dir: "auto" }, item.title));
  return items.length > 0 && h("ul", { class: "partial-titles" }, items.map(line));
}

/** What stands there, as elements; nothing before the first piece. */
export function partialNodes(partial) {
  if (!partial) return null;
  const { summary, scores, criteria, scenarios } = pieces(partial);
  const judged = scores.map((score) => h("li", {}, aspect(score.aspect), " ", h("strong", {}, `${score.score}/5`)));
  return [
    first(partial),
    summary && h("p", { dir: "auto", class: "partial-summary" }, summary),
    judged.length > 0 && h("ul", { class: "partial-scores" }, judged),
    titles(criteria),
    titles(scenarios),
  ];
}

/** The same for the ear: {text, count}. */
export function heard(partial) {
  const { summary, scores, criteria, scenarios } = pieces(partial);
  return { text: summary, count: scores.length + criteria.length + scenarios.length };
}
