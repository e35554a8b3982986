// Atlassian documents as page elements. Unknown nodes show their children; addresses other than the web and mail stay text.
import { h } from "./dom.js";

const SAFE = /^(https?:|mailto:)/i;
const MARKS = { strong: "strong", em: "em", code: "code", strike: "s", underline: "u" };
const COLOURS = { purple: "blue", blue: "blue", red: "red", yellow: "yellow", green: "green" };

export const prose = (document_) => h("div.prose", {}, nodes(document_?.content));
const nodes = (content) => (content ?? []).map(node).flat();

const BLOCKS = {
  paragraph: (n) => h("p", {}, nodes(n.content)),
  heading: (n) => h(`h${Math.min(6, Math.max(1, n.attrs?.level ?? 3))}`, {}, nodes(n.content)),
  bulletList: (n) => h("ul", {}, nodes(n.content)),
  orderedList: (n) => h("ol", { start: n.attrs?.order }, nodes(n.content)),
  listItem: (n) => h("li", {}, nodes(n.content)),
  codeBlock: (n) => h("pre", { tabindex: "0" }, h("code", {}, nodes(n.content))),
  blockquote: (n) => h("blockquote", {}, nodes(n.content)),
  panel: (n) => h(`div.note.${n.attrs?.panelType ?? "info"}`, {}, nodes(n.content)),
  rule: () => h("hr"),
  table: (n) => h("div.scroll", { tabindex: "0" }, h("table", {}, h("tbody", {}, nodes(n.content)))),
  tableRow: (n) => h("tr", {}, nodes(n.content)),
  tableHeader: (n) => h("th", { colspan: n.attrs?.colspan, rowspan: n.attrs?.rowspan }, nodes(n.content)),
  tableCell: (n) => h("td", { colspan: n.attrs?.colspan, rowspan: n.attrs?.rowspan }, nodes(n.content)),
  expand: (n) => h("details", {}, h("summary", {}, n.attrs?.title || "…"), nodes(n.content)),
  nestedExpand: (n) => BLOCKS.expand(n),
  taskList: (n) => h("ul", {}, nodes(n.content)),
  taskItem: (n) => h("li", {}, n.attrs?.state === "DONE" ? "☑ " : "☐ ", nodes(n.content)),
  decisionList: (n) => h("ul", {}, nodes(n.content)),
  decisionItem: (n) => h("li", {}, nodes(n.content)),
  media: (n) => h("p.soft", {}, `[${n.attrs?.alt || "image"}]`),
  text: (n) => (n.marks ?? []).reduce(marked, document.createTextNode(n.text ?? "")),
  hardBreak: () => h("br"),
  mention: (n) => h("span.mention", {}, n.attrs?.text || "@…"),
  emoji: (n) => document.createTextNode(n.attrs?.text || n.attrs?.shortName || ""),
  status: (n) => h(`span.lozenge.${COLOURS[n.attrs?.color] ?? "neutral"}`, {}, n.attrs?.text ?? ""),
  date: (n) => document.createTextNode(new Date(Number(n.attrs?.timestamp)).toLocaleDateString(document.documentElement.lang)),
  inlineCard: (n) => link(n.attrs?.url, document.createTextNode(n.attrs?.url ?? "")),
};

const node = (n) => (BLOCKS[n?.type] ? BLOCKS[n.type](n) : nodes(n?.content));

function marked(inner, mark) {
  if (mark.type === "link") return link(mark.attrs?.href, inner);
  if (mark.type === "subsup") return h(mark.attrs?.type === "sub" ? "sub" : "sup", {}, inner);
  return MARKS[mark.type] ? h(MARKS[mark.type], {}, inner) : inner;
}

function link(href, inner) {
  return SAFE.test(href ?? "") ? h("a", { href, rel: "noopener noreferrer", target: "_blank" }, inner) : inner;
}
