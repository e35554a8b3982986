// What the panel knows and does: the runs of one issue, the one being watched, and what a person has edited so far.

import { ApiError, call, get, post } from "../api.js";
import { refreshIssue } from "../bridge.js";
import { follow } from "../stream.js";

const ACTIVE = new Set(["queued", "running"]);
const POLL_FIRST_MS = 400;
const POLL_LONGEST_MS = 3_000;
const POLL_FOR_MS = 120_000;
const FIRST_LOOKS = 25;
const LOOK_FIRST_MS = 700;
const LOOK_LONGEST_MS = 3_000;

export const isActive = (run) => ACTIVE.has(run?.status);
const pending = (run) => (run?.publications ?? []).some((item) => item.status === "pending");
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** changed: called after every change with the name of what changed: "runs", "live", "error" or "publications". */
export class Model {
  constructor(issue, changed) {
    Object.assign(this, { issue, changed, runs: [], shownId: null, live: null, force: false, error: null, errors: 0 });
    this.edits = new Map();
  }

  get latest() {
    return this.runs[0] ?? null;
  }

  get shown() {
    return this.runs.find((run) => run.id === this.shownId) ?? this.latest;
  }

  async load() {
    const { runs } = await get(`/issues/${encodeURIComponent(this.issue)}/runs`);
    const known = new Map(this.runs.map((run) => [run.id, run]));
    // A list may come without results; what was fetched whole is not forgotten.
    this.runs = runs.map((run) => (run.result ? run : { ...run, result: known.get(run.id)?.result }));
    await this.#complete(this.shown);
    this.changed("runs");
    const active = this.runs.find(isActive);
    if (active && !this.live) this.watch(active);
  }

  /** An issue that was just created is analysed within seconds: look again while there is nothing to show. */
  async awaitFirst() {
    for (let looks = 0; looks < FIRST_LOOKS && !this.runs.length && !this.live; looks += 1) {
      await sleep(Math.min(LOOK_FIRST_MS * 1.2 ** looks, LOOK_LONGEST_MS));
      if (!document.hidden && !this.live) await this.load().catch(() => {});
    }
  }

  async start(force) {
    this.error = null;
    this.force = force;
    this.live = { run: null, stage: "queued", partial: null, waits: null, lost: false, stopping: false };
    this.changed("live");
    try {
      const { run } = await post("/ai/analyze-issue", { issue: this.issue, force });
      this.#keep(run);
      if (isActive(run)) await this.watch(run);
      else await this.#finish(run);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Follows a run to its end. */
  async watch(run) {
    const stream = new AbortController();
    const live = { run, stage: run.progress?.stage || run.status, partial: null, lost: false, stopping: false, stream };
    live.waits = run.status === "queued" && run.error ? run : null;
    this.live = live;
    this.changed("live");
    try {
      await follow(`/runs/${encodeURIComponent(run.id)}/events`, {
        signal: stream.signal,
        onEvent: (event, data) => this.#heard(live, event, data),
        onLost: (lost) => this.#lost(live, lost),
      });
    } catch (error) {
      if (this.live === live) this.fail(error);
    }
  }

  #lost(live, lost) {
    if (live.lost === lost || this.live !== live) return;
    live.lost = lost;
    this.changed("live");
  }

  #heard(live, event, data) {
    if (this.live !== live) return;
    // A run that met trouble goes back to the queue with the reason, and leaves it with its next stage.
    if (event === "stage") Object.assign(live, { stage: data.stage ?? live.stage, waits: data.error ? data : null });
    else if (event === "token") live.partial = data.partial ?? data;
    else this.#finish(data.run ?? data);
    if (this.live === live) this.changed("live");
  }

  async cancel() {
    const { live } = this;
    if (!live?.run || live.stopping) return;
    live.stopping = true;
    this.changed("live");
    try {
      const answer = await call("DELETE", `/runs/${encodeURIComponent(live.run.id)}`);
      const run = answer?.run ?? answer;
      if (run?.id && !isActive(run) && this.live === live) await this.#finish(run);
    } catch (error) {
      Object.assign(live, { stopping: false, problem: error });
      this.changed("live");
    }
  }

  async #finish(run) {
    this.live?.stream?.abort();
    this.live = null;
    this.#keep(run);
    this.shownId = run.id;
    await this.#complete(this.shown).catch((error) => this.fail(error));
    this.changed("runs");
    if (run.publications?.some((item) => item.status === "done")) refreshIssue();
    // What takes too long to be written stays marked as such.
    await this.#settle(run.id).catch(() => {});
  }

  /** An error to show. The number of errors tells a new one from one that is already on the page. */
  fail(error) {
    this.live = null;
    this.error = error;
    this.errors += 1;
    this.changed("runs");
  }

  #keep(run) {
    const at = this.runs.findIndex((known) => known.id === run.id);
    if (at < 0) this.runs.unshift(run);
    else this.runs[at] = this.#merged(this.runs[at], run);
  }

  /** What is newer wins, but results and names come with some answers only. */
  #merged(known, run) {
    const named = run.asked_by?.name ? run : known;
    return { ...known, ...run, result: run.result ?? known.result, asked_by: named.asked_by };
  }

  async #complete(run) {
    if (run?.status === "succeeded" && !run.result) this.#keep(await this.#fetch(run.id));
  }

  async #fetch(id) {
    const answer = await get(`/runs/${encodeURIComponent(id)}`);
    return answer.run ?? answer;
  }

  async show(id) {
    this.shownId = id;
    this.error = null;
    await this.#complete(this.shown).catch((error) => this.fail(error));
    this.changed("runs");
  }

  /** Edits of one run's sub-tasks: index -> {title, description, chosen}; kept as long as the page is open. */
  editsOf(run) {
    if (!this.edits.has(run.id)) this.edits.set(run.id, new Map());
    return this.edits.get(run.id);
  }

  /** Asks for items to be written to Jira and waits until each was or was not. Throws ApiError when refused. */
  async publish(run, target, items, edits) {
    const { publications } = await post("/jira/publish", { run: run.id, target, items, edits });
    const others = (run.publications ?? []).filter((old) => !publications.some((now) => now.id === old.id));
    this.#keep({ id: run.id, publications: [...others, ...publications] });
    this.changed("publications");
    return this.#settle(run.id);
  }

  /** Waits for what is being written. Throws ApiError("unavailable") when it takes longer than two minutes. */
  async #settle(id) {
    const until = Date.now() + POLL_FOR_MS;
    const byId = () => this.runs.find((run) => run.id === id);
    const wasPending = pending(byId());
    for (let wait = POLL_FIRST_MS; pending(byId()); wait = Math.min(wait * 1.5, POLL_LONGEST_MS)) {
      if (Date.now() > until) throw new ApiError("unavailable");
      await sleep(wait);
      const run = await this.#fetch(id).catch(() => null);
      if (run) this.#keep(run);
      this.changed("publications");
    }
    if (wasPending) await refreshIssue();
    return byId();
  }
}
