// Recent events: who changed what.

import { h } from "../dom.js";
import { time } from "../parts.js";
import { table } from "../table.js";
import { N_, t } from "../texts.js";

const ACTIONS = {
  "project.settings": N_("Project settings changed"),
  "site.model": N_("Model changed"),
  "site.budget": N_("Budget changed"),
  "budget.alert": N_("Budget alert"),
  "failure.again": N_("Failed work run again"),
  "failures.again": N_("All failed work of an error run again"),
  "tenant.installed": N_("Add-on installed"),
  "tenant.renewed": N_("Add-on installed again"),
  "tenant.enabled": N_("Add-on enabled"),
  "tenant.disabled": N_("Add-on disabled"),
  "tenant.uninstalled": N_("Add-on uninstalled"),
  "tenant.paused": N_("Work paused: Jira refuses JiraVision"),
  "tenant.resumed": N_("Work resumed"),
  "tenant.superseded": N_("Replaced by a new installation"),
};

/** What is not already said by the place. */
function details({ detail, subject }) {
  return Object.entries(detail ?? {})
    .filter(([, value]) => value !== null && value !== false && value !== subject && String(value) !== "")
    .map(([name, value]) =>
      h(
        "span",
        { class: "pair" },
        `${name}: ${[value]
          .flat()
          .map((one) => (typeof one === "object" ? JSON.stringify(one) : one))
          .join(", ")}`,
      ),
    );
}

/** Tokens stand in the log by their hash, so that none counts twice; no reader can do anything with it. */
const place = (subject) => (!subject || subject.startsWith("token:") ? "–" : subject);

function row(event) {
  const action = Object.hasOwn(ACTIONS, event.action) ? t(ACTIONS[event.action]) : event.action;
  return [
    time(event.at),
    action,
    h("span", { class: "wrap" }, event.name || event.account_id || t("Jira or the add-on")),
    h("span", { class: "wrap" }, place(event.subject)),
    h("div", { class: "meta wrap" }, details(event)),
  ];
}

export function auditTable({ events }) {
  const shown = events.length
    ? table("events", t("Recent changes"), [t("When"), t("What"), t("Who"), t("Where"), t("Details")], events.map(row))
    : h("p", { class: "meta" }, t("Nothing has been changed yet."));
  return h("div", { class: "card" }, h("h2", { id: "audit-title" }, t("Recent changes")), shown);
}
