// What people decide about the items of a result: kept on the server, shown at once, no longer shown when refused.

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

/** verdicts: by part and index, as the server has them. changes: [{part, index, found}], found null for none. */
function changed(verdicts, changes) {
  const shown = { ...verdicts };
  for (const { part, index, found } of changes) {
    shown[part] = { ...shown[part] };
    if (found) shown[part][index] = found;
    else delete shown[part][index];
  }
  return shown;
}

export class Verdicts {
  constructor(model) {
    this.model = model;
  }

  /** verdict: accepted, edited, rejected, or null to take it back. Throws ApiError when it was refused. */
  async judge(run, part, index, verdict, edit = null) {
    const open = this.#of(run);
    const wish = { part, index, found: verdict ? { verdict, edit } : null };
    open.waiting.add(wish);
    this.#show(run, open);
    const body = edit ? { verdict, edit } : { verdict };
    // Sent when the one before it has been answered: else they could be kept in another order than they were made in.
    const answer = open.last.then(() => put(place(run, part, index), body));
    open.last = answer.catch(() => {});
    try {
      const { verdicts } = await answer;
      open.known = verdicts ?? changed(open.known, [wish]);
    } finally {
      open.waiting.delete(wish);
      this.#show(run, open);
      if (!open.waiting.size) this.model.runs.deciding.delete(run.id);
    }
  }

  #of(run) {
    const { deciding } = this.model.runs;
    const known = this.model.runs.find(run.id)?.verdicts ?? {};
    if (!deciding.has(run.id)) deciding.set(run.id, { known, waiting: new Set(), last: Promise.resolve() });
    return deciding.get(run.id);
  }

  /** What the server has, and over it what it is still being asked for. */
  #show(run, { known, waiting }) {
    this.model.runs.keep({ id: run.id, verdicts: changed(known, waiting) });
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
