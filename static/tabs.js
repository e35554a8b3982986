// A tab list as the ARIA practices describe it: one stop in the tab order, arrows move and select, Home and End jump.

import { byId } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Makes the tablist work; returns select(id of a tab). onSelect is told the id whenever the choice changes. */
export function tabs(list, onSelect = () => {}) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  const select = (id, { focus = false } = {}) => {
    for (const tab of all) {
      const chosen = tab.id === id;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !chosen;
      if (chosen && focus) tab.focus();
    }
    onSelect(id);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) select(tab.id);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    let next = null;
    if (event.key in STEPS) next = all[(at + STEPS[event.key] + all.length) % all.length];
    else if (event.key === "Home") next = all[0];
    else if (event.key === "End") next = all.at(-1);
    if (at < 0 || !next) return;
    event.preventDefault();
    select(next.id, { focus: true });
  });
  return select;
}
