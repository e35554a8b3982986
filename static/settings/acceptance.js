// How often people took what was suggested, by kind and prompt version.

import { h } from "../dom.js";
import { table } from "../table.js";
import { number, percent, t } from "../texts.js";
import { kindName } from "./kinds.js";

/** "analysis.v1+p3" in words: the built-in prompt and the project's own version. */
function version(code) {
  if (code === "rules") return t("Built-in rules");
  const [builtIn, own] = code.split("+p");
  return own ? t("{prompt} with your version {n}", { prompt: builtIn, n: own }) : builtIn;
}

const share = (value) => (value === null ? "–" : percent(value * 100));

function row(found) {
  const { accepted, edited, rejected, rate, distance } = found;
  const counts = [accepted, edited, rejected].map((count) => number(count));
  return [`${kindName(found.kind)} · ${version(found.prompt_version)}`, ...counts, share(rate), share(distance)];
}

/** The card of the page. answer: of the API. */
export function acceptanceView({ prompts }) {
  const columns = [t("Prompt"), t("Accepted"), t("Edited"), t("Rejected"), t("Taken"), t("Changed by")];
  const caption = t("Suggestions people decided about");
  const empty = h("p", { id: "no-acceptance", class: "meta" }, t("Nobody has decided about a suggestion yet."));
  return h(
    "section",
    { class: "card form-group", id: "acceptance" },
    h("h2", {}, t("How suggestions are received")),
    h("p", { class: "help" }, t("What people accept, edit or reject in the panel, or write to Jira. “Changed by” says how much of the text they rewrote.")),
    prompts.length ? h("div", { class: "field" }, table("acceptance-table", caption, columns, prompts.map(row))) : empty,
  );
}
