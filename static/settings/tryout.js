// A draft tried out on a real issue: its result as it comes, beside what the text in force found there.

import { get, post } from "../api.js";
import { announce, h, put } from "../dom.js";
import { textInput } from "../form.js";
import { button, errorNotice, spinner } from "../parts.js";
import { follow } from "../stream.js";
import { t } from "../texts.js";
import { stage } from "./stages.js";
import { outcome } from "./outcome.js";

const KEY = /^(\d{1,18}|[A-Za-z][A-Za-z0-9_]{0,254}-\d{1,18})$/;

/** path: of the project's prompts. draft(): {kind, text} as they stand in the editor. */
export class Tryout {
  #stop = null;

  constructor(path, draft) {
    Object.assign(this, { path, draft });
    const help = t("Nobody else sees the result, and nothing is written to Jira. It costs tokens like any analysis.");
    this.field = textInput("tryout-issue", t("Try it out on an issue of this project"), help, {
      class: "short",
      maxlength: 260,
      placeholder: "ABC-1",
    });
    this.go = h("button", { type: "submit", id: "tryout", class: "button button-default" }, t("Try it out"));
    this.place = h("div", { id: "tryout-result" });
    const on = { submit: (event) => this.#submit(event) };
    this.node = h("form", { novalidate: true, on }, this.field.node, h("div", { class: "actions" }, this.go), this.place);
  }

  /** Another kind or another text: what was shown belongs to neither. */
  clear() {
    this.#stop?.abort();
    put(this.place);
    this.go.disabled = false;
  }

  async #submit(event) {
    event.preventDefault();
    const { kind, text } = this.draft();
    const issue = this.field.input.value.trim();
    const wrong = KEY.test(issue) ? "" : t("Enter the key of an issue, such as ABC-1.");
    this.field.fail(wrong || (text ? "" : t("Write a text first.")));
    if (wrong || !text) {
      this.field.input.focus();
      return;
    }
    this.clear();
    this.#stop = new AbortController();
    this.go.disabled = true;
    const news = h("div", { role: "status" }, spinner(), " ", t("Starting…"));
    const now = h("div", {});
    put(this.place, h("div", { class: "versions" }, side(t("With this text"), "draft", news), side(t("As it is now"), "now", now)));
    try {
      await Promise.all([this.#run(kind, { text, issue }, news), this.#known(kind, issue, now)]);
    } catch (error) {
      if (!this.#stop.signal.aborted) put(news, errorNotice(error));
    }
    this.go.disabled = false;
  }

  async #run(kind, wish, news) {
    const { signal } = this.#stop;
    const { run } = await post(`${this.path}/${kind}/preview`, wish);
    const line = h("p", { class: "meta" });
    const body = h("div", {});
    put(news, line, body);
    const onEvent = (event, data) => {
      if (event === "stage") put(line, spinner(), " ", stage(data.stage));
      else if (event === "token") put(body, outcome(kind, data));
      else if (event === "failed") put(news, errorNotice({ code: data.error?.error ?? data.status, detail: data.error?.detail }));
      else if (event === "done") {
        put(news, outcome(kind, data.result));
        announce(t("The result of the draft is there."));
      }
    };
    await follow(`/runs/${encodeURIComponent(run.id)}/events`, { signal, onEvent });
  }

  async #known(kind, issue, place) {
    const { runs } = await get(`/issues/${encodeURIComponent(issue)}/runs`);
    const latest = runs.find((run) => run.kind === kind && run.status === "succeeded" && !run.params?.regenerate);
    const none = h("p", { class: "meta" }, t("There is no result of this kind for this issue yet."));
    put(place, latest?.result ? outcome(kind, latest.result) : none);
  }
}

function side(label, name, content) {
  return h("section", { class: "version", [`data-${name}`]: "" }, h("h3", {}, label), content);
}
