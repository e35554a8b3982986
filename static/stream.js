// Server-sent events over fetch, because EventSource cannot send the Authorization header. A cut stream is taken up
// again after the last event seen; `reconnect` is the server asking for just that, `refused` says why it is no use.

import { ApiError, open } from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const FINAL = new Set(["done", "failed"]);

/** Cuts a text stream into events {id, event, data}; `feed` takes the next piece, whatever its borders. */
export function parser(onEvent) {
  let rest = "";
  let current = { id: null, event: "message", data: [] };
  const line = (text) => {
    if (text === "") {
      if (current.data.length) onEvent({ id: current.id, event: current.event, data: current.data.join("\n") });
      current = { id: null, event: "message", data: [] };
      return;
    }
    const at = text.indexOf(":");
    const name = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? "" : text.slice(at + 1).replace(/^ /, "");
    if (name === "data") current.data.push(value);
    else if (name === "event" || name === "id") current[name] = value;
  };
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    lines.forEach(line);
  };
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

async function readOnce(path, state, { signal, onEvent }) {
  const headers = { Accept: "text/event-stream" };
  if (state.lastId !== null) headers["Last-Event-ID"] = state.lastId;
  const response = await open("GET", path, { headers, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const feed = parser(({ id, event, data }) => {
    if (id !== null) state.lastId = id;
    state.failures = 0;
    if (event === "reconnect") return;
    if (event === "refused") {
      const { error, detail } = JSON.parse(data);
      throw new ApiError(error, detail, { status: 403 });
    }
    state.ended ||= FINAL.has(event);
    onEvent(event, data ? JSON.parse(data) : {});
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done || state.ended) break;
    feed(value);
  }
  if (state.ended) await reader.cancel().catch(() => {});
}

function worthAnotherTry(error) {
  return !(error instanceof ApiError) || error.code === "offline" || error.status === 429 || error.status >= 500;
}

/**
 * Calls onEvent(event, data) until `done` or `failed`, or until `signal` aborts. onLost(true) while the connection is
 * gone, onLost(false) when it is back. Throws ApiError when asking again is pointless.
 */
export async function follow(path, { signal, onEvent, onLost = () => {} }) {
  const state = { lastId: null, failures: 0, ended: false };
  const seen = (event, data) => {
    onLost(false);
    onEvent(event, data);
  };
  while (!state.ended && !signal?.aborted) {
    let wait = FIRST_WAIT_MS;
    try {
      await readOnce(path, state, { signal, onEvent: seen });
    } catch (error) {
      if (signal?.aborted) return;
      if (!worthAnotherTry(error)) throw error;
      onLost(true);
      wait = error.retryAfterS
        ? error.retryAfterS * 1000
        : Math.min(FIRST_WAIT_MS * 2 ** state.failures, LONGEST_WAIT_MS);
      state.failures += 1;
    }
    if (!state.ended) await pause(wait, signal);
  }
}
