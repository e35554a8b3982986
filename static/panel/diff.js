// What is different between two texts, word by word.

import { h, visible } from "../dom.js";
import { t } from "../texts.js";

const MOST_WORDS = 1_200;

// A word takes the blank behind it along: blanks alone would make every second piece look the same.
const words = (text) => visible(text).match(/\s*\S+\s*/g) ?? [];
const same = (one, other) => one.trim() === other.trim();

/** The table of longest common sequences; a row for each word of `before`, from its end. */
function common(before, after) {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let a = before.length - 1; a >= 0; a -= 1)
    for (let b = after.length - 1; b >= 0; b -= 1)
      rows[a][b] = same(before[a], after[b]) ? rows[a + 1][b + 1] + 1 : Math.max(rows[a + 1][b], rows[a][b + 1]);
  return rows;
}

/** [["same" | "gone" | "new", text], …]; texts too long to compare are given as all gone and all new. */
export function compare(before, after) {
  const [from, to] = [words(before), words(after)];
  if (from.length > MOST_WORDS || to.length > MOST_WORDS)
    return [
      ["gone", visible(before)],
      ["new", visible(after)],
    ];
  const rows = common(from, to);
  const found = [];
  const add = (kind, word) => {
    if (found.at(-1)?.[0] === kind) found.at(-1)[1] += word;
    else found.push([kind, word]);
  };
  let [a, b] = [0, 0];
  while (a < from.length || b < to.length) {
    if (a < from.length && b < to.length && same(from[a], to[b])) {
      add("same", to[b]);
      a += 1;
      b += 1;
    } else if (b >= to.length || (a < from.length && rows[a + 1][b] >= rows[a][b + 1])) {
      add("gone", from[a]);
      a += 1;
    } else {
      add("new", to[b]);
      b += 1;
    }
  }
  return found;
}

/** Both texts in one, what went and what came marked for the eye and for the ear. */
export function difference(before, after) {
  const mark = ([kind, text]) => {
    if (kind === "same") return text;
    const said = h("span", { class: "sr-only" }, kind === "gone" ? t("removed:") : t("added:"), " ");
    return h(kind === "gone" ? "del" : "ins", {}, said, text);
  };
  return h("p", { class: "difference", dir: "auto" }, compare(before, after).map(mark));
}
