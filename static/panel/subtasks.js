// The tab "Sub-tasks": suggestions that a person ticks, edits and has created. Built once per run and then changed in
// place, so that nothing typed is lost to a tab switch, a failure or a newer state of the run.

import { flag } from "../bridge.js";
import { announce, h, put, visible } from "../dom.js";
import { button, errorNotice } from "../parts.js";
import { plural, t } from "../texts.js";
import { oneLine, Suggestion, TITLE_LENGTH } from "./suggestion.js";

function publicationOf(run, index) {
  return (run.publications ?? []).filter((item) => item.target === "subtasks" && item.item === index).at(-1);
}

function nothing(run) {
  const text = run?.result
    ? t("This analysis suggests no sub-tasks.")
    : t("Analyse the issue first; the sub-tasks it suggests appear here.");
  return h("div", { class: "empty", id: "no-subtasks" }, h("h2", {}, t("No sub-tasks yet")), h("p", {}, text));
}

/** The suggestions of one run as a form. */
class SubtaskForm {
  #sending = false;

  constructor(run, model) {
    Object.assign(this, { run, model });
    this.problem = h("div", {});
    this.create = button("", () => this.#send(), { id: "create-subtasks", kind: "primary" });
    this.hint = h("p", { class: "meta" }, t("Untick what you do not want and change any text before it is created."));
    this.actions = h("div", { class: "actions sticky" }, this.create);
    this.items = run.result.analysis.subtasks.map((subtask, index) => this.#item(subtask, index));
    this.node = h(
      "section",
      { "aria-labelledby": "subtasks-title" },
      h("h2", { id: "subtasks-title" }, t("Suggested sub-tasks")),
      this.hint,
      h(
        "ul",
        { class: "plain subtasks", id: "subtasks", "aria-labelledby": "subtasks-title" },
        this.items.map((item) => item.node),
      ),
      this.problem,
      this.actions,
    );
  }

  #item(subtask, index) {
    const edits = this.model.editsOf(this.run);
    if (!edits.has(index)) {
      const title = oneLine(subtask.title).slice(0, TITLE_LENGTH);
      edits.set(index, { title, description: visible(subtask.description), chosen: true });
    }
    return new Suggestion(index, edits.get(index), () => this.#refresh());
  }

  get #chosen() {
    return this.items.filter((item) => item.open && item.edit.chosen);
  }

  #refresh() {
    this.items.forEach((item) => item.refresh());
    const n = this.#chosen.length;
    const retrying = n > 0 && this.#chosen.every((item) => item.failed);
    this.create.textContent = retrying ? t("Retry failed ({n})", { n }) : t("Create sub-tasks ({n})", { n });
    this.create.disabled = this.#sending || n === 0;
    this.actions.hidden = this.hint.hidden = !this.items.some((item) => item.open);
  }

  async #send() {
    const chosen = this.#chosen;
    const untitled = chosen.find((item) => !item.valid);
    if (untitled) {
      untitled.title.focus();
      return;
    }
    this.#sending = true;
    this.#refresh();
    put(this.problem);
    const text = ({ title, description }) => ({ title: title.trim(), description });
    const edits = Object.fromEntries(chosen.map(({ index, edit }) => [index, text(edit)]));
    const indexes = chosen.map((item) => item.index);
    try {
      tell(await this.model.publish(this.run, "subtasks", indexes, edits), indexes);
    } catch (error) {
      put(
        this.problem,
        errorNotice(error, () => this.#send()),
      );
    }
    this.#sending = false;
    this.#refresh();
  }

  update(run) {
    this.run = run;
    this.items.forEach((item) => item.update(publicationOf(run, item.index)));
    this.#refresh();
  }
}

function tell(run, indexes) {
  const made = indexes.filter((index) => publicationOf(run, index)?.status === "done").length;
  const failed = indexes.length - made;
  const text = plural(made, "{n} sub-task created.", "{n} sub-tasks created.");
  announce(failed ? `${text} ${plural(failed, "{n} could not be created.", "{n} could not be created.")}` : text);
  flag(t("Sub-tasks"), text, failed ? "warning" : "success");
}

/** Keeps `place` and the number on the tab in step with the model. */
export class SubtasksView {
  #forms = new Map();

  constructor(place, model, count) {
    Object.assign(this, { place, model, count });
  }

  update() {
    const run = this.model.shown;
    const total = run?.result?.analysis.subtasks.length ?? 0;
    put(this.count, total);
    this.count.hidden = !total;
    if (!total) {
      put(this.place, nothing(run));
      return;
    }
    if (!this.#forms.has(run.id)) this.#forms.set(run.id, new SubtaskForm(run, this.model));
    const form = this.#forms.get(run.id);
    if (form.node.parentNode !== this.place) put(this.place, form.node);
    form.update(run);
  }
}
