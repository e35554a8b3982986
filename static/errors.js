// Errors in words: what happened, what to do next, and the button that helps.

import { N_, plural, t } from "./texts.js";

const RELOAD = { text: N_("Reload the page to go on; what is stored stays."), action: "reload" };
const AGAIN = { action: "retry" };

// title and text say what happened and what to do next; action is the button offered.
const ERRORS = {
  no_session: { title: N_("The connection to Jira was lost"), ...RELOAD },
  unauthenticated: { title: N_("Your session has expired"), ...RELOAD },
  forbidden: {
    title: N_("You may not do this"),
    text: N_("Jira does not give you the permission for it. A project administrator can."),
  },
  not_found: {
    title: N_("This is not there"),
    text: N_("It was deleted or moved, or you may no longer see it in Jira."),
  },
  conflict: {
    title: N_("Somebody was faster"),
    text: N_("This was changed or started elsewhere a moment ago. Reload to see it."),
    action: "reload",
  },
  too_large: { title: N_("This is too long"), text: N_("Shorten the text and try again."), ...AGAIN },
  invalid: { title: N_("Something is not filled in correctly"), text: N_("Check what you entered and try again.") },
  too_many_requests: { title: N_("That was a lot at once"), text: N_("Wait a moment, then try again."), ...AGAIN },
  offline: { title: N_("JiraVision cannot be reached"), text: N_("Check your connection, then try again."), ...AGAIN },
  unavailable: {
    title: N_("JiraVision is not available right now"),
    text: N_("Nothing is lost. Try again in a minute."),
    ...AGAIN,
  },
  misconfigured: {
    title: N_("JiraVision is not set up completely"),
    text: N_("Tell your Jira administrator; the reason is in the log."),
  },
  upstream_failed: { title: N_("Another service did not answer"), text: N_("Try again in a minute."), ...AGAIN },
  jira_down: { title: N_("Jira did not answer"), text: N_("Try again in a minute."), ...AGAIN },
  jira_busy: { title: N_("Jira asks us to slow down"), text: N_("Try again in a minute."), ...AGAIN },
  jira_unauthorized: {
    title: N_("Jira refuses JiraVision"),
    text: N_("A Jira administrator should install the add-on again."),
  },
  gave_up: {
    title: N_("Given up after many tries"),
    text: N_("Jira or the model did not answer, try after try. Try again when they do."),
    ...AGAIN,
  },
  jira_refused: {
    title: N_("Jira refused this"),
    text: N_("The project may require fields or an issue type that JiraVision does not fill in."),
  },
  jira_forbidden: {
    title: N_("Jira does not allow this"),
    text: N_("JiraVision lacks a permission in this project. A Jira administrator can grant it."),
  },
  jql_refused: {
    title: N_("Jira does not understand this query"),
    text: N_("Change the query, then ask again."),
  },
  no_subtasks: {
    title: N_("Sub-tasks cannot be created here"),
    text: N_("The suggestion is listed in a comment of the issue instead."),
  },
  no_field: {
    title: N_("No field is chosen"),
    text: N_("A project administrator chooses one for acceptance criteria in the project's settings."),
  },
  field_not_empty: { title: N_("The field is not empty"), text: N_("What people wrote there is kept.") },
  field_not_writable: {
    title: N_("The field cannot be written"),
    text: N_("It may be missing on the edit screen of this issue type."),
  },
  model_unauthorized: {
    title: N_("The model refused the key"),
    text: N_("A Jira administrator has to enter a valid API key in the administration of JiraVision."),
  },
  model_rejected: {
    title: N_("The model did not accept the request"),
    text: N_("A Jira administrator should check the model's name in the administration of JiraVision."),
  },
  model_busy: { title: N_("The model is busy"), text: N_("Wait a moment, then try again."), ...AGAIN },
  model_down: { title: N_("The model cannot be reached"), text: N_("Try again in a minute."), ...AGAIN },
  model_timeout: {
    title: N_("The model took too long"),
    text: N_("Try again; a shorter issue is answered sooner."),
    ...AGAIN,
  },
  model_refused: {
    title: N_("The model declined to answer"),
    text: N_("Its content filter may dislike a passage of the issue."),
    ...AGAIN,
  },
  model_too_long: {
    title: N_("The answer was too long for the model"),
    text: N_("Try again, or shorten the issue."),
    ...AGAIN,
  },
  model_nonsense: {
    title: N_("The model's answer could not be used"),
    text: N_("Try again, or choose another model."),
    ...AGAIN,
  },
  model_failed: { title: N_("The model failed"), text: N_("Try again in a minute."), ...AGAIN },
  model_needed: {
    title: N_("A language model is needed for this"),
    text: N_("A Jira administrator can connect one in the administration of JiraVision."),
  },
  budget_spent: {
    title: N_("The budget for the model is spent"),
    text: N_("A Jira administrator can raise it, or wait until it is fresh again."),
  },
  not_connected: {
    title: N_("This tool is not connected to the project"),
    text: N_("A project administrator enters its key in the project's settings, under JiraVision."),
  },
  tool_unauthorized: {
    title: N_("The test management tool refuses the key"),
    text: N_("A project administrator enters a new one in the project's settings, under JiraVision."),
  },
  tool_forbidden: {
    title: N_("The test management tool does not allow this"),
    text: N_("The owner of the stored key lacks a right there."),
  },
  tool_busy: {
    title: N_("The test management tool asks us to slow down"),
    text: N_("Try again in a minute."),
    ...AGAIN,
  },
  tool_down: { title: N_("The test management tool did not answer"), text: N_("Try again in a minute."), ...AGAIN },
  unsettled: {
    title: N_("No answer came: before it is written again, JiraVision looks whether it is there"),
    text: N_("This takes about a minute."),
  },
  tool_incomplete: {
    title: N_("The test was made, but not all of it"),
    text: N_("Trying again completes it; no second one is made."),
    ...AGAIN,
  },
  tool_refused: { title: N_("The test management tool refused this"), text: N_("Its own words say why.") },
  cannot_undo: {
    title: N_("This cannot be taken back"),
    text: N_("It was changed in Jira since, or its place keeps everything."),
  },
  description_full: {
    title: N_("The description is full"),
    text: N_("Jira takes no more text there; write a comment instead."),
  },
  description_unreadable: {
    title: N_("The description cannot be added to"),
    text: N_("It is left as it is; write a comment instead."),
  },
  description_busy: {
    title: N_("Somebody is editing the description"),
    text: N_("Try again in a minute."),
    ...AGAIN,
  },
  field_too_short: {
    title: N_("The text is too long for this field"),
    text: N_("It holds one line of 255 characters. Choose another field, or fewer items."),
  },
  superseded: {
    title: N_("A newer result took its place"),
    text: N_("Nothing is lost: the newer one is written instead."),
  },
  nothing_to_do: { title: N_("There was nothing to do"), text: N_("What stands there already stays as it is.") },
  nothing_to_test: {
    title: N_("There is nothing to test yet"),
    text: N_("Say more in the issue, or write acceptance criteria first."),
  },
  issue_deleted: {
    title: N_("The issue is no longer there"),
    text: N_("It was deleted, or JiraVision may not see it any more."),
  },
  site_paused: {
    title: N_("JiraVision pauses on this site"),
    text: N_("Jira refuses its calls at the moment. The work goes on by itself once that is over."),
  },
  uninstalled: {
    title: N_("JiraVision was removed from this site"),
    text: N_("A Jira administrator can install it again."),
  },
  timed_out: { title: N_("This took too long"), text: N_("It was stopped. Less at a time is done sooner."), ...AGAIN },
  worker_lost: {
    title: N_("This was interrupted again and again"),
    text: N_("Try again; if it stays, tell your Jira administrator."),
    ...AGAIN,
  },
  unknown_work: {
    title: N_("This version of JiraVision cannot do this"),
    text: N_("An older version runs beside the new one. Try again in a minute."),
    ...AGAIN,
  },
  unstorable: {
    title: N_("This text cannot be kept"),
    text: N_("It is too long, or holds characters that are no text. Change it, then try again."),
  },
  cancelled: { title: N_("This was cancelled"), text: N_("Nothing was written to Jira."), ...AGAIN },
  unexpected: {
    title: N_("Something went wrong"),
    text: N_("Try again; if it stays, tell your Jira administrator."),
    ...AGAIN,
  },
};
const BY_STATUS = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "invalid",
  429: "too_many_requests",
  502: "upstream_failed",
  503: "unavailable",
};
const FAMILIES = [
  ["jira_unsettled", "unsettled"],
  ["xray_unsettled", "unsettled"],
  ["zephyr_unsettled", "unsettled"],
  ["xray_unauthorized", "tool_unauthorized"],
  ["zephyr_unauthorized", "tool_unauthorized"],
  ["xray_forbidden", "tool_forbidden"],
  ["zephyr_forbidden", "tool_forbidden"],
  ["xray_not_linked", "tool_incomplete"],
  ["xray_incomplete", "tool_incomplete"],
  ["xray_busy", "tool_busy"],
  ["zephyr_busy", "tool_busy"],
  ["xray_refused", "tool_refused"],
  ["zephyr_refused", "tool_refused"],
  ["xray_", "tool_down"],
  ["zephyr_", "tool_down"],
  ["jira_un", "jira_forbidden"],
  ["jira_not_found", "not_found"],
  ["jira_conflict", "conflict"],
  ["jira_", "jira_refused"],
  ["model_", "model_failed"],
  ["database_", "unavailable"],
  ["redis_", "unavailable"],
  ["secret_", "misconfigured"],
  ["not_ready", "unavailable"],
  ["unknown_", "unknown_work"],
  ["tenant_gone", "uninstalled"],
  ["unsupported_", "invalid"],
];

function known(code, status) {
  if (Object.hasOwn(ERRORS, code)) return code;
  return FAMILIES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? BY_STATUS[status] ?? "unexpected";
}

/**
 * An error for a person: {code, title, text, detail, action}. error: an ApiError or the {error, detail} of a run.
 * detail is the server's own sentence, in English, for who has to look further.
 */
export function explain(error) {
  const code = String(error?.code ?? error?.error ?? "unexpected");
  const { title, text, action = "" } = ERRORS[known(code, error?.status)];
  const wait = error?.retryAfterS ?? error?.retry_after_s;
  const next = wait
    ? plural(Math.ceil(wait), "Possible again in {n} second.", "Possible again in {n} seconds.")
    : t(text);
  const reference = error?.reference ? ` (${t("Reference")} ${error.reference})` : "";
  return { code, title: t(title), text: next, detail: `${error?.detail ?? ""}${reference}`, action };
}
