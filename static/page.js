// What every page does first, in this order: take the token out of the address, then theme, language and content.

import { followTheme, locale, reload } from "./bridge.js";
import { byId, put } from "./dom.js";
import { errorNotice } from "./parts.js";
import { translateShell, useLanguage } from "./texts.js";

/** The page's parameters; the token that Jira put among them leaves the address and the history. */
function parameters() {
  const found = new URLSearchParams(location.search);
  if (found.has("jwt")) {
    found.delete("jwt");
    history.replaceState(null, "", `${location.pathname}?${found}`);
  }
  return found;
}

/** Runs `page(parameters)` once language is settled; what it throws is shown in words. */
export async function start(page) {
  const given = parameters();
  followTheme();
  useLanguage((await locale()) || navigator.language);
  translateShell();
  document.documentElement.dataset.ready = "";
  try {
    await page(given);
  } catch (error) {
    showFailure(error);
  }
}

/** Replaces what is loading by an error in words. */
export function showFailure(error) {
  document.querySelectorAll(".skeleton").forEach((skeleton) => skeleton.remove());
  const place = byId("page-notice");
  if (place) put(place, errorNotice(error, reload));
}
