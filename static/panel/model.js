// What the panel knows and does: the runs of one issue by view, those that are being worked on, and what went wrong.

import { call, post } from "../api.js";
import { refreshIssue } from "../bridge.js";
import { kindOf, VIEWS } from "./kinds.js";
import { Publishing } from "./publishing.js";
import { isActive, isPending, Runs } from "./runs.js";
import { Watch } from "./watch.js";

const FIRST_LOOKS = 25;
const LOOK_FIRST_MS = 700;
const LOOK_LONGEST_MS = 3_000;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Tells its listeners after every change what changed: "runs", "live", "publications" or "verdicts". */
export class Model {
  #live = new Map();
  #views = new Map(Object.keys(VIEWS).map((view) => [view, { shownId: null, error: null, errors: 0, again: null }]));

  #listeners = new Set();

  constructor(issue) {
    Object.assign(this, { issue, runs: new Runs(issue), attended: "analysis" });
    this.watch = new Watch((id) => this.runs.fetch(id));
    this.publishing = new Publishing(this.runs, () => this.changed("publications"));
  }

  /** listener(what): called after every change. Answers a function that ends it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(what) {
    for (const listener of [...this.#listeners]) listener(what);
  }

  latest(view) {
    return this.runs.of(view)[0] ?? null;
  }

  shown(view) {
    const { shownId } = this.#views.get(view);
    return this.runs.of(view).find((run) => run.id === shownId) ?? this.latest(view);
  }

  /** What is being worked on for a view: {kind, run, stage, partial, waits, lost, stopping, problem}, or null. */
  live(view) {
    return VIEWS[view].map((kind) => this.#live.get(kind)).find(Boolean) ?? null;
  }

  /** What went wrong in a view last: {error, errors, again}; `errors` counts, to tell a new one from the same. */
  trouble(view) {
    return this.#views.get(view);
  }

  get isIdle() {
    return this.#live.size === 0;
  }

  async load() {
    await this.runs.load();
    await this.#complete(this.attended);
    this.changed("runs");
    for (const run of this.runs.all.filter(isActive)) this.#follow(run);
    // Whoever opens the panel between the result and its comment should see the comment come as well.
    for (const run of this.runs.all.filter(isPending)) this.publishing.settle(run.id).catch(() => {});
  }

  /** An issue that was just created is analysed within seconds: look again while there is nothing to show. */
  async awaitFirst() {
    for (let looks = 0; looks < FIRST_LOOKS && !this.runs.all.length && this.isIdle; looks += 1) {
      await sleep(Math.min(LOOK_FIRST_MS * 1.2 ** looks, LOOK_LONGEST_MS));
      if (!document.hidden && this.isIdle) await this.load().catch(() => {});
    }
  }

  /** A person looks at this view now: it gets the stream and what it needs to be shown whole. */
  async attend(view) {
    this.attended = view;
    const run = this.live(view)?.run;
    if (run) this.watch.attend(run.id);
    await this.#complete(view).catch((error) => this.fail(view, error));
    this.changed("runs");
  }

  async show(view, id) {
    Object.assign(this.#views.get(view), { shownId: id, error: null });
    await this.#complete(view).catch((error) => this.fail(view, error));
    this.changed("runs");
  }

  /** Asks for a run. wish: what the route takes beside the issue: force, instruction, count, kinds. */
  async start(view, kind, wish = {}) {
    const again = () => this.start(view, kind, wish);
    Object.assign(this.#views.get(view), { error: null, again });
    this.#live.set(kind, {
      kind,
      run: null,
      stage: "queued",
      partial: null,
      waits: null,
      lost: false,
      stopping: false,
    });
    this.changed("live");
    try {
      const { run } = await post(kindOf(kind).route, { issue: this.issue, ...wish });
      this.runs.keep(run);
      if (isActive(run)) await this.#follow(run);
      else await this.#finish(run);
    } catch (error) {
      this.#live.delete(kind);
      this.fail(view, error);
    }
  }

  async #follow(run) {
    const kind = run.kind ?? "analysis";
    if (run.params?.regenerate || this.#live.get(kind)?.run?.id === run.id) return;
    const waits = run.status === "queued" && run.error ? run : null;
    const stage = run.progress?.stage || run.status;
    const live = { kind, run, stage, done: 0, total: 0, partial: null, waits, lost: false, stopping: false };
    this.#live.set(kind, live);
    this.changed("live");
    const following = this.watch.follow(run, {
      heard: (event, data) => this.#heard(live, event, data),
      lost: (lost) => this.#update(live, { lost }),
      failed: (error) => this.#lose(live, error),
    });
    if (VIEWS[this.attended].includes(kind)) this.watch.attend(run.id);
    await following;
  }

  #update(live, news) {
    if (this.#live.get(live.kind) !== live) return;
    if (Object.entries(news).every(([name, value]) => live[name] === value)) return;
    Object.assign(live, news);
    this.changed("live");
  }

  #heard(live, event, data) {
    const { stage = live.stage, done = 0, total = 0 } = data;
    // A run that met trouble goes back to the queue with the reason, and leaves it with its next stage.
    if (event === "stage") this.#update(live, { stage, done, total, waits: data.error ? data : null });
    else if (event === "token") this.#update(live, { partial: data.partial ?? data });
    else this.#finish(data.run ?? data);
  }

  #lose(live, error) {
    this.#live.delete(live.kind);
    for (const view of this.#viewsOf(live.kind)) this.fail(view, error);
  }

  #viewsOf(kind) {
    return Object.keys(VIEWS).filter((view) => VIEWS[view].includes(kind));
  }

  async cancel(view) {
    const live = this.live(view);
    if (!live?.run || live.stopping) return;
    this.#update(live, { stopping: true, problem: null });
    try {
      const answer = await call("DELETE", `/runs/${encodeURIComponent(live.run.id)}`);
      const run = answer?.run ?? answer;
      if (run?.id && !isActive(run) && this.#live.get(live.kind) === live) await this.#finish(run);
    } catch (error) {
      this.#update(live, { stopping: false, problem: error });
    }
  }

  async #finish(run) {
    const kind = run.kind ?? "analysis";
    this.watch.leave(run.id);
    this.#live.delete(kind);
    this.runs.keep(run);
    for (const view of this.#viewsOf(kind)) this.#views.get(view).shownId = run.id;
    await this.#complete(this.attended).catch((error) => this.fail(this.attended, error));
    this.changed("runs");
    if (run.publications?.some((item) => item.status === "done")) refreshIssue();
    // What takes too long to be written stays marked as such.
    await this.publishing.settle(run.id).catch(() => {});
  }

  #complete(view) {
    return this.runs.complete(this.shown(view));
  }

  fail(view, error) {
    const state = this.#views.get(view);
    Object.assign(state, { error, errors: state.errors + 1 });
    this.changed("runs");
  }
}
