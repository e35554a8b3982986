// The tab "Analysis".

import { percent, t } from "../texts.js";
import { isScored, verdict } from "../words.js";
import { report } from "./report.js";
import { similarIssues } from "./similar.js";
import { startForm } from "./start.js";
import { emptyState, RunView } from "./view.js";

export function analysisView(place, model, verdicts) {
  const similar = similarIssues(model);
  const form = ({ primary }) => {
    const label = model.shown("analysis") ? t("Analyse again") : t("Analyse this issue");
    const again = { kind: "analysis", label, id: "analyse", primary, force: Boolean(model.shown("analysis")) };
    return startForm([again], (kind, wish) => view.begin(kind, wish), { id: "analysis" });
  };
  const empty = (start) =>
    emptyState(
      "empty",
      t("Is this issue ready to start?"),
      [
        t("JiraVision reads the issue, scores it, and quotes what it relies on."),
        t("It suggests questions, acceptance criteria and sub-tasks; people decide what becomes of them."),
      ],
      start,
    );
  const outcome = ({ result }) => {
    if (!isScored(result)) return t("Analysis finished: not scored.");
    const values = { score: percent(result.overall), verdict: verdict(result.overall).word };
    return t("Analysis finished: {score}, {verdict}.", values);
  };
  const content = (run) => report(run, model, verdicts, { form: form({}), similar });
  const view = new RunView(place, model, "analysis", { empty, form, content, outcome });
  return view;
}
