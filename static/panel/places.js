// The places in Jira that something can be written to, in words.

import { N_, t } from "../texts.js";
import { targetName } from "./kinds.js";

const HELP = {
  comment: N_("One comment, posted in the name of JiraVision."),
  description: N_("A section of its own in the description; what people wrote stays as it is."),
  subtasks: N_("One sub-task for each."),
  field: N_("A text field of the issue."),
  xray: N_("One test in Xray for each, linked to this issue."),
  zephyr: N_("One test case in Zephyr Scale for each, linked to this issue."),
  questions: N_("A comment that mentions the author."),
};

/** Choices for a radio group. */
export function targetChoices(targets) {
  return targets.map((value) => ({
    value,
    text: targetName(value),
    help: t(Object.hasOwn(HELP, value) ? HELP[value] : ""),
  }));
}
