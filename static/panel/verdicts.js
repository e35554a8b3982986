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
  // Decisions whose answers have not come yet, and the newest one that was answered: answers may overtake each other.
  #waiting = new Set();
  #asked = 0;
  #answered = 0;
  // By place: the newest decision there. The next one is sent when it has been answered, or they could be kept in
  // another order than they were made in.
  #newest = new Map();

  constructor(model) {
    this.model = model;
  }

  /** verdict: accepted, edited, rejected, or null to take it back. Throws ApiError after showing the old state again. */
  async judge(run, part, index, verdict, edit = null) {
    const before = { part, index, found: this.#known(run)[part]?.[index] ?? null };
    const wish = { run: run.id, part, index, found: verdict ? { verdict, edit } : null, number: ++this.#asked };
    this.#waiting.add(wish);
    this.#keep(run, changed(this.#known(run), [wish]));
    try {
      const body = edit ? { verdict, edit } : { verdict };
      const { verdicts } = await this.#inTurn(place(run, part, index), body);
      this.#waiting.delete(wish);
      // An answer knows nothing of what was decided after its question.
      if (!verdicts || wish.number < this.#answered) return;
      this.#answered = wish.number;
      this.#keep(run, changed(verdicts, this.#unanswered(run)));
    } catch (error) {
      this.#waiting.delete(wish);
      this.#keep(run, changed(this.#known(run), [before, ...this.#unanswered(run)]));
      throw error;
    }
  }

  async #inTurn(where, body) {
    const earlier = this.#newest.get(where);
    const answer = (async () => {
      // Whether it was refused is told to whoever made it.
      await earlier?.catch(() => {});
      return put(where, body);
    })();
    this.#newest.set(where, answer);
    try {
      return await answer;
    } finally {
      if (this.#newest.get(where) === answer) this.#newest.delete(where);
    }
  }

  #known(run) {
    return this.model.runs.find(run.id)?.verdicts ?? {};
  }

  #unanswered(run) {
    return [...this.#waiting].filter((wish) => wish.run === run.id);
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
