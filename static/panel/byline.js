// Who asked, who answered, what it cost: said under every result, with what the reader has to know about it.

import { h } from "../dom.js";
import { notice, time } from "../parts.js";
import { money, number, plural, t } from "../texts.js";
import { trigger } from "../words.js";
import { resultOf } from "./kinds.js";

function asked(run) {
  const name = run.asked_by?.name;
  return name ? t("{how} by {name}", { how: trigger(run.trigger ?? "panel"), name }) : trigger(run.trigger ?? "panel");
}

/** Whether a model wrote it must always be said. */
export function writer(run, view) {
  const author = resultOf(run, view)?.author ?? "model";
  if (author === "rules") return t("Written by built-in rules, without a model");
  return run.usage?.model ? t("Written by {model}", { model: run.usage.model }) : t("Written by a model");
}

function cost(usage) {
  const tokens = (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0);
  if (!usage) return [];
  return [
    usage.prompt_version && t("prompt {version}", { version: usage.prompt_version }),
    tokens > 0 && plural(tokens, "{n} token", "{n} tokens"),
    Number.isFinite(usage.cost_usd) && tokens > 0 && money(usage.cost_usd),
  ];
}

/** writtenBy: the sentence about who wrote or judged it. */
export function byline(run, writtenBy) {
  const said = [writtenBy, ...cost(run.usage)].filter(Boolean);
  const instruction = run.params?.instruction;
  return h(
    "div",
    { class: "byline" },
    said.length > 0 && h("p", { class: "meta", "data-writer": "" }, said.join(" · ")),
    h("p", { class: "meta" }, asked(run), " · ", time(run.finished_at ?? run.created_at)),
    instruction && h("p", { class: "meta", dir: "auto" }, t("Instruction: {text}", { text: instruction })),
  );
}

/** What the reader has to know: no model, a model that failed, a budget that is spent; null when all is well. */
export function caution({ notice: code }) {
  if (code === "model_failed") {
    return notice("warning", {
      "data-notice": code,
      title: t("The model did not answer"),
      text: t("The built-in rules answered instead. Try again later for the model's opinion."),
    });
  }
  if (code === "budget_spent") {
    return notice("warning", {
      "data-notice": code,
      title: t("The budget for the model is spent"),
      text: t("The built-in rules answered instead. A Jira administrator can raise the budget."),
    });
  }
  if (code === "no_model") {
    return notice("info", {
      "data-notice": code,
      text: t("No model is set up, so built-in rules answered. A Jira administrator can choose a model."),
    });
  }
  return null;
}

/** How much of a part people have decided on, in one quiet line; "" when nobody has. */
export function acceptance(run, part, total) {
  const verdicts = Object.values(run.verdicts?.[part] ?? {}).map(({ verdict }) => verdict);
  const count = (word) => verdicts.filter((verdict) => verdict === word).length;
  const [accepted, edited, rejected] = ["accepted", "edited", "rejected"].map(count);
  if (!accepted && !edited && !rejected) return "";
  const values = {
    accepted: number(accepted),
    edited: number(edited),
    rejected: number(rejected),
    total: number(total),
  };
  return t("Of {total}: {accepted} accepted, {edited} edited, {rejected} rejected.", values);
}
