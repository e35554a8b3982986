// Elements are built here and nowhere else. Text from people, Jira or a model enters as text nodes only, and an address
// becomes a link only when it is http or https: there is no way to hand markup or script to this file.

const SVG = "http://www.w3.org/2000/svg";
const FORBIDDEN = /^(on|style$|srcdoc$|href$|src$)/i;
// Direction overrides and invisible characters make a text read as something it is not.
// eslint-disable-next-line no-control-regex
const DECEPTIVE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text as a reader should see it. */
export function visible(text) {
  return String(text ?? "").replace(DECEPTIVE, "");
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (FORBIDDEN.test(name)) throw new Error(`attribute ${name} is not set here`);
  element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * An HTML element. props: attributes by name; `on` holds listeners, `class` may be a list, `value` and `checked` are
 * set as properties; null and false leave an attribute out.
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === "on") Object.entries(value).forEach(([event, listener]) => element.addEventListener(event, listener));
    else if (name === "class") element.className = [value].flat().filter(Boolean).join(" ");
    else if (name !== "value" && name !== "checked") setAttribute(element, name, value);
  }
  append(element, children);
  // After the children: a select can only take the value of an option it has.
  if (props?.value !== undefined && props.value !== null) {
    if (tag === "option") element.setAttribute("value", props.value);
    else element.value = visible(props.value);
  }
  if (props?.checked) element.checked = true;
  return element;
}

/** An SVG element; decoration unless it says otherwise. */
export function svg(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  if (tag === "svg") element.setAttribute("focusable", "false");
  for (const [name, value] of Object.entries(props ?? {})) setAttribute(element, name, value);
  append(element, children);
  return element;
}

/** A link that opens beside Jira, or the bare text when the address is not an http(s) one. */
export function link(address, ...children) {
  const url = URL.canParse(address ?? "") ? new URL(address) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) return h("span", {}, ...children);
  const anchor = h("a", { target: "_blank", rel: "noopener noreferrer" }, ...children);
  anchor.href = url.href;
  return anchor;
}

/** A text in paragraphs, split at line ends. */
export function paragraphs(text, props = {}) {
  return visible(text)
    .split(/\n+/)
    .filter((line) => line.trim())
    .map((line) => h("p", { dir: "auto", ...props }, line));
}

export function put(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
  return parent;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Says a sentence to screen readers without moving the focus. */
export function announce(text) {
  const announcer = byId("announcer");
  if (announcer && text && announcer.textContent !== text) announcer.textContent = text;
}
