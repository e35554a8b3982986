// How much of this site's work waits and is at work, kept fresh in place.

import { h, put } from "../dom.js";
import { notice } from "../parts.js";
import { table } from "../table.js";
import { moment, N_, number, span, t } from "../texts.js";
import { explain, named } from "../words.js";
import { live } from "./live.js";

export const LOAD = "/load";
const EVERY_MS = 5_000;
const queueName = named({
  priority: N_("Asked for by people"),
  ai: N_("Started by itself"),
  default: N_("Writing to Jira"),
  exports: N_("Files"),
});
const longest = ({ waiting, later, oldest_s: oldest }) => (waiting > later ? span(oldest) : "–");
const FIGURES = {
  waiting: [N_("Waiting"), (load) => number(load.waiting)],
  working: [N_("At work"), (load) => number(load.working)],
  oldest: [N_("Longest wait"), longest],
  workers: [N_("Processes that work"), (load) => number(load.workers)],
};
const CELLS = [
  (queue) => number(queue.waiting),
  (queue) => number(queue.working),
  longest,
  (queue) => number(queue.started_last_minute),
  (queue) => number(queue.failed_last_hour),
];

/** Writes only what has changed: what is being read, or selected, must not be replaced under the reader. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

class Load {
  constructor() {
    this.figures = Object.fromEntries(Object.keys(FIGURES).map((name) => [name, h("dd", { "data-figure": name })]));
    this.cells = {};
    this.nobody = h("div", { id: "nobody-works" });
    this.stale = h("p", { class: "meta", id: "load-stale" });
    this.idle = h("p", { class: "meta", id: "no-load" });
    this.place = h("div", { id: "load-queues" });
  }

  node() {
    const figures = Object.entries(FIGURES).map(([name, [text]]) =>
      h("div", { class: "figure-card" }, h("dt", {}, t(text)), this.figures[name]),
    );
    return h(
      "div",
      { class: "card" },
      h("h2", { id: "load-title" }, t("Load")),
      this.nobody,
      h("dl", { class: "figures", id: "load-figures" }, figures),
      this.idle,
      this.place,
      this.stale,
    );
  }

  show(load) {
    for (const [name, [, say]] of Object.entries(FIGURES)) write(this.figures[name], say(load));
    this.sayWhetherAnybodyWorks(load);
    const idle = load.waiting + load.working === 0;
    write(this.idle, idle ? t("Nothing waits, and nothing is at work.") : "");
    if (!this.place.firstChild) this.build(load.queues);
    // A table of noughts says nothing.
    this.place.hidden = idle && load.queues.every((each) => each.started_last_minute + each.failed_last_hour === 0);
    for (const queue of load.queues) CELLS.forEach((say, at) => write(this.cells[queue.queue][at], say(queue)));
  }

  build(queues) {
    const rows = queues.map(({ queue }) => {
      this.cells[queue] = CELLS.map(() => h("span", {}));
      return [queueName(queue), ...this.cells[queue]];
    });
    const counts = [t("Waiting"), t("At work"), t("Longest wait")];
    const columns = [t("Kind of work"), ...counts, t("Begun in the last minute"), t("Failed in the last hour")];
    put(this.place, table("load-table", t("Load by kind of work"), columns, rows));
  }

  sayWhetherAnybodyWorks({ workers }) {
    const nobody = workers === 0;
    // Said once and not with every refresh.
    if (nobody === Boolean(this.nobody.firstChild)) return;
    const text = t("New work waits and nothing is lost. The operator of JiraVision has to start it again.");
    put(this.nobody, nobody && notice("warning", { title: t("Nobody works at the moment"), text }));
  }

  trouble(error) {
    if (!error) this.seen = new Date().toISOString();
    const said = error && explain(error).title;
    write(this.stale, said ? `${said}. ${t("As it was at {when}.", { when: moment(this.seen) })}` : "");
  }
}

export function loadReport(first) {
  const load = new Load();
  const node = load.node();
  load.trouble(null);
  load.show(first);
  live({
    path: () => LOAD,
    everyMs: EVERY_MS,
    show: (found) => load.show(found),
    trouble: (error) => load.trouble(error),
  });
  return node;
}
