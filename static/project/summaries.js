// The tab of summaries: the form, what is under way, the result, and earlier ones.

import { resize } from "../bridge.js";
import { announce, h, put } from "../dom.js";
import { button, errorNotice, notice } from "../parts.js";
import { t } from "../texts.js";
import { explain } from "../errors.js";
import { AskForm } from "./ask.js";
import { LiveView } from "./live.js";
import { Model } from "./model.js";
import { pastView } from "./past.js";
import { resultView } from "./result.js";

/** Hands a file to the browser: tokens travel in headers, so a plain link could not fetch it. */
function save({ name, blob }) {
  const address = URL.createObjectURL(blob);
  const anchor = h("a", { download: name });
  anchor.href = address;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A run that ended without a result, in words. */
function ended(run, onAgain) {
  const again = button(t("Ask again"), onAgain, { id: "again", kind: "link" });
  if (run.status === "cancelled" && !run.error?.detail)
    return notice("info", { id: "ended", title: t("This summary was cancelled"), actions: [again] });
  const { title, text, detail } = explain(run.error ?? {});
  return notice("error", { id: "ended", title, text, detail, actions: [again] });
}

export function summaries(place, parameters) {
  const project = parameters.get("projectId") ?? "";
  const jira = parameters.get("xdm_e");
  const now = h("div", { id: "now" });
  const past = h("section", { class: "past-part", "aria-labelledby": "past-title" });
  const model = new Model(project, (what) => changed(what));
  const form = new AskForm(model, parameters.get("projectKey") || project);
  let live = null;

  const again = (run) => form.fill(run.params ?? {});
  const download = async (run) => {
    try {
      save(await model.file(run.id));
      announce(t("The file is on its way."));
    } catch (error) {
      now.prepend(errorNotice(error));
    }
  };

  const showNow = () => {
    const run = model.shown;
    if (model.live) {
      const begins = !live;
      live ??= new LiveView(jira, () => model.cancel());
      live.update(model.live);
      if (begins) put(now, live.node);
      if (begins && place.contains(document.activeElement)) live.title.focus();
      return;
    }
    const finished = live;
    const held = Boolean(finished?.node.contains(document.activeElement));
    live = null;
    if (model.error)
      put(
        now,
        errorNotice(model.error, () => model.load().catch(() => {})),
      );
    else if (!run) put(now);
    else if (run.result) put(now, resultView(run, jira, { again, download }));
    else
      put(
        now,
        ended(run, () => again(run)),
      );
    if (finished && run?.result) announce(t("The summary is ready."));
    // What held the focus is gone; what came in its place takes it over.
    if (held) now.querySelector("#summary-title, #ended button")?.focus();
  };

  const showPast = () => {
    const title = h("h2", { id: "past-title" }, t("Your summaries"));
    put(past, title, pastView(model.runs, model.shownId, open));
  };

  async function open(run) {
    await model.show(run.id);
    now.querySelector("#summary-title, #ended")?.focus();
  }

  function changed(what) {
    form.busy(Boolean(model.live));
    showNow();
    if (what !== "live") showPast();
    resize();
  }

  // What unfolds needs room in Jira's frame; `toggle` does not bubble.
  place.addEventListener("toggle", () => resize(), true);
  put(place, form.node, now, past);
  showPast();
  return model.load().catch((error) => put(past, errorNotice(error)));
}
