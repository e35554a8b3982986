// Tables that stay tables for screen readers when a narrow page stacks their rows (the roles outlive `display`).

import { h } from "./dom.js";

/** columns: names; rows: lists of cells (text or nodes), the first of which heads its row. */
export function table(id, caption, columns, rows) {
  const head = h(
    "tr",
    { role: "row" },
    columns.map((name) => h("th", { role: "columnheader", scope: "col" }, name)),
  );
  const body = rows.map((cells) =>
    h(
      "tr",
      { role: "row" },
      cells.map((cell, at) =>
        h(
          at ? "td" : "th",
          { role: at ? "cell" : "rowheader", scope: at ? null : "row", "data-label": columns[at] },
          h("div", { class: "cell" }, cell),
        ),
      ),
    ),
  );
  return h(
    "table",
    { id, role: "table" },
    h("caption", { class: "sr-only" }, caption),
    h("thead", { role: "rowgroup" }, head),
    h("tbody", { role: "rowgroup" }, body),
  );
}
