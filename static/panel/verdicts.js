// What people decide about the items of a result: kept on the server, shown at once, taken back when refused.

import { ApiError, post, put } from "../api.js";

const place = (run, part, index) => `/runs/${encodeURIComponent(run.id)}/items/${part}/${index}`;

/** {verdict, edit, by, at} of one item, or null. */
export function verdictOf(run, part, index) {
  return run.verdicts?.[part]?.[index] ?? null;
}

/** The item as it stands: as suggested, or as somebody left it. */
export function currentItem(run, part, index, item) {
  const found = verdictOf(run, part, index);
  return found?.verdict === "edited" ? { ...item, ...found.edit } : item;
}

export class Verdicts {
  constructor(model) {
    this.model = model;
  }

  /** verdict: accepted, edited, rejected, or null to take it back. Throws ApiError after showing the old state again. */
  async judge(run, part, index, verdict, edit = null) {
    const before = this.model.runs.find(run.id)?.verdicts ?? {};
    const own = { ...before[part] };
    if (verdict) own[index] = { verdict, edit };
    else delete own[index];
    this.#keep(run, { ...before, [part]: own });
    try {
      const body = edit ? { verdict, edit } : { verdict };
      const { verdicts } = await put(place(run, part, index), body);
      if (verdicts) this.#keep(run, verdicts);
    } catch (error) {
      this.#keep(run, before);
      throw error;
    }
  }

  #keep(run, verdicts) {
    this.model.runs.keep({ id: run.id, verdicts });
    this.model.changed("verdicts");
  }

  /** A new version of one item, made by a run of its own: {run, done: promise of the ended run, cancel()}. */
  async regenerate(run, part, index, instruction) {
    const answer = await post(`${place(run, part, index)}/regenerate`, instruction ? { instruction } : {});
    const made = this.model.runs.keep(answer.run);
    this.model.changed("runs");
    const done = new Promise((resolve, reject) => {
      const ended = (found) => {
        this.model.runs.keep(found);
        this.model.changed("runs");
        if (found.status === "succeeded") resolve(found);
        else reject(failure(found));
      };
      if (made.status === "succeeded" || made.status === "failed") ended(made);
      else
        this.model.watch.follow(made, {
          heard: (event, data) => (event === "done" || event === "failed") && ended(data.run ?? data),
          lost: () => {},
          failed: reject,
        });
    });
    return { run: made, done };
  }
}

function failure(run) {
  const { error = run.status, detail = "" } = run.error ?? {};
  return new ApiError(error, detail);
}
