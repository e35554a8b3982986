// What failed for good, why in words, and the buttons that give it another chance.

import { post } from "../api.js";
import { announce, h, put } from "../dom.js";
import { kindName } from "../settings/kinds.js";
import { targetName } from "../panel/kinds.js";
import { button, errorNotice, lozenge, notice, time } from "../parts.js";
import { table } from "../table.js";
import { N_, number, plural, t } from "../texts.js";
import { explain, named } from "../words.js";
import { live } from "./live.js";

const FIRST = 20;
const MORE = 60;
const MOST = 200;
const EVERY_MS = 15_000;
const path = (limit) => `/failures?limit=${limit}`;
export const FAILURES = path(FIRST);

const SAYS = {
  jira: N_("Jira says:"),
  xray: N_("Xray says:"),
  zephyr: N_("Zephyr Scale says:"),
  about: N_("It is about:"),
};
const says = named(SAYS);

/** What the server says in English; it is marked for the catalogs there. */
const translated = (text) => t(text);

/** "Run again: Analysis", as the language writes it. */
const act = (name, which) => t("{act}: {which}", { act: name, which });

/** What others said, marked as theirs: nobody knows in which language. */
function quoted({ by, text }) {
  const words = h(by === "about" ? "bdi" : "q", { lang: "", dir: "auto", "data-quote": by }, text);
  return h("p", { class: "meta wrap" }, says(by), " ", words);
}

/** Why it could not be run again. The server's sentence is shown where the catalogs have it, else only the code's. */
function refusal(error) {
  if (error.code !== "conflict") return errorNotice({ ...error, detail: "" });
  return notice("error", { title: explain(error).title, text: translated(error.detail), "data-code": error.code });
}

function what({ what: kind, kind: name, undoing }) {
  if (kind === "run") return kindName(name);
  return undoing
    ? t("Taking back: {what}", { what: targetName(name) })
    : t("Writing: {what}", { what: targetName(name) });
}

class Failures {
  constructor() {
    this.limit = FIRST;
    this.known = "";
    this.body = h("div", { id: "failures-body" });
    this.message = h("div", { id: "failures-message" });
    this.stale = h("p", { class: "meta", id: "failures-stale" });
    this.title = h("h2", { id: "failures-title", tabindex: "-1" }, t("Failures"));
    this.refresh = () => {};
  }

  node() {
    const help = t("What JiraVision gave up on, and what you can do. Running it again writes nothing twice.");
    return h(
      "div",
      { class: "card" },
      this.title,
      h("p", { class: "meta" }, help),
      this.message,
      this.body,
      this.stale,
    );
  }

  show(found) {
    const now = JSON.stringify(found);
    // The same as before: nothing moves under the reader.
    if (now === this.known) return;
    this.known = now;
    const held = document.activeElement?.closest("#failures-body [data-again]")?.dataset.again;
    put(this.body, found.failures.length ? this.list(found) : this.nothing());
    if (held) this.hold(held);
  }

  nothing() {
    return h("p", { class: "meta", id: "no-failures" }, t("Nothing has failed for good."));
  }

  list({ failures, codes, next }) {
    this.order = failures.map(({ id }) => id);
    const total = codes.reduce((sum, { count }) => sum + count, 0);
    const columns = [t("When"), t("What"), t("Where"), t("Why, and what to do"), t("Tries"), t("Run again")];
    const more = next && this.limit < MOST;
    return [
      codes.some(({ count }) => count > 1) && this.codes(codes),
      table(
        "failures-table",
        t("Failures"),
        columns,
        failures.map((failure) => this.row(failure)),
      ),
      total > failures.length &&
        h("p", { class: "meta" }, t("{n} of {total} are shown.", { n: number(failures.length), total: number(total) })),
      more && button(t("Show more"), () => this.more(), { id: "more-failures", "data-again": "more" }),
    ];
  }

  codes(codes) {
    const all = codes.filter(({ count }) => count > 1);
    const items = all.map(({ error, count, said }) =>
      h(
        "li",
        { class: "failure-code", "data-code": error },
        h("span", {}, h("span", { class: "strong" }, translated(said)), " ", lozenge(number(count))),
        button(plural(count, "Run it again", "Run all {n} again"), (event) => this.all(error, event.currentTarget), {
          "data-again": `code:${error}`,
          "aria-label": act(plural(count, "Run it again", "Run all {n} again"), translated(said)),
        }),
      ),
    );
    return h("ul", { class: "plain failure-codes", "aria-label": t("The same error more than once") }, items);
  }

  row(failure) {
    const where = failure.issue_key || "–";
    const label = act(t("Run again"), `${what(failure)}, ${where}`);
    return [
      time(failure.failed_at),
      what(failure),
      h("span", { class: "wrap" }, where),
      h(
        "div",
        { class: "why" },
        h("p", {}, translated(failure.said)),
        h("p", { class: "meta" }, translated(failure.todo)),
        failure.quote && quoted(failure.quote),
      ),
      number(failure.attempts),
      button(t("Run again"), (event) => this.one(failure.id, event.currentTarget), {
        "data-again": failure.id,
        "aria-label": label,
      }),
    ];
  }

  one(id, pressed) {
    return this.send(`/failures/${id}/again`, undefined, pressed, () => t("It is in the queue again."));
  }

  all(error, pressed) {
    return this.send("/failures/again", { error }, pressed, ({ started, left }) => {
      const begun = plural(started, "{n} is in the queue again.", "{n} are in the queue again.");
      return left ? `${begun} ${t("{n} are left: run them when these are done.", { n: number(left) })}` : begun;
    });
  }

  async send(where, body, pressed, said) {
    pressed.disabled = true;
    put(this.message);
    try {
      const done = said(await post(where, body));
      put(this.message, h("p", { class: "meta", id: "failures-done" }, done));
      announce(done);
    } catch (error) {
      put(this.message, refusal(error));
      pressed.disabled = false;
      pressed.focus();
    }
    const at = this.order?.indexOf(pressed.dataset.again) ?? -1;
    await this.refresh();
    // Unless the reader has gone elsewhere meanwhile.
    if (!document.activeElement || document.activeElement === document.body) this.moveOn(at);
  }

  /** The keyboard goes on where it was: at the next failure, or at the title when none is left. */
  moveOn(at) {
    const buttons = [...this.body.querySelectorAll("tbody [data-again]")];
    (buttons[Math.min(Math.max(at, 0), buttons.length - 1)] ?? this.title).focus();
  }

  hold(key) {
    [...this.body.querySelectorAll("[data-again]")].find((each) => each.dataset.again === key)?.focus();
  }

  more() {
    this.limit = Math.min(this.limit + MORE, MOST);
    return this.refresh();
  }

  trouble(error) {
    const said = error ? `${explain(error).title}. ${explain(error).text}` : "";
    if (this.stale.textContent !== said) this.stale.textContent = said;
  }
}

export function failuresList(first) {
  const failures = new Failures();
  const node = failures.node();
  failures.show(first);
  failures.refresh = live({
    path: () => path(failures.limit),
    everyMs: EVERY_MS,
    show: (found) => failures.show(found),
    trouble: (error) => failures.trouble(error),
  });
  return node;
}
