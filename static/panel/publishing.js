// Writing into Jira: what would be written, what is being written, what failed and is tried again, what is taken back.

import { ApiError, post } from "../api.js";
import { refreshIssue } from "../bridge.js";
import { isPending } from "./runs.js";

const POLL_FIRST_MS = 400;
const POLL_LONGEST_MS = 3_000;
const POLL_FOR_MS = 120_000;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** changed: called whenever a publication is another than before. */
export class Publishing {
  constructor(runs, changed) {
    Object.assign(this, { runs, changed, settling: new Map() });
  }

  /** What a wish {target, items, field, replace} would write; nothing is written. Throws ApiError. */
  async preview(run, wish) {
    // What was just rejected is left out: the server goes by what it knows.
    await this.runs.deciding.get(run.id)?.last;
    return post("/jira/publish/preview", { run: run.id, ...wish });
  }

  /** Asks for it to be written: {ids, settled}, the latter a promise for when each was or was not. Throws ApiError. */
  async ask(run, wish) {
    await this.runs.deciding.get(run.id)?.last;
    const { publications } = await post("/jira/publish", { run: run.id, ...wish });
    this.#keep(run.id, publications);
    return { ids: publications.map(({ id }) => id), settled: this.settle(run.id) };
  }

  /** Throws ApiError when refused. */
  async retry(run, publication) {
    const answer = await post(`/publications/${encodeURIComponent(publication.id)}/retry`);
    this.#keep(run.id, [answer.publication]);
    await this.settle(run.id);
  }

  /** Takes back what was written, unless Jira or somebody's later change is against it. Throws ApiError when refused. */
  async undo(run, publication) {
    const answer = await post(`/publications/${encodeURIComponent(publication.id)}/undo`);
    this.#keep(run.id, [answer.publication]);
    await this.settle(run.id);
  }

  #keep(runId, publications) {
    const run = this.runs.find(runId);
    const others = (run?.publications ?? []).filter((old) => !publications.some((now) => now.id === old.id));
    this.runs.keep({ id: runId, publications: [...others, ...publications] });
    this.changed();
  }

  /** Waits for what is being written. Throws ApiError("unavailable") when it takes longer than two minutes. */
  settle(runId) {
    if (!this.settling.has(runId)) {
      this.settling.set(
        runId,
        this.#settle(runId).finally(() => this.settling.delete(runId)),
      );
    }
    return this.settling.get(runId);
  }

  async #settle(runId) {
    const until = Date.now() + POLL_FOR_MS;
    const run = () => this.runs.find(runId);
    const wasPending = isPending(run());
    for (let wait = POLL_FIRST_MS; isPending(run()); wait = Math.min(wait * 1.5, POLL_LONGEST_MS)) {
      if (Date.now() > until) throw new ApiError("unavailable");
      await sleep(wait);
      const found = await this.runs.fetch(runId).catch(() => null);
      if (found) this.runs.keep(found);
      this.changed();
    }
    if (wasPending) await refreshIssue();
  }
}
