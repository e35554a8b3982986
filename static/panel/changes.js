// What changed between two runs: the texts of the issue, the items of the result, the scores.

import { h } from "../dom.js";
import { lozenge } from "../parts.js";
import { t } from "../texts.js";
import { aspect, part } from "../words.js";
import { difference } from "./diff.js";

/** The name of an item, whatever kind it is. */
function title(item) {
  if (typeof item !== "object" || item === null) return String(item ?? "");
  return [item.id, item.title ?? item.what ?? item.text].filter(Boolean).join(" ");
}

/** An item as one text, to be compared with another. */
function wording(item) {
  if (typeof item !== "object" || item === null) return String(item ?? "");
  const said = (value) => {
    if (Array.isArray(value)) return value.map(said).join("\n");
    return typeof value === "object" && value !== null ? Object.values(value).map(said).join(" ") : String(value ?? "");
  };
  return Object.entries(item)
    .filter(([name]) => !["id", "part", "kind", "item"].includes(name))
    .map(([, value]) => said(value))
    .filter(Boolean)
    .join("\n");
}

function section(heading, rows) {
  return rows.length > 0 && h("section", {}, h("h3", {}, heading), h("ul", { class: "plain rows" }, rows));
}

function facts(found) {
  return found.map((fact) =>
    h("li", {}, h("p", { class: "strong" }, part(fact.section)), difference(fact.before ?? "", fact.after ?? "")),
  );
}

function items({ added = [], removed = [], changed = [] } = {}) {
  const line = (word, tone) => (item) =>
    h("li", { class: "change" }, lozenge(word, tone), " ", h("span", { dir: "auto" }, title(item)));
  const both = (item) => {
    const { before, after } = item;
    const known = before !== undefined && after !== undefined;
    return h(
      "li",
      { class: "change" },
      lozenge(t("Changed"), "info"),
      " ",
      h("span", { dir: "auto" }, title(known && typeof after === "object" ? after : item)),
      known && difference(wording(before), wording(after)),
    );
  };
  return [...added.map(line(t("New"), "success")), ...removed.map(line(t("Gone"), "error")), ...changed.map(both)];
}

const TONES = { better: "success", worse: "warning", same: "neutral" };
const WORDS = { better: () => t("better"), worse: () => t("worse"), same: () => t("as before") };

/** A number that moved; one that was not there before is neither better nor worse. */
function delta(name, { before, after }) {
  const isKnown = before !== null && after !== null;
  const way = after > before ? "better" : after < before ? "worse" : "same";
  return h(
    "li",
    { class: "delta" },
    h("span", {}, name),
    h("span", { class: "delta-figures" }, `${before ?? "–"} → ${after ?? "–"}`),
    isKnown && lozenge(WORDS[way](), TONES[way]),
  );
}

function scores(found, overall) {
  const rows = found.filter(({ before, after }) => before !== after).map((score) => delta(aspect(score.aspect), score));
  return overall ? [delta(t("Overall score"), overall), ...rows] : rows;
}

/** The answer of the API as a reader should see it. */
export function changesView({ since, facts: texts = [], items: found, scores: marks = [], overall = null }) {
  const parts = [
    section(t("In the issue"), facts(texts)),
    section(t("In the result"), items(found)),
    section(t("In the scores"), scores(marks, overall)),
  ].filter(Boolean);
  const nothing = since === null ? t("There is nothing earlier to compare with.") : t("Nothing changed.");
  return h(
    "div",
    { class: "changes" },
    h("h2", { class: "fold-title" }, t("What changed")),
    parts.length ? parts : h("p", {}, nothing),
  );
}
