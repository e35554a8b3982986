// Issues of the project that look like this one: asked for once the analysis is on the screen, quiet when it fails.

import { get } from "../api.js";
import { h, link, put } from "../dom.js";
import { fold, lozenge } from "../parts.js";
import { N_, percent, t } from "../texts.js";
import { named } from "../words.js";

const CLOSE = 60;
const reasonName = named({
  very_similar_title: N_("Nearly the same title"),
  similar_title: N_("Similar title"),
  same_words: N_("Same words"),
  same_component: N_("Same component"),
  same_labels: N_("Same labels"),
  same_reporter: N_("Same reporter"),
  same_parent: N_("Same parent"),
});

function likeness({ score, near_duplicate: twin }) {
  const value = percent(score);
  if (twin) return lozenge(t("Nearly the same ({score})", { score: value }), "warning");
  if (score >= CLOSE) return lozenge(t("Much alike ({score})", { score: value }), "info");
  return lozenge(t("Somewhat alike ({score})", { score: value }));
}

/** Why it is in the list; the words are those of the issues. */
function reason({ code, words }) {
  const said = [words ?? []].flat().join(", ");
  return said ? t("{reason}: {words}", { reason: reasonName(code), words: said }) : reasonName(code);
}

function row(issue) {
  const reasons = (issue.reasons ?? []).map(reason);
  return h(
    "li",
    { class: ["similar", issue.near_duplicate && "similar-duplicate"], "data-similar": issue.key },
    h("p", {}, link(issue.url, issue.key), " ", h("span", { dir: "auto" }, issue.summary)),
    h("p", { class: "similar-facts" }, likeness(issue), issue.status && lozenge(issue.status)),
    reasons.length > 0 && h("p", { class: "meta", dir: "auto" }, reasons.join(" · ")),
  );
}

/** A section that fills itself: {node, update()}. */
export function similarIssues(model) {
  const place = h("div", { class: "similar-place", "aria-live": "polite" });
  let asked = false;
  const show = ({ similar }) => {
    if (!similar.length) {
      put(
        place,
        h("p", { class: "meta", "data-similar-none": "" }, t("No similar issues were found in this project.")),
      );
      return;
    }
    const twins = similar.some((issue) => issue.near_duplicate);
    put(
      place,
      fold(
        "similar",
        { title: t("Similar issues"), count: similar.length, open: twins },
        h("ul", { class: "plain rows", id: "similar" }, similar.map(row)),
      ),
    );
  };
  const ask = async () => {
    // Nice to have: whoever reads the analysis is not told of its failure.
    const answer = await get(`/issues/${encodeURIComponent(model.issue)}/similar`).catch(() => null);
    if (Array.isArray(answer?.similar)) show(answer);
  };
  const update = () => {
    if (asked || model.attended !== "analysis") return;
    asked = true;
    requestAnimationFrame(() => setTimeout(ask, 0));
  };
  return { node: place, update };
}
