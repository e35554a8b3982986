// The site's home, a project with its issues, the project's framed pages, and the form that creates an issue.
import { ask, flag, h } from "./dom.js";
import { framed } from "./frame.js";
import { w } from "./words.js";

const KINDS = { company: "company-managed", team: "team-managed", service: "service project" };
const EXAMPLE = {
  summary: "Let customers pay by invoice",
  description: "As a business customer, I want to pay by invoice so that my accounting can settle it at the end of the month.\n\n" +
    "The invoice should be sent quickly and be easy to understand.\n\n## Notes\n- only for customers with a verified VAT number\n- the limit is 2,000 € for open invoices",
};

export async function home(site) {
  const cards = site.facts.projects.map((project) =>
    h("a.card.sheet", { href: `/projects/${project.key}` }, h("strong", {}, project.name),
      h("span.soft", {}, `${project.key} · ${w(KINDS[project.kind])} · ${project.issues} ${w(project.issues === 1 ? "issue" : "issues")}`), h("p", {}, project.description)));
  return h("div", {}, h("h1", {}, w("Projects")), site.facts.addon ? null : missing(), h("div.grid", {}, cards));
}

const missing = () => h("p.note.warning", {}, w("The add-on is not installed."), " ", h("a", { href: "/admin" }, w("Manage apps")));

const known = (site, key) => {
  const found = site.facts.projects.find((project) => project.key === key);
  if (!found) throw new Error("You cannot see this, or it does not exist.");
  return found;
};

function tabs(site, found, current) {
  const pages = site.facts.addon?.state === "enabled" ? site.facts.addon.places.jiraProjectPages : [];
  const entries = [["", w("Issues")], ...pages.map((page) => ["/page", page.name]), ...(found.may.administer ? [["/settings", w("Project settings")]] : [])];
  return h("nav.tabs", { "aria-label": found.name },
    entries.map(([path, name]) => h("a", { href: `/projects/${found.key}${path}`, "aria-current": path === current ? "page" : null }, name)));
}

const head = (site, found, current) => [
  h("div.crumbs", {}, h("a", { href: "/" }, w("Projects")), h("span", {}, "/"), h("span", {}, found.key)), h("h1", {}, found.name), tabs(site, found, current)];

export async function project(site, key) {
  const found = known(site, key);
  const { issues } = await ask(`/sandbox/ui/projects/${key}/issues?user=${site.user}`);
  return h("div", {}, head(site, found, ""), h("div.sheet.scroll", {}, rows(issues)));
}

export function rows(issues) {
  return h("table", {}, h("thead", {}, h("tr", {}, ["Key", "Summary", "Type", "Status"].map((name) => h("th", { scope: "col" }, w(name))))),
    h("tbody", {}, issues.map((issue) => h("tr", { "data-key": issue.key }, h("td.key", {}, h("a", { href: `/browse/${issue.key}` }, issue.key)),
      h("td", {}, issue.summary), h("td", {}, issue.type), h("td", {}, h(`span.lozenge.${issue.status.category}`, {}, issue.status.name))))));
}

async function page(site, key, place, current) {
  const found = known(site, key);
  const sheet = h("section.sheet.panel.full");
  try {
    sheet.append((await framed({ place, project: found.key }, site.reader)).iframe);
  } catch (error) {
    sheet.append(h("p.empty", {}, error.message));
  }
  return h("div", {}, head(site, found, current), sheet);
}

export const settings = (site, key) => page(site, key, "jiraProjectAdminTabPanels", "/settings");
export const projectPage = (site, key) => page(site, key, "jiraProjectPages", "/page");

/** Shows the form that creates an issue in place of the page. */
export function create(site) {
  const open = site.facts.projects.filter((project) => project.may.create);
  const main = document.getElementById("main");
  if (!open.length) return flag({ type: "warning", title: w("This person may not create issues here.") });
  const here = location.pathname.match(/^\/(?:projects|browse)\/([A-Z]+)/)?.[1];
  const projects = h("select", { name: "project" }, open.map((project) => h("option", { value: project.key, selected: project.key === here }, `${project.name} (${project.key})`)));
  const types = h("select", { name: "type" });
  const fill = () => types.replaceChildren(...open.find((project) => project.key === projects.value).types.map((type) => h("option", {}, type)));
  projects.addEventListener("change", fill);
  fill();
  const summary = h("input", { name: "summary", required: true, maxlength: 255, autocomplete: "off" });
  const description = h("textarea", { name: "description" });
  const send = async (event) => {
    event.preventDefault();
    const wanted = { project: projects.value, type: types.value, summary: summary.value, description: description.value, user: site.user };
    const made = await ask("/sandbox/issues", wanted);
    location.assign(`/browse/${made.key}`);
  };
  const example = () => { summary.value = EXAMPLE.summary; description.value = EXAMPLE.description; };
  main.replaceChildren(h("div", {}, h("h1", {}, w("Create issue")), h("form.sheet", { onsubmit: send },
    h("div.row", {}, h("label", {}, w("Project"), projects), h("label", {}, w("Type"), types)),
    h("label", {}, w("Summary"), summary), h("label", {}, w("Description"), description),
    h("div.row", {}, h("button.main", { type: "submit" }, w("Create")), h("button", { type: "button", onclick: example }, w("Fill with an example"))))));
  summary.focus();
  return null;
}
