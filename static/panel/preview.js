// What a publication would write, as it would look: nothing here comes from us but the frame around it.

import { h } from "../dom.js";
import { lozenge, notice } from "../parts.js";
import { t } from "../texts.js";
import { adfView } from "./adf.js";

function stepsOf(item) {
  return Array.isArray(item.steps) ? item.steps : [];
}

function body(item) {
  if (item.adf) return adfView(item.adf);
  const steps = stepsOf(item);
  if (!steps.length) return h("pre", { tabindex: 0, dir: "auto" }, item.markdown ?? "");
  const line = ({ action, data, expected }) =>
    h(
      "li",
      {},
      h("p", { dir: "auto" }, action),
      data && h("p", { class: "meta", dir: "auto" }, t("Data: {data}", { data })),
      expected && h("p", { class: "meta", dir: "auto" }, t("Expected: {text}", { text: expected })),
    );
  return h("ol", { class: "bullets" }, steps.map(line));
}

function itemView(item, isAlone) {
  const problems = (item.problems ?? []).map((text) => h("p", { class: "remark", dir: "auto" }, t(text)));
  return h(
    "article",
    { class: "preview-item", "data-preview": item.item },
    !isAlone && item.title && h("p", { class: "strong", dir: "auto" }, item.title),
    problems.length > 0 && [lozenge(t("Look at this"), "warning"), problems],
    body(item),
  );
}

/** The answer of the API: where, what, and what to know before. */
export function previewView({ where: text, place, items, warnings = [] }) {
  // These sentences are the server's own, and stand in the catalogs of this page as well.
  const where = [t(text ?? ""), place].filter(Boolean).join(": ");
  return [
    where && h("p", { class: "meta", dir: "auto", "data-where": "" }, where),
    warnings.map((text) => notice("warning", { text: t(text) })),
    items.length
      ? items.map((item) => itemView(item, items.length === 1 && !item.title))
      : h("p", {}, t("Nothing would be written.")),
  ];
}
