// Queries to begin with. They hold for every project, whatever its states and types are called.

import { t } from "../texts.js";

/** project: id or key as a query spells it. Returns [{name, jql}]. */
export function examples(project) {
  const here = `project = ${project}`;
  return [
    { name: t("Open sprint"), jql: `${here} AND sprint in openSprints() ORDER BY rank` },
    { name: t("Everything unresolved"), jql: `${here} AND statusCategory != Done ORDER BY updated DESC` },
    { name: t("Changed this week"), jql: `${here} AND updated >= startOfWeek() ORDER BY updated DESC` },
    {
      name: t("Bugs without an assignee"),
      jql: `${here} AND type = Bug AND assignee is EMPTY AND statusCategory != Done`,
    },
    { name: t("Mine, not done"), jql: `${here} AND assignee = currentUser() AND statusCategory != Done` },
    { name: t("Overdue"), jql: `${here} AND due < now() AND statusCategory != Done ORDER BY due` },
    { name: t("Done in the last two weeks"), jql: `${here} AND statusCategory = Done AND updated >= -14d` },
  ];
}
