// The tab "History": every run of this issue, what it found, who asked for it, what it wrote and where.

import { h, link, put } from "../dom.js";
import { button, icon, lozenge, time } from "../parts.js";
import { t } from "../texts.js";
import { explain, isScored, judge, state, trigger } from "../words.js";

const TONES = { succeeded: "success", failed: "error", running: "info", queued: "info", cancelled: "neutral" };
const TARGETS = {
  comment: () => t("Comment"),
  subtasks: () => t("Sub-task"),
  field: () => t("Acceptance criteria field"),
};

function written(publication) {
  const name = TARGETS[publication.target]?.() ?? publication.target;
  if (publication.status === "done") {
    const label =
      publication.target === "subtasks" && publication.remote_key ? `${name} ${publication.remote_key}` : name;
    return h("li", { class: "written" }, icon("success"), link(publication.url, label));
  }
  if (publication.status === "pending") {
    const reason = publication.error && explain(publication.error).title;
    const text = reason
      ? t("{what}: not written yet, trying again ({reason})", { what: name, reason })
      : t("{what}: being written", { what: name });
    return h("li", { class: "written" }, icon("info"), text);
  }
  return h(
    "li",
    { class: "written" },
    icon("error"),
    t("{what}: not written ({reason})", { what: name, reason: explain(publication.error ?? {}).title }),
  );
}

function who(run) {
  const name = run.asked_by?.name;
  return name ? t("{how} by {name}", { how: trigger(run.trigger), name }) : trigger(run.trigger);
}

function item(run, shown, onOpen) {
  const overall = run.result?.overall ?? run.overall;
  const hasScore = run.status === "succeeded" && Number.isInteger(overall) && (!run.result || isScored(run.result));
  const publications = run.publications ?? [];
  return h(
    "li",
    { class: ["card", "run", shown && "run-shown"], "data-run": run.id, "data-status": run.status },
    h(
      "div",
      { class: "run-head" },
      lozenge(state(run.status), TONES[run.status]),
      hasScore && h("span", { class: "run-score" }, t("Score {score}", { score: overall })),
      h("span", { class: "meta" }, time(run.created_at)),
    ),
    h("p", { class: "meta" }, who(run)),
    run.status === "succeeded" && h("p", { class: "meta" }, judge(run)),
    run.status === "failed" && h("p", { class: "meta" }, explain(run.error ?? {}).title),
    publications.length > 0 &&
      h("ul", { class: "plain writings", "aria-label": t("Written to Jira") }, publications.map(written)),
    shown
      ? h("p", { class: "meta strong" }, t("Shown now"))
      : button(t("Open"), () => onOpen(run.id), {
          kind: "link",
          "aria-label": t("Open the analysis of {when}", { when: time(run.created_at)?.title ?? "" }),
        }),
  );
}

/** {update()}: keeps `place` and the number on the tab in step; onOpen(id) is called when a run is chosen. */
export function historyView(place, model, count, onOpen) {
  return {
    update: () => {
      put(count, model.runs.length || "");
      count.hidden = !model.runs.length;
      if (!model.runs.length) {
        put(
          place,
          h(
            "div",
            { class: "empty", id: "no-history" },
            h("h2", {}, t("No analyses yet")),
            h("p", {}, t("Every analysis of this issue is kept here, with what it wrote to Jira.")),
          ),
        );
        return;
      }
      put(
        place,
        h("h2", {}, t("Analyses of this issue")),
        h(
          "ol",
          { class: "plain runs", id: "runs" },
          model.runs.map((run) => item(run, run.id === model.shown?.id, onOpen)),
        ),
      );
    },
  };
}
