// What was done and what it cost: totals, a bar a day, and the same figures as tables.

import { get } from "../api.js";
import { announce, h, put, svg } from "../dom.js";
import { select } from "../form.js";
import { errorNotice } from "../parts.js";
import { table } from "../table.js";
import { day, money, N_, number, t } from "../texts.js";
import { named, provider as providerName } from "../words.js";

const WIDTH = 600;
const HEIGHT = 120;
const PERIODS = [7, 30, 90];
const TOTALS = {
  succeeded: N_("Runs done"),
  failed: N_("Runs failed"),
  cancelled: N_("Runs cancelled"),
  running: N_("Runs at work"),
  queued: N_("Runs waiting"),
};
const payer = named({ operator: N_("The add-on's operator"), site: N_("This site") });
const ORDER = ["openai", "anthropic", "gemini", "ollama"];

const measured = named({ runs: N_("Runs"), tokens: N_("Tokens"), cost: N_("Cost in US dollars") });

/** What the bars can show. parts: what one day's bar is made of, from the bottom up: [class, amount]. */
const MEASURES = {
  runs: { of: (each) => each.runs, say: number, parts: (each) => [["bar", each.runs]] },
  tokens: {
    of: (each) => each.input_tokens + each.output_tokens,
    say: number,
    parts: (each) => ORDER.map((name) => [`bar bar-${name}`, each.providers?.[name] ?? 0]),
  },
  cost: { of: (each) => each.cost_usd, say: money, parts: (each) => [["bar", each.cost_usd]] },
};

function stack(entry, at, { measure, most, step }) {
  let top = HEIGHT;
  const title = svg("title", {}, `${day(entry.day)}: ${measure.say(measure.of(entry))}`);
  const pieces = measure.parts(entry).map(([name, amount]) => {
    const height = amount ? Math.max(2, (amount / most) * HEIGHT) : 0;
    top -= height;
    return svg("rect", { class: name, x: at * step + step * 0.1, y: top, width: step * 0.8, height });
  });
  return svg("g", { class: "day" }, title, pieces);
}

function legend(days) {
  const used = ORDER.filter((name) => days.some((each) => each.providers?.[name]));
  return h(
    "ul",
    { class: "plain legend" },
    used.map((name) =>
      h(
        "li",
        {},
        svg(
          "svg",
          { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
          svg("rect", { class: `bar bar-${name}`, width: 12, height: 12, rx: 2 }),
        ),
        providerName(name),
      ),
    ),
  );
}

function chart(days, code) {
  const measure = MEASURES[code];
  const what = measured(code);
  const total = days.reduce((sum, entry) => sum + measure.of(entry), 0);
  const most = Math.max(...days.map((entry) => measure.of(entry)), 0);
  const label = t("{what} by day: {total} in {days} days, at most {most} on one day.", {
    what,
    total: measure.say(total),
    days: days.length,
    most: measure.say(most),
  });
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, `${t("{what} by day", { what })} · ${t("at most {most}", { most: measure.say(most) })}`),
    svg(
      "svg",
      { role: "img", "aria-label": label, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      svg("path", { class: "axis", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
      days.map((entry, at) => stack(entry, at, { measure, most: most || 1, step: WIDTH / days.length })),
    ),
    h(
      "div",
      { class: "chart-ends meta", "aria-hidden": "true" },
      h("span", {}, day(days[0].day)),
      h("span", {}, day(days.at(-1).day)),
    ),
    code === "tokens" && legend(days),
  );
}

function figures(days) {
  const columns = [t("Day"), t("Runs"), t("Tokens read"), t("Tokens written"), t("Cost")];
  const rows = days
    .filter((entry) => entry.runs || entry.input_tokens || entry.cost_usd)
    .reverse()
    .map((entry) => [
      day(entry.day),
      number(entry.runs),
      number(entry.input_tokens),
      number(entry.output_tokens),
      money(entry.cost_usd),
    ]);
  return h(
    "details",
    { class: "as-table" },
    h("summary", {}, t("Show as a table")),
    table("usage-table", t("Use by day"), columns, rows),
  );
}

function models(rows) {
  if (!rows.length) return h("p", { class: "meta", id: "no-models" }, t("No model has been asked in this time."));
  const amounts = [t("Questions"), t("Tokens read"), t("Tokens written"), t("Cost")];
  const columns = [t("Model"), t("Provider"), t("Who pays"), ...amounts];
  const cells = rows.map((row) => [
    h("span", { class: "wrap" }, row.model),
    providerName(row.provider),
    payer(row.payer),
    number(row.asks),
    number(row.input_tokens),
    number(row.output_tokens),
    row.cost_usd === null ? t("price unknown") : money(row.cost_usd),
  ]);
  return table("models-table", t("Use by model"), columns, cells);
}

function figure(value, label) {
  return h("div", { class: "figure-card" }, h("dt", {}, label), h("dd", {}, value));
}

function totals({ runs, tokens, issues, cost_usd: cost, unpriced_tokens: unpriced }) {
  return [
    h(
      "dl",
      { class: "figures", id: "totals" },
      figure(number(issues), t("Issues worked on")),
      Object.entries(TOTALS).map(([code, text]) => figure(number(runs[code] ?? 0), t(text))),
      figure(number(tokens.input), t("Tokens read")),
      figure(number(tokens.output), t("Tokens written")),
      figure(money(cost), t("Cost")),
    ),
    unpriced > 0 &&
      h(
        "p",
        { class: "meta", id: "unpriced-usage" },
        t("Without {n} tokens of models whose price nobody knows.", { n: number(unpriced) }),
      ),
  ];
}

export function usageReport(first) {
  let shown = first;
  const measures = Object.keys(MEASURES).map((code) => [code, measured(code)]);
  const measure = select("usage-measure", t("Show"), "", measures, "runs");
  const periods = PERIODS.map((days) => [String(days), t("{n} days", { n: days })]);
  const period = select("usage-days", t("Period"), "", periods, String(first.days ?? 30));
  const title = h("h2", { id: "usage-title" });
  const body = h("div", { id: "usage-body" });
  const draw = () => {
    title.textContent = t("The last {n} days", { n: shown.by_day.length });
    const { by_day: days, by_model: rows } = shown;
    const drawn = [chart(days, measure.input.value), figures(days), h("h3", {}, t("By model")), models(rows)];
    put(body, totals(shown), drawn);
  };
  measure.input.addEventListener("change", draw);
  period.input.addEventListener("change", async () => {
    try {
      shown = await get(`/usage?days=${period.input.value}`);
      draw();
      announce(title.textContent);
    } catch (error) {
      put(body, errorNotice(error));
    }
  });
  draw();
  const choices = h("div", { class: "toolbar usage-toolbar" }, measure.node, period.node);
  return h("div", { class: "card" }, title, choices, body);
}
