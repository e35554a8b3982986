// Atlassian's bridge (window.AP) as promises. It loads by itself and may be late, slow or missing: every call waits for
// it a while, and nothing but the token is ever worth failing for.

const LOADED_WITHIN_MS = 10_000;
const ANSWERED_WITHIN_MS = 10_000;
const HINT_WITHIN_MS = 1_500;

let arriving = null;

/** AP once it is there, or null when it did not come in time. */
function bridge() {
  arriving ??= new Promise((resolve) => {
    const startedAt = Date.now();
    const look = () => {
      if (window.AP?.context) resolve(window.AP);
      else if (Date.now() - startedAt > LOADED_WITHIN_MS) resolve(null);
      else setTimeout(look, 25);
    };
    look();
  }).then((found) => {
    if (!found) arriving = null;
    return found;
  });
  return arriving;
}

function within(milliseconds, promise, otherwise) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, otherwise))]);
}

/** A token for one call to our API, or null. Asked for afresh each time: Jira hands out short-lived ones. */
export async function token() {
  const AP = await bridge();
  if (!AP) return null;
  const asked = new Promise((resolve) => {
    const promised = AP.context.getToken(resolve);
    promised?.then?.(resolve, () => resolve(null));
  });
  return within(ANSWERED_WITHIN_MS, asked, null);
}

/** The reader's locale as Jira has it, "" when it does not say in time. */
export function locale() {
  const asked = bridge().then(
    (AP) =>
      new Promise((resolve) => {
        if (!AP?.user?.getLocale) resolve("");
        else AP.user.getLocale(resolve);
      }),
  );
  return within(HINT_WITHIN_MS, asked, "");
}

/** Follow Jira's light and dark themes; must be asked for on every page load. */
export async function followTheme() {
  (await bridge())?.theming?.initializeTheming?.();
}

/** A message over the Jira page; type: info, success, warning or error. */
export async function flag(title, body, type = "success") {
  (await bridge())?.flag?.create?.({ title, body, type, close: type === "error" ? "manual" : "auto" });
}

/** Let Jira show what was just written to the issue. */
export async function refreshIssue() {
  (await bridge())?.jira?.refreshIssuePage?.();
}

/** Loads the Jira page again: our own address has lost its token and cannot be loaded twice. */
export async function reload() {
  const navigator = (await bridge())?.navigator;
  if (navigator?.reload) navigator.reload();
  else location.reload();
}

export async function resize() {
  (await bridge())?.resize?.();
}
