// The visible pieces all pages share.

import { reload } from "./bridge.js";
import { h, svg } from "./dom.js";
import { ago, moment, t } from "./texts.js";
import { explain } from "./words.js";

const ICONS = {
  info: ["M8 7v4.5", "M8 4.6v.01"],
  success: ["M4.8 8.3 7 10.5l4.3-4.8"],
  warning: ["M8 4.5v4", "M8 11.3v.01"],
  error: ["M5.4 5.4l5.2 5.2", "M10.6 5.4l-5.2 5.2"],
};

/** A small round symbol; what it means is always said in words beside it. */
export function icon(kind) {
  const lines = ICONS[kind].map((d) => svg("path", { d, class: "icon-line" }));
  return svg(
    "svg",
    { class: `icon icon-${kind}`, viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("circle", { cx: 8, cy: 8, r: 7.5, class: "icon-disc" }),
    lines,
  );
}

export function spinner() {
  return svg(
    "svg",
    { class: "spinner", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("circle", { cx: 8, cy: 8, r: 6.5, class: "spinner-track" }),
    svg("path", { d: "M8 1.5A6.5 6.5 0 0 1 14.5 8", class: "spinner-arc" }),
  );
}

export function button(label, onClick, { kind = "default", class: more = null, ...attributes } = {}) {
  return h(
    "button",
    { type: "button", class: ["button", `button-${kind}`, more], on: { click: onClick }, ...attributes },
    label,
  );
}

/** A message in the page. kind: info, success, warning, error; errors are read out at once. */
export function notice(kind, { title = "", text = "", detail = "", actions = [], ...attributes }) {
  return h(
    "div",
    { class: ["notice", `notice-${kind}`], role: kind === "error" ? "alert" : "status", ...attributes },
    icon(kind),
    h(
      "div",
      { class: "notice-body" },
      title && h("p", { class: "notice-title" }, title),
      text && h("p", {}, text),
      detail && h("p", { class: "notice-detail", lang: "en", dir: "auto" }, detail),
      actions.length > 0 && h("div", { class: "notice-actions" }, actions),
    ),
  );
}

/** An error in words with the button that helps. retry: what "Try again" does; without it the button is left out. */
export function errorNotice(error, retry = null) {
  const { code, title, text, detail, action } = explain(error);
  const actions = [];
  if (action === "reload") actions.push(button(t("Reload the page"), reload, { kind: "link" }));
  if (action === "retry" && retry) actions.push(button(t("Try again"), retry, { kind: "link" }));
  return notice("error", { title, text, detail, actions, "data-code": code });
}

export function lozenge(text, tone = "neutral") {
  return h("span", { class: ["lozenge", `lozenge-${tone}`] }, text);
}

/** A time as people say it, the exact one on hover. */
export function time(iso) {
  return iso ? h("time", { datetime: iso, title: moment(iso) }, ago(iso)) : null;
}

const ROUND = 2 * Math.PI * 26;

/** The overall score as a ring with its number; a meter with a name and words for it. */
export function ring(value, { label, text, tone }) {
  const filled = (ROUND * Math.max(0, Math.min(100, value))) / 100;
  return h(
    "div",
    {
      class: ["ring", `tone-${tone}`],
      role: "meter",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": value,
      "aria-valuetext": text,
    },
    svg(
      "svg",
      { viewBox: "0 0 64 64", width: 64, height: 64, "aria-hidden": "true" },
      svg("circle", { cx: 32, cy: 32, r: 26, class: "ring-track" }),
      svg("circle", {
        cx: 32,
        cy: 32,
        r: 26,
        class: "ring-value",
        "stroke-dasharray": `${filled} ${ROUND}`,
        transform: "rotate(-90 32 32)",
      }),
    ),
    h("span", { class: "ring-number", "aria-hidden": "true" }, value),
  );
}

/** A score out of five as five blocks. */
export function blocks(score, label) {
  const tone = ["poor", "poor", "weak", "fair", "good", "good"][score] ?? "poor";
  return h(
    "div",
    {
      class: ["blocks", `tone-${tone}`],
      role: "meter",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 5,
      "aria-valuenow": score,
      "aria-valuetext": t("{score} out of 5", { score }),
    },
    [1, 2, 3, 4, 5].map((n) => h("span", { class: n <= score ? "block block-on" : "block" })),
  );
}

/** A part of the page that folds. key: names it, so that a rebuilt page can keep it as the reader left it. */
export function fold(key, { title, count = null, open }, ...children) {
  return h(
    "details",
    { class: "fold", open, "data-fold": key },
    h("summary", {}, h("h2", { class: "fold-title" }, title), count !== null && h("span", { class: "count" }, count)),
    h("div", { class: "fold-body" }, children),
  );
}
