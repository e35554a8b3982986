// Follows runs to their end. One at a time has the event stream, the one a person looks at; the others are asked after
// now and then, because a browser and the server allow only so many streams.

import { follow } from "../stream.js";
import { isActive } from "./runs.js";

const ASK_EVERY_MS = 3_000;

/** One run being followed. */
class Followed {
  #wake = () => {};
  ended = false;
  stream = null;

  constructor(run, listener) {
    Object.assign(this, { run, listener });
  }

  /** Lets go of the stream or of the pause, whichever this run has. */
  turn() {
    this.stream?.abort();
    this.#wake();
  }

  hear(event, data) {
    if (this.ended) return;
    this.ended = event === "done" || event === "failed";
    this.listener.heard(event, data);
  }

  pause() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ASK_EVERY_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** fetch(id): the run as it stands. Listeners are {heard(event, data), lost(gone), failed(error)}. */
export class Watch {
  #all = new Map();
  #attended = null;

  constructor(fetch) {
    this.fetch = fetch;
  }

  /** Until the run has ended or `leave` is called. */
  async follow(run, listener) {
    if (this.#all.has(run.id)) return;
    const one = new Followed(run, listener);
    this.#all.set(run.id, one);
    if (!this.#all.has(this.#attended)) this.#attended = run.id;
    try {
      while (!one.ended) await (this.#attended === run.id ? this.#stream(one) : this.#ask(one));
    } catch (error) {
      if (!one.ended) listener.failed(error);
    } finally {
      this.#all.delete(run.id);
      if (this.#attended === run.id) this.attend([...this.#all.keys()].at(-1) ?? null);
    }
  }

  /** The stream goes to this run, when it is one of those that are followed. */
  attend(id) {
    if (id === this.#attended || (id !== null && !this.#all.has(id))) return;
    const before = this.#all.get(this.#attended);
    this.#attended = id;
    before?.turn();
    this.#all.get(id)?.turn();
  }

  leave(id) {
    const one = this.#all.get(id);
    if (!one) return;
    one.ended = true;
    one.turn();
  }

  async #stream(one) {
    one.stream = new AbortController();
    await follow(`/runs/${encodeURIComponent(one.run.id)}/events`, {
      signal: one.stream.signal,
      onEvent: (event, data) => one.hear(event, data),
      onLost: (gone) => one.listener.lost(gone),
    });
  }

  async #ask(one) {
    await one.pause();
    // A look that fails is repeated with the next pause.
    const run = await this.fetch(one.run.id).catch(() => null);
    if (!run) return;
    if (isActive(run)) one.hear("stage", { ...run.progress, error: run.error, next_attempt_at: run.next_attempt_at });
    else one.hear(run.status === "succeeded" ? "done" : "failed", run);
  }
}
