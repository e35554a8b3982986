// The host's side of the bridge: frames a module of the add-on and answers what it asks through window.AP.
import { ask, flag, h, query } from "./dom.js";

const LOCALES = { en: "en_US", fr: "fr_FR" };
const frames = new Map();

/** An iframe of one module. where: {module or place, issue?, project?}. reader: () => {user, language, theme, zone, account}. */
export async function framed(where, reader, refresh) {
  const { user, language } = reader();
  const shown = await ask(`/sandbox/ui/frame?${query({ ...where, user, language })}`);
  const iframe = h("iframe", { src: shown.url, title: shown.name, referrerpolicy: "no-referrer", "data-module": shown.key,
    sandbox: "allow-forms allow-modals allow-popups allow-scripts allow-same-origin allow-downloads" });
  frames.set(iframe, { ...shown, where, reader, refresh });
  return { iframe, name: shown.name };
}

/** Tells every frame that the theme or the language changed. */
export function announce(event, data) {
  for (const [iframe, shown] of frames) {
    if (iframe.isConnected) iframe.contentWindow.postMessage({ bridge: "event", event, data }, shown.origin);
    else frames.delete(iframe);
  }
}

addEventListener("message", async (message) => {
  const iframe = [...frames.keys()].find((frame) => frame.contentWindow === message.source);
  const shown = iframe && frames.get(iframe);
  if (!shown || message.origin !== shown.origin || message.data?.bridge !== "call") return;
  const { id, method, argument } = message.data;
  const answer = { bridge: "answer", id };
  try {
    answer.result = method in METHODS ? await METHODS[method](argument, shown, iframe) : undefined;
  } catch (error) {
    answer.error = error.message;
  }
  if (iframe.isConnected) iframe.contentWindow.postMessage(answer, shown.origin);
});

const METHODS = {
  "context.getToken": async (_, shown) => {
    const { issue, project } = shown.where;
    return (await ask(`/sandbox/ui/token?${query({ issue, project, user: shown.reader().user })}`)).token;
  },
  "context.getContext": (_, shown) => shown.context,
  "user.getLocale": (_, shown) => LOCALES[shown.reader().language],
  "user.getTimeZone": (_, shown) => shown.reader().zone,
  "user.getCurrentUser": (_, shown) => ({ atlassianAccountId: shown.reader().account }),
  "theming.get": (_, shown) => shown.reader().theme,
  "flag.create": (options) => flag(options ?? {}),
  "resize": ({ height }, shown, iframe) => { iframe.style.height = `${Math.min(4000, Math.max(60, Math.ceil(height)))}px`; },
  "jira.refreshIssuePage": (_, shown) => shown.refresh?.(),
  "page.setTitle": (title) => { document.title = String(title); },
  "getLocation": () => location.href,
  "navigator.reload": () => location.reload(),
  "navigator.go": ({ target, context }) => {
    const places = {
      issue: () => `/browse/${encodeURIComponent(context?.issueKey ?? "")}`,
      projectAdminTabPanel: () => `/projects/${encodeURIComponent(context?.projectKey ?? "")}/settings`,
      addonModule: () => `/admin?${query({ module: context?.moduleKey })}`,
    };
    if (places[target]) location.assign(places[target]());
  },
  // Plain events reach the other frames of the same add-on, as in Jira.
  "events.emit": ({ name, data }, shown) => announce(name, data),
};
