// Managing the add-on: install, remove, its administration page; and the log of what went between it and the site.
import { ask, h } from "./dom.js";
import { framed } from "./frame.js";
import { w } from "./words.js";

export async function admin(site) {
  const addon = site.facts.addon;
  const input = h("input", { name: "addon", value: addon?.url ?? "http://127.0.0.1:8080", size: 34 });
  const act = (path, body = {}) => async () => { await ask(`/sandbox/${path}`, body); await site.redraw(); };
  const enabled = addon?.state === "enabled", there = addon && addon.state !== "uninstalled";
  const buttons = [
    h("button.main", { type: "button", onclick: () => act("install", { addon: input.value })() }, w(there ? "Reinstall" : "Install")),
    there && h("button", { type: "button", onclick: act(enabled ? "disable" : "enable") }, w(enabled ? "Disable" : "Enable")),
    there && h("button", { type: "button", onclick: act("uninstall") }, w("Uninstall"))];
  return h("div", {}, h("h1", {}, w("Manage apps")), h("section.sheet", {},
    h("p", {}, addon ? [h("strong", {}, addon.name), " ", h(`span.lozenge.${enabled ? "done" : "yellow"}`, {}, w(addon.state))] : w("The add-on is not installed.")),
    h("div.row", {}, h("label", {}, w("Address of the add-on"), input)), h("p"), h("div.row", {}, buttons)),
  enabled && site.facts.user.admin ? await frames(site, addon) : null);
}

async function frames(site, addon) {
  const pages = [...addon.places.adminPages, ...(addon.places.adminPages.length ? [] : addon.places.configurePage)];
  return Promise.all(pages.map(async ({ key }) => {
    const { iframe, name } = await framed({ module: key }, site.reader);
    return [h("h2", {}, name), h("section.sheet.panel.full", {}, iframe)];
  }));
}

export async function log() {
  const { complaints, deliveries, requests } = await ask("/sandbox/ui/log");
  const tries = (delivery) => delivery.attempts.map((a) => `${a.status ?? a.error ?? "…"} (${a.ms ?? "…"} ms)`).join(", ");
  return h("div", {}, h("h1", {}, w("Log")),
    h("h2", {}, w("Requests of the add-on that Jira would refuse")),
    complaints.length ? listed(["When", "Operation", "What"], complaints.map((c) => [time(c.when), c.operation, `${c.status} ${c.what}`]), "complaints")
      : h("p.note.success", {}, w("None: every request of the add-on was right.")),
    h("h2", {}, w("Webhook deliveries")),
    listed(["When", "What", "Key", "Status", "Answer"], deliveries.map((d) => [time(d.attempts[0]?.at), d.event, d.issue ?? "", d.state, tries(d)])),
    h("h2", {}, w("Requests of the add-on")),
    listed(["When", "Operation", "What", "Actor", "Answer"], requests.map((r) => [time(r.when), r.operation, `${r.method} ${r.path}`, r.actor ?? "", `${r.status} (${r.ms ?? "…"} ms)`])));
}

const time = (text) => (text ?? "").slice(11, 23);

function listed(names, lines, id = null) {
  if (!lines.length) return h("p.soft", {}, w("Nothing yet."));
  return h("div.sheet.scroll", { id, tabindex: "0" }, h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, w(name))))),
    h("tbody", {}, lines.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, String(cell))))))));
}
