// What was done in the last 30 days: totals, and a bar a day with the same figures as a table.

import { h, svg } from "../dom.js";
import { day, N_, number, plural, t } from "../texts.js";
import { table } from "../table.js";

const DAYS = 30;
const DAY_MS = 86_400_000;
const WIDTH = 600;
const HEIGHT = 120;
const TOTALS = {
  succeeded: N_("Analyses done"),
  failed: N_("Analyses failed"),
  cancelled: N_("Analyses cancelled"),
  running: N_("Analyses running"),
  queued: N_("Analyses waiting"),
};

/** Every day of the period, also those without work, oldest first. */
export function filled(byDay, now = Date.now()) {
  const known = new Map(byDay.map((entry) => [entry.day, entry]));
  return Array.from({ length: DAYS }, (_, index) => {
    const date = new Date(now - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return known.get(date) ?? { day: date, runs: 0, input_tokens: 0, output_tokens: 0 };
  });
}

function bar(entry, index, most) {
  const step = WIDTH / DAYS;
  const height = entry.runs ? Math.max(3, (entry.runs / most) * HEIGHT) : 0;
  return svg(
    "rect",
    { class: "bar", x: index * step + 2, y: HEIGHT - height, width: step - 4, height, rx: 2 },
    svg("title", {}, `${day(entry.day)}: ${plural(entry.runs, "{n} analysis", "{n} analyses")}`),
  );
}

function chart(days) {
  const total = days.reduce((sum, entry) => sum + entry.runs, 0);
  const most = Math.max(1, ...days.map((entry) => entry.runs));
  const label = t("Analyses by day: {total} in 30 days, at most {most} on one day.", {
    total: number(total),
    most: number(most),
  });
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, t("Analyses by day")),
    svg(
      "svg",
      { role: "img", "aria-label": label, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      svg("path", { class: "axis", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
      days.map((entry, index) => bar(entry, index, most)),
    ),
    h(
      "div",
      { class: "chart-ends meta", "aria-hidden": "true" },
      h("span", {}, day(days[0].day)),
      h("span", {}, day(days.at(-1).day)),
    ),
  );
}

function figures(days) {
  const rows = days
    .filter((entry) => entry.runs)
    .reverse()
    .map((entry) => [day(entry.day), number(entry.runs), number(entry.input_tokens), number(entry.output_tokens)]);
  return h(
    "details",
    { class: "as-table" },
    h("summary", {}, t("Show as a table")),
    table("usage-table", t("Analyses by day"), [t("Day"), t("Analyses"), t("Tokens read"), t("Tokens written")], rows),
  );
}

function figure(value, label) {
  return h("div", { class: "figure-card" }, h("dt", {}, label), h("dd", {}, number(value)));
}

export function usageReport({ runs, tokens, issues, by_day: byDay }) {
  const days = filled(byDay);
  return h(
    "div",
    { class: "card" },
    h("h2", { id: "usage-title" }, t("The last 30 days")),
    h(
      "dl",
      { class: "figures", id: "totals" },
      figure(issues, t("Issues analysed")),
      Object.entries(TOTALS).map(([code, text]) => figure(runs[code] ?? 0, t(text))),
      figure(tokens.input, t("Tokens read")),
      figure(tokens.output, t("Tokens written")),
    ),
    chart(days),
    figures(days),
  );
}
