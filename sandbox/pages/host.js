// The pretend Jira's pages: picks the page for the address, keeps reader, language and theme, draws the top bar.
import { admin, log } from "./admin.js";
import { ask, flag, h, query } from "./dom.js";
import { announce } from "./frame.js";
import { issue } from "./issue.js";
import { create, home, project, projectPage, settings } from "./lists.js";
import { language, speak, w } from "./words.js";

const asked = new URLSearchParams(location.search);
const kept = (name, otherwise) => asked.get(name) ?? localStorage.getItem(`sandbox.${name}`) ?? otherwise;
const choice = { user: kept("user", "tess"), language: kept("language", "en"), theme: kept("theme", "light") };
speak(choice.language === "fr" ? "fr" : "en");

const PAGES = [
  [/^\/browse\/([^/]+)$/, issue], [/^\/projects\/([^/]+)\/settings$/, settings], [/^\/projects\/([^/]+)\/page$/, projectPage],
  [/^\/projects\/([^/]+)$/, project], [/^\/admin$/, admin], [/^\/log$/, log], [/^\/$/, home],
];

/** What every page gets: the site as this reader sees it, and the ways to act on it. */
const site = {
  ...choice,
  facts: null,
  reader: () => ({ ...choice, language, zone: Intl.DateTimeFormat().resolvedOptions().timeZone, account: site.accounts?.[choice.user] }),
  load: async () => {
    site.facts = await ask(`/sandbox/ui/home?${query({ user: choice.user, language })}`);
    site.accounts ??= (await ask("/sandbox/state")).users;
    return site.facts;
  },
  create: () => create(site),
  redraw: draw,
};

function choose(name, value) {
  choice[name] = site[name] = value;
  localStorage.setItem(`sandbox.${name}`, value);
  if (name === "theme") {
    theme();
    announce("theme", value);
    return;
  }
  const address = new URL(location.href);
  for (const gone of ["user", "language", "theme"]) address.searchParams.delete(gone);
  location.assign(address);
}

function theme() {
  document.documentElement.dataset.theme = choice.theme;
}

function picker(label, name, values) {
  const select = h("select", { "aria-label": w(label), "data-choice": name, onchange: (event) => choose(name, event.target.value) },
    values.map(([value, text]) => h("option", { value, selected: value === choice[name] }, text)));
  return select;
}

function top(facts) {
  document.getElementById("top").replaceChildren(
    h("a.brand", { href: "/" }, h("img", { src: "/sandbox/pages/mark.svg", alt: "" }), facts.site),
    h("nav", { "aria-label": "Jira" }, h("a", { href: "/" }, w("Projects")), h("a", { href: "/admin" }, w("Apps")), h("a", { href: "/log" }, w("Log"))),
    h("div.tools", {},
      h("button.main", { type: "button", id: "create", onclick: site.create }, w("Create issue")),
      picker("Reader", "user", facts.users.map((user) => [user.slug, user.name])),
      picker("Language", "language", [["en", "English"], ["fr", "Français"]]),
      picker("Theme", "theme", [["light", w("Light")], ["dark", w("Dark")]])));
}

async function draw() {
  const main = document.getElementById("main");
  theme();
  try {
    const facts = await site.load();
    const [pattern, page] = PAGES.find(([known]) => known.test(location.pathname)) ?? [/^/, home];
    const key = decodeURIComponent(location.pathname.match(pattern)[1] ?? "");
    const shown = await page(site, key);
    // Together: whoever opens a form from the top bar would lose it to a page that comes later.
    top(facts);
    main.replaceChildren(shown);
  } catch (error) {
    if (site.facts) top(site.facts);
    main.replaceChildren(h("p.error", { role: "alert" }, w(error.message)));
  }
}

addEventListener("unhandledrejection", (event) => flag({ type: "error", title: event.reason?.message }));
draw();
