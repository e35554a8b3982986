// Building pages without markup in strings: all text, whoever wrote it, enters as text.

/** h("a.key", {href: "/"}, "text", node): an element; children that are null or false are left out. */
export function h(spec, attributes = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The site's answer to a question of the page; an Error with the site's words otherwise. */
export async function ask(path, body = undefined, method = body === undefined ? "GET" : "POST") {
  const options = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const answer = await fetch(path, options);
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error || `The site answered ${answer.status}.`);
  return said;
}

export const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

export function flag({ title, body, type = "info", close = "auto" }) {
  const shown = h(`div.flag.sheet.${["success", "warning", "error"].includes(type) ? type : "info"}`, {},
    h("header", {}, h("span", {}, title || ""), h("button", { type: "button", "aria-label": "×", onclick: () => shown.remove() }, "×")),
    body ? h("div", {}, String(body)) : null);
  document.getElementById("flags").append(shown);
  if (close !== "manual") setTimeout(() => shown.remove(), 8000);
}
