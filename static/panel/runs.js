// The runs of one issue as this page knows them, newest first: what is newer wins, what was fetched whole is kept.

import { get } from "../api.js";
import { VIEWS } from "./kinds.js";

const ACTIVE = new Set(["queued", "running"]);

export const isActive = (run) => ACTIVE.has(run?.status);
export const isPending = (run) => (run?.publications ?? []).some((item) => item.status === "pending");

export class Runs {
  all = [];
  /**
   * By run, what is being decided about its items: {known, waiting, last}. known: what the server has told; waiting: what
   * it has not answered yet; last: a promise of the end of all of it, never a failure.
   */
  deciding = new Map();

  constructor(issue) {
    this.issue = issue;
  }

  async load() {
    const { runs } = await get(`/issues/${encodeURIComponent(this.issue)}/runs`);
    const known = new Map(this.all.map((run) => [run.id, run]));
    this.all = runs.map((run) => {
      const before = known.get(run.id);
      // A list may come without results and verdicts.
      return { ...run, result: run.result ?? before?.result, verdicts: run.verdicts ?? before?.verdicts };
    });
  }

  find(id) {
    return this.all.find((run) => run.id === id) ?? null;
  }

  /** What a view has to show, newest first. New versions of a single item stand beside the old one, not in its place. */
  of(view) {
    return this.all.filter((run) => VIEWS[view].includes(run.kind ?? "analysis") && !run.params?.regenerate);
  }

  keep(run) {
    const at = this.all.findIndex((known) => known.id === run.id);
    if (at < 0) this.all.unshift(run);
    else this.all[at] = merged(this.all[at], run);
    return this.find(run.id);
  }

  async fetch(id) {
    const answer = await get(`/runs/${encodeURIComponent(id)}`);
    return answer.run ?? answer;
  }

  /** The run with its result and what people decided about it. */
  async complete(run) {
    const whole = run?.result && run.verdicts;
    if (run?.status === "succeeded" && !whole) this.keep({ verdicts: {}, ...(await this.fetch(run.id)) });
  }
}

/** Results, verdicts and names come with some answers only. */
function merged(known, run) {
  const named = run.asked_by?.name ? run : known;
  return {
    ...known,
    ...run,
    result: run.result ?? known.result,
    verdicts: run.verdicts ?? known.verdicts,
    asked_by: named.asked_by,
  };
}
