// The form: which issues, what question, how many; and a query written from plain words, shown before it is used.

import { announce, h, put } from "../dom.js";
import { button, errorNotice, notice, spinner } from "../parts.js";
import { t } from "../texts.js";
import { examples } from "./examples.js";

const MOST_ISSUES = 500;
const USUAL = 100;

function field(id, label, control, ...more) {
  return h("div", { class: "field" }, h("label", { for: id, class: "label-text" }, label), control, ...more);
}

export class AskForm {
  /** model: see model.js. project: as queries spell it. */
  constructor(model, project) {
    this.model = model;
    this.jql = h("textarea", {
      id: "jql",
      rows: 2,
      maxlength: 4000,
      spellcheck: "false",
      autocapitalize: "off",
      class: "code",
      "aria-describedby": "jql-error jql-help",
      on: { keydown: (event) => this.#shortcut(event), input: () => this.#complain("") },
    });
    this.error = h("p", { id: "jql-error", class: "field-error", role: "alert", dir: "auto", hidden: true });
    this.question = h("input", { type: "text", id: "question", maxlength: 1000 });
    this.most = h("input", { type: "number", id: "most", min: 1, max: MOST_ISSUES, value: USUAL, class: "short" });
    this.submit = h("button", { type: "submit", id: "summarise", class: ["button", "button-primary"] }, t("Summarise"));
    this.message = h("div", { id: "ask-message" });
    this.node = h(
      "form",
      { class: "card form-group ask", id: "ask", novalidate: true, on: { submit: (event) => this.#send(event) } },
      field("jql", t("Which issues, as a JQL query"), this.jql, this.error, this.#examples(project)),
      this.#writer(),
      field("question", t("A question the summary should answer (optional)"), this.question),
      field("most", t("Read at most so many issues"), this.most),
      this.message,
      h("div", { class: "actions" }, this.submit),
    );
  }

  /** Puts an earlier wish into the fields. */
  fill({ jql = "", question = "", max_issues: most = USUAL }) {
    Object.assign(this.jql, { value: jql });
    Object.assign(this.question, { value: question });
    Object.assign(this.most, { value: most });
    this.#complain("");
    this.jql.focus();
  }

  /** While something is under way nothing else is started here. */
  busy(is) {
    this.submit.disabled = is;
    this.submit.textContent = is ? t("Summarising…") : t("Summarise");
  }

  #examples(project) {
    const buttons = examples(project).map(({ name, jql }) =>
      h(
        "li",
        {},
        button(name, () => this.#take(jql), { kind: "default", class: "chip" }),
      ),
    );
    return h(
      "div",
      { id: "jql-help" },
      h("p", { class: "help", id: "examples-label" }, t("Examples:")),
      h("ul", { class: ["plain", "chips"], "aria-labelledby": "examples-label" }, buttons),
    );
  }

  #writer() {
    this.words = h("input", {
      type: "text",
      id: "words",
      maxlength: 1000,
      on: { keydown: (event) => event.key === "Enter" && (event.preventDefault(), this.#write()) },
    });
    this.writeButton = button(t("Write the query"), () => this.#write(), { id: "write" });
    this.written = h("div", { id: "written", "aria-live": "polite" });
    return h(
      "details",
      { class: "fold writer", id: "writer" },
      h("summary", {}, h("span", { class: "fold-title" }, t("Write it for me"))),
      h(
        "div",
        { class: "fold-body" },
        h("label", { for: "words", class: "label-text" }, t("What you want to see, in your own words")),
        h("div", { class: "inline" }, this.words, this.writeButton),
        this.written,
      ),
    );
  }

  #take(jql) {
    this.jql.value = jql;
    this.#complain("");
    this.jql.focus();
    announce(t("The query is filled in."));
  }

  #shortcut(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.node.requestSubmit();
  }

  #complain(text) {
    this.error.hidden = !text;
    put(this.error, text);
    if (text) this.jql.setAttribute("aria-invalid", "true");
    else this.jql.removeAttribute("aria-invalid");
  }

  async #send(event) {
    event.preventDefault();
    if (this.submit.disabled) return;
    put(this.message);
    const jql = this.jql.value.trim();
    if (!jql) {
      this.#complain(t("Enter a query, or choose an example."));
      this.jql.focus();
      return;
    }
    const most = Math.min(Math.max(Math.round(Number(this.most.value)) || USUAL, 1), MOST_ISSUES);
    this.most.value = most;
    this.busy(true);
    try {
      await this.model.start({ jql, question: this.question.value.trim(), max_issues: most });
    } catch (error) {
      this.busy(false);
      this.#refused(error);
    }
  }

  #refused(error) {
    if (error.code !== "jql_refused") {
      put(this.message, errorNotice(error));
      return;
    }
    this.#complain(t("Jira does not understand this query: {words}", { words: error.detail }));
    this.jql.focus();
  }

  async #write() {
    const words = this.words.value.trim();
    if (!words || this.writeButton.disabled) {
      this.words.focus();
      return;
    }
    this.writeButton.disabled = true;
    put(this.written, h("p", { class: "waiting" }, spinner(), " ", t("Writing the query…")));
    try {
      put(this.written, this.#proposal(await this.model.write(words)));
    } catch (error) {
      put(this.written, this.#unwritten(error));
    } finally {
      this.writeButton.disabled = false;
    }
  }

  #unwritten(error) {
    if (error.code !== "model_needed") return errorNotice(error);
    const text = t("Without one, start from an example. A Jira administrator can connect a model.");
    return notice("info", { title: t("This needs a language model"), text });
  }

  /** The query as Jira's parser sees it: a person reads it before anything runs. */
  #proposal({ jql, explanation, valid, errors }) {
    const take = button(t("Use this query"), () => this.#take(jql), { id: "use-query" });
    return h(
      "div",
      { class: "proposal" },
      h("code", { class: "query", dir: "ltr" }, jql),
      explanation && h("p", { dir: "auto" }, explanation),
      valid
        ? h("p", { class: "help" }, t("Jira understands this query. Nothing has been run yet."))
        : notice("warning", { title: t("Jira does not understand this query yet"), detail: errors.join(" ") }),
      h("div", { class: "actions" }, take),
    );
  }
}
