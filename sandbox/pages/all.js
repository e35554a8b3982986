// Stand-in for Atlassian's bridge inside a framed page of the add-on: the part of window.AP that add-ons like ours use,
// spoken over postMessage with the pretend Jira that frames the page.
(() => {
  const script = document.currentScript;
  const options = Object.fromEntries((script?.dataset.options ?? "").split(";").filter(Boolean).map((pair) => pair.split(":").map((part) => part.trim())));
  // Read now: pages remove their token, and with it perhaps everything, from the address.
  const host = new URLSearchParams(location.search).get("xdm_e") ?? "";
  const home = new URL(".", script.src);
  const waiting = new Map();
  const listeners = new Map();
  let last = 0;

  function call(method, argument) {
    if (!host || parent === window) return Promise.reject(new Error("This page is not framed by Jira."));
    return new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      parent.postMessage({ bridge: "call", id: last, method, argument }, host);
    });
  }

  // Atlassian's functions take a callback and most answer a promise too.
  function both(method, argument, callback) {
    const answer = call(method, argument);
    if (typeof callback === "function") answer.then(callback, () => {});
    return answer;
  }

  addEventListener("message", (message) => {
    if (message.source !== parent || message.origin !== host || !message.data) return;
    const { bridge, id, result, error, event, data } = message.data;
    if (bridge === "event") {
      if (event === "theme" && themed) show(data);
      for (const listener of [...(listeners.get(event) ?? [])]) listener(data);
    } else if (bridge === "answer" && waiting.has(id)) {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (error) reject(new Error(error)); else resolve(result);
    }
  });

  let themed = false;
  function show(theme) {
    const root = document.documentElement;
    root.dataset.theme = `${theme}:${theme}`;
    root.dataset.colorMode = theme;
    let link = document.querySelector("link[data-bridge-theme]");
    if (!link) {
      link = document.createElement("link");
      link.rel = "stylesheet";
      link.dataset.bridgeTheme = "";
      document.head.append(link);
    }
    link.href = new URL(`themes/atlaskit-tokens_${theme === "dark" ? "dark" : "light"}.css`, home).href;
  }

  function watch() {
    if (options.resize === "false" || options.sizeToParent === "true") return;
    const content = document.querySelector(".ac-content, #content") ?? document.body;
    let told = 0;
    const tell = () => {
      const box = content.getBoundingClientRect();
      const height = Math.max(content.scrollHeight, box.height) + Math.max(0, box.top + scrollY);
      if (Math.abs(height - told) > 1) call("resize", { height: (told = height) }).catch(() => {});
    };
    new ResizeObserver(tell).observe(content);
    tell();
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", watch); else watch();

  const on = (name, listener) => listeners.set(name, [...(listeners.get(name) ?? []), listener]);
  const off = (name, listener) => listeners.set(name, (listeners.get(name) ?? []).filter((known) => known !== listener));
  window.AP = {
    context: { getToken: (callback) => both("context.getToken", null, callback), getContext: (callback) => both("context.getContext", null, callback) },
    user: {
      getLocale: (callback) => both("user.getLocale", null, callback),
      getTimeZone: (callback) => both("user.getTimeZone", null, callback),
      getCurrentUser: (callback) => both("user.getCurrentUser", null, callback),
    },
    flag: { create: (wanted) => { call("flag.create", wanted).catch(() => {}); return { close() {}, on() {} }; } },
    theming: { initializeTheming: () => { themed = true; return call("theming.get").then(show); } },
    events: {
      on, off,
      once: (name, listener) => { const single = (data) => { off(name, single); listener(data); }; on(name, single); },
      emit: (name, data) => { call("events.emit", { name, data }).catch(() => {}); },
    },
    jira: { refreshIssuePage: () => { call("jira.refreshIssuePage").catch(() => {}); }, isNativeApp: (callback) => callback(false) },
    navigator: { reload: () => { call("navigator.reload").catch(() => {}); }, go: (target, context) => { call("navigator.go", { target, context }).catch(() => {}); } },
    page: { setTitle: (title) => { call("page.setTitle", title).catch(() => {}); } },
    getLocation: (callback) => both("getLocation", null, callback),
    resize: (_, height) => { call("resize", { height: parseFloat(height) || document.body.scrollHeight }).catch(() => {}); },
    sizeToParent: () => {},
  };
})();
