// Earlier summaries of the reader, to open again.

import { h } from "../dom.js";
import { button, lozenge, time } from "../parts.js";
import { t } from "../texts.js";
import { explain } from "../errors.js";
import { state } from "../words.js";

const TONES = { succeeded: "success", failed: "error", running: "info", queued: "info", cancelled: "neutral" };

function entry(run, shown, onOpen) {
  const { jql = "", question = "" } = run.params ?? {};
  const reason = run.status === "failed" && h("p", { class: "meta" }, explain(run.error ?? {}).title);
  const open = button(t("Open"), () => onOpen(run), {
    "aria-describedby": `past-${run.id}`,
    "aria-pressed": String(shown),
    class: "open-run",
  });
  return h(
    "li",
    { class: ["past", shown && "past-shown"], "data-run": run.id },
    h(
      "div",
      { class: "past-text" },
      h(
        "p",
        { id: `past-${run.id}`, dir: "auto" },
        question ? h("strong", {}, question) : h("code", { dir: "ltr" }, jql),
      ),
      question && h("p", { class: "meta" }, h("code", { dir: "ltr" }, jql)),
      h("p", { class: "meta" }, lozenge(state(run.status), TONES[run.status]), " ", time(run.created_at)),
      reason,
    ),
    ["succeeded", "failed", "cancelled"].includes(run.status) && open,
  );
}

/** runs: newest first. shownId: of the one on the page. */
export function pastView(runs, shownId, onOpen) {
  if (!runs.length) return h("p", { class: "meta", id: "no-past" }, t("No summaries yet."));
  return h(
    "ul",
    { class: ["plain", "past-list"], id: "past" },
    runs.map((run) => entry(run, run.id === shownId, onOpen)),
  );
}
