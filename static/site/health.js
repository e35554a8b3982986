// Whether Jira takes what the add-on asks. While it does there is nothing to see.

import { notice } from "../parts.js";
import { moment, t } from "../texts.js";

export function healthNotice({ trouble }) {
  if (!trouble) return null;
  const when = { since: moment(trouble.since), next: moment(trouble.next_probe_at) };
  const asked = trouble.since ? t("So it is since {since}; Jira is asked again at {next}.", when) : "";
  const help = t("New work waits and nothing is lost. If this stays, a Jira administrator should install it again.");
  return notice("error", { id: "site-trouble", title: t("Jira refuses JiraVision"), text: `${help} ${asked}`.trim() });
}
