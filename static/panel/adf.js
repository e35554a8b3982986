// An Atlassian document as page elements, for previews: known nodes only, every text as text, and no picture is loaded.

import { h, link } from "../dom.js";
import { t } from "../texts.js";

const DEEPEST = 40;
const MARKS = { strong: "strong", em: "em", code: "code", strike: "s", underline: "u" };
const COLOURS = { green: "success", yellow: "warning", red: "error", blue: "info", purple: "info" };
const PANELS = { info: "info", note: "info", tip: "success", success: "success", warning: "warning", error: "error" };

const level = (node) => Math.min(6, Math.max(1, Number(node.attrs?.level) || 3));
const text = (value) => (typeof value === "string" ? value : "");

function marked(node) {
  return (Array.isArray(node.marks) ? node.marks : []).reduce((inner, mark) => {
    if (mark?.type === "link") return link(mark.attrs?.href, inner);
    return Object.hasOwn(MARKS, mark?.type) ? h(MARKS[mark.type], {}, inner) : inner;
  }, text(node.text));
}

const around = (tag, props) => (node, inside) =>
  h(tag, typeof props === "function" ? props(node) : (props ?? {}), inside());

const NODES = {
  text: marked,
  hardBreak: around("br"),
  paragraph: around("p", { dir: "auto" }),
  // Headings of the document, not of this page: they must not break its order.
  heading: around("p", (node) => ({ class: `adf-heading adf-heading-${level(node)}`, dir: "auto" })),
  bulletList: around("ul", { class: "bullets" }),
  orderedList: around("ol", { class: "bullets" }),
  listItem: around("li"),
  taskList: around("ul", { class: "bullets" }),
  taskItem: (node, inside) => h("li", {}, node.attrs?.state === "DONE" ? "☑ " : "☐ ", inside()),
  blockquote: around("blockquote"),
  codeBlock: (node, inside) => h("pre", { tabindex: 0 }, h("code", {}, inside())),
  panel: around("div", (node) => ({ class: `adf-panel notice-${PANELS[node.attrs?.panelType] ?? "info"}` })),
  rule: around("hr"),
  expand: (node, inside) =>
    h("div", { class: "adf-expand" }, h("p", { class: "strong" }, text(node.attrs?.title)), inside()),
  // In a narrow panel a table keeps its words whole and is scrolled.
  table: (node, inside) =>
    h("div", { class: "adf-scroll", tabindex: 0 }, h("table", { class: "adf-table" }, h("tbody", {}, inside()))),
  tableRow: around("tr"),
  tableHeader: around("th"),
  tableCell: around("td"),
  status: (node) =>
    h("span", { class: `lozenge lozenge-${COLOURS[node.attrs?.color] ?? "neutral"}` }, text(node.attrs?.text)),
  mention: (node) => h("span", { class: "mention" }, text(node.attrs?.text) || "@…"),
  emoji: (node) => text(node.attrs?.text) || text(node.attrs?.shortName),
  date: (node) => new Date(Number(node.attrs?.timestamp) || 0).toLocaleDateString(document.documentElement.lang),
  inlineCard: (node) => link(node.attrs?.url, text(node.attrs?.url)),
  media: () => h("span", { class: "meta" }, t("(picture)")),
};

function shown(node, depth) {
  if (typeof node !== "object" || node === null || depth > DEEPEST) return null;
  const inside = () => (Array.isArray(node.content) ? node.content : []).map((child) => shown(child, depth + 1));
  return Object.hasOwn(NODES, node.type) ? NODES[node.type](node, inside) : inside();
}

/** The document in one element; what it does not know it shows by its words. */
export function adfView(content) {
  return h("div", { class: "adf" }, shown({ ...content, type: "doc" }, 0));
}
