// The issue page: text, sub-tasks and comments that appear by themselves, and the add-on's panel at the side.
import { prose } from "./adf.js";
import { ask, h, query } from "./dom.js";
import { framed } from "./frame.js";
import { rows } from "./lists.js";
import { w, when } from "./words.js";

const EVERY_MS = 1000;

export async function issue(site, key) {
  const address = (since) => `/sandbox/ui/issues/${encodeURIComponent(key)}?${query({ user: site.user, since })}`;
  let shown = await ask(address());
  document.title = `${shown.key} ${shown.fields.summary}`;
  const text = h("article"), children = h("section", { id: "subtasks" }), comments = h("section", { id: "comments" });
  const seen = new Set(shown.comments.map((comment) => comment.id));
  const draw = () => {
    text.replaceChildren(...body(shown));
    children.replaceChildren(...subtasks(shown));
    comments.replaceChildren(h("h2", {}, w("Comments")), ...(shown.comments.length ? shown.comments.map((c) => comment(c, !seen.has(c.id)))
      : [h("p.soft", {}, w("No comment yet."))]));
    for (const each of shown.comments) seen.add(each.id);
  };
  const refresh = async () => {
    const fresh = await ask(address(shown.version));
    if (fresh.key) { shown = fresh; draw(); }
  };
  draw();
  follow(comments, refresh);
  const side = h("aside.side", { "aria-label": w("Details") }, await panel(site, shown, refresh), facts(shown));
  return h("div", {}, crumbs(shown), h("div.split", {}, h("div", {}, text, children, comments, reply(site, shown, refresh)), side));
}

// Asks again as long as the page is shown; a failing question is tried again later.
function follow(element, refresh) {
  const timer = setInterval(async () => {
    if (!element.isConnected) return clearInterval(timer);
    return refresh().catch(() => {});
  }, EVERY_MS);
}

const crumbs = (shown) => h("div.crumbs", {}, h("a", { href: "/" }, w("Projects")), slash(),
  h("a", { href: `/projects/${shown.project.key}` }, shown.project.name), slash(),
  shown.parent ? [h("a", { href: `/browse/${shown.parent.key}` }, shown.parent.key), slash()] : null, h("span", {}, shown.key));
const slash = () => h("span", { "aria-hidden": "true" }, "/");

function body(shown) {
  const { summary, description, customfield_10058: criteria } = shown.fields;
  return [h("h1", { id: "summary" }, summary), h("h2", {}, w("Description")),
    description ? prose(description) : h("p.soft", {}, w("No description.")),
    ...(criteria ? [h("h2", {}, w("Acceptance criteria")), h("div", { id: "criteria" }, prose(criteria))] : [])];
}

function subtasks(shown) {
  if (!shown.subtasks.length) return [];
  return [h("h2", {}, w("Sub-tasks")), h("div.sheet.scroll", {}, rows(shown.subtasks))];
}

function comment(shown, fresh) {
  const edited = shown.updated !== shown.created ? h("span.soft", {}, `(${w("edited")})`) : null;
  const app = shown.author.accountType === "app";
  return h(`article.comment.sheet${fresh ? ".fresh" : ""}`, { "data-comment": shown.id },
    h(`span.avatar${app ? ".app" : ""}`, { "aria-hidden": "true" }, initials(shown.author.displayName)), h("header", {}, h("strong", {}, shown.author.displayName),
    app ? h("span.lozenge", {}, "app") : null, h("span.soft", {}, when(shown.created)), edited,
    shown.internal ? h("span.lozenge.yellow", {}, w("internal note")) : null), prose(shown.body));
}

const initials = (name) => name.split(/\s+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();

function reply(site, shown, refresh) {
  if (!shown.may.comment) return null;
  const text = h("textarea", { name: "text", "aria-label": w("Add a comment"), placeholder: w("Add a comment"), rows: 3 });
  text.style.cssText = "min-height: 80px; font: inherit";
  const send = async (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    await ask(`/sandbox/issues/${shown.key}/comments`, { user: site.user, text: text.value });
    text.value = "";
    await refresh();
  };
  return h("form", { onsubmit: send }, text, h("div", {}, h("button", { type: "submit" }, w("Comment"))));
}

async function panel(site, shown, refresh) {
  const addon = site.facts.addon;
  const sheet = h("section.sheet.panel", { id: "panel" });
  if (addon?.state !== "enabled" || !addon.places.jiraIssueContexts.length) {
    sheet.append(h("p.empty", {}, w("The add-on is not installed."), " ", h("a", { href: "/admin" }, w("Manage apps"))));
    return sheet;
  }
  const { iframe, name } = await framed({ place: "jiraIssueContexts", issue: shown.key }, site.reader, refresh);
  sheet.append(h("header", {}, name), iframe);
  return sheet;
}

function facts(shown) {
  const { status, issuetype, reporter, priority, labels, created } = shown.fields;
  const list = [["Status", h(`span.lozenge.${{ new: "new", done: "done" }[status.statusCategory.key] ?? "indeterminate"}`, {}, status.name)],
    ["Type", issuetype.name], ["Priority", priority?.name ?? w("None")], ["Reporter", reporter?.displayName ?? w("None")],
    ["Labels", labels.length ? labels.join(", ") : w("None")], ["Created", when(created)]];
  return h("section.sheet", {}, h("dl.facts", {}, list.map(([name, value]) => [h("dt", {}, w(name)), h("dd", {}, value)])));
}
