// What the tab of summaries knows and does: the reader's own runs in this project, and the one being watched.

import { call, get, open, post } from "../api.js";
import { follow } from "../stream.js";

const ACTIVE = new Set(["queued", "running"]);

export const isActive = (run) => ACTIVE.has(run?.status);

/** changed: called with the name of what changed: "runs", "live" or "error". */
export class Model {
  constructor(project, changed) {
    Object.assign(this, { project, changed, runs: [], shownId: null, live: null, error: null });
  }

  get shown() {
    return this.runs.find((run) => run.id === this.shownId) ?? null;
  }

  async load() {
    const { runs } = await get(`/projects/${encodeURIComponent(this.project)}/summaries`);
    const known = new Map(this.runs.map((run) => [run.id, run]));
    this.runs = runs.map((run) => ({ ...known.get(run.id), ...run, result: known.get(run.id)?.result ?? null }));
    this.changed("runs");
    const active = this.runs.find(isActive);
    if (active && !this.live) this.#watch(active);
  }

  /** wish: {jql, question, max_issues}. Throws ApiError when the query or the wish is refused. */
  async start(wish) {
    this.error = null;
    this.shownId = null;
    const { run } = await post("/ai/summarize-jql", { project: this.project, ...wish });
    this.#keep({ ...run, params: wish });
    this.changed("runs");
    this.#watch(run);
  }

  /** {jql, explanation, valid, errors}. Throws ApiError. */
  write(words) {
    return post("/jira/jql", { words, project: this.project });
  }

  async #watch(run) {
    const stream = new AbortController();
    const progress = run.progress ?? {};
    const live = { run, stage: progress.stage ?? "queued", done: progress.done ?? 0, total: progress.total ?? 0 };
    Object.assign(live, { partial: null, lost: false, stopping: false, waits: null, problem: null });
    this.live = live;
    this.changed("live");
    try {
      await follow(`/runs/${encodeURIComponent(run.id)}/events`, {
        signal: stream.signal,
        onEvent: (event, data) => this.#heard(live, event, data),
        onLost: (lost) => this.#lost(live, lost),
      });
    } catch (error) {
      if (this.live === live) this.#fail(error);
    }
    stream.abort();
  }

  #lost(live, lost) {
    if (live.lost === lost || this.live !== live) return;
    live.lost = lost;
    this.changed("live");
  }

  #heard(live, event, data) {
    if (this.live !== live) return;
    if (event === "stage") {
      // A run that met trouble goes back to the queue with the reason, and leaves it with its next stage.
      const { stage = live.stage, done = 0, total = 0 } = data;
      Object.assign(live, { stage, done, total, waits: data.error ? data : null });
    } else if (event === "token") live.partial = data.partial ?? data;
    else {
      this.#finish(data.run ?? data);
      return;
    }
    this.changed("live");
  }

  async cancel() {
    const { live } = this;
    if (!live || live.stopping) return;
    live.stopping = true;
    this.changed("live");
    try {
      const run = await call("DELETE", `/runs/${encodeURIComponent(live.run.id)}`);
      if (!isActive(run) && this.live === live) this.#finish(run);
    } catch (error) {
      Object.assign(live, { stopping: false, problem: error });
      this.changed("live");
    }
  }

  #finish(run) {
    this.live = null;
    this.#keep(run);
    this.shownId = run.id;
    this.changed("runs");
  }

  #fail(error) {
    this.live = null;
    this.error = error;
    this.changed("error");
  }

  #keep(run) {
    const at = this.runs.findIndex((known) => known.id === run.id);
    if (at < 0) this.runs.unshift(run);
    else this.runs[at] = { ...this.runs[at], ...run, params: run.params?.jql ? run.params : this.runs[at].params };
  }

  /** Shows an earlier run again; its result is fetched when it is not here yet. */
  async show(id) {
    this.error = null;
    try {
      const run = this.runs.find((known) => known.id === id);
      if (run?.status === "succeeded" && !run.result) this.#keep(await get(`/runs/${encodeURIComponent(id)}`));
      this.shownId = id;
      this.changed("runs");
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The result as a file: {name, blob}. Throws ApiError. */
  async file(id) {
    const path = `/runs/${encodeURIComponent(id)}/markdown`;
    const response = await open("GET", path, { headers: { Accept: "text/markdown" } });
    const given = /filename="([\w.-]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
    return { name: given?.[1] ?? "summary.md", blob: await response.blob() };
  }
}
