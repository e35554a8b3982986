// Keeps a part of a page fresh: asks again and again while somebody looks, less often while the answer does not come.

import { get } from "../api.js";

const LONGEST_MS = 60_000;

/**
 * path(): what to ask for. show(answer): the new state. trouble(error): null once it is over. Returns a function that
 * asks at once; what was asked before it then counts no more.
 */
export function live({ path, everyMs, show, trouble }) {
  let timer = 0;
  let turn = 0;
  let pause = everyMs;

  async function ask() {
    clearTimeout(timer);
    const mine = ++turn;
    try {
      const answer = await get(path());
      if (mine !== turn) return;
      pause = everyMs;
      trouble(null);
      show(answer);
    } catch (error) {
      if (mine !== turn) return;
      pause = Math.min(pause * 2, LONGEST_MS);
      trouble(error);
    }
    timer = setTimeout(next, pause);
  }

  // A tab nobody looks at asks nothing; it asks at once when somebody comes back.
  const next = () => (document.hidden ? null : ask());
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  timer = setTimeout(next, everyMs);
  return ask;
}
