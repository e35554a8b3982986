// Texts in the reader's language. English stands in the code; the page carries the other catalogs in #messages.

let messages = {};
let language = "en";

/** The language of a locale as Jira ("fr_FR") or a browser ("fr-CA") writes it; English when we have no catalog. */
export function useLanguage(locale) {
  const island = document.getElementById("messages");
  const catalogs = island ? JSON.parse(island.textContent) : {};
  const primary = String(locale || "en")
    .replace("_", "-")
    .split("-")[0]
    .toLowerCase();
  language = Object.hasOwn(catalogs, primary) ? primary : "en";
  messages = catalogs[language] ?? {};
  document.documentElement.lang = language;
}

function fill(text, values) {
  return values
    ? text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole))
    : text;
}

/** Marks a text for the catalogs where it is only translated later. */
export const N_ = (text) => text;

/** `text` in the reader's language, {names} filled in. */
export function t(text, values) {
  const found = Object.hasOwn(messages, text) ? messages[text] : text;
  return fill(Array.isArray(found) ? found[0] : found, values);
}

/** The form that fits the count; {n} is the count itself. */
export function plural(n, one, many, values) {
  const index = new Intl.PluralRules(language).select(n) === "one" ? 0 : 1;
  const found = Object.hasOwn(messages, one) ? messages[one][index] : [one, many][index];
  return fill(found, { n: number(n), ...values });
}

/** Translates what the shell carries: data-i18n is the text, data-i18n-label the accessible name. */
export function translateShell(root = document) {
  for (const element of root.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
  for (const element of root.querySelectorAll("[data-i18n-label]"))
    element.setAttribute("aria-label", t(element.dataset.i18nLabel));
}

export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

export function percent(value) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(value / 100);
}

/** US dollars; small sums keep the digits that say something. */
export function money(usd) {
  const digits = usd > 0 && usd < 0.1 ? { maximumSignificantDigits: 2 } : {};
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", ...digits }).format(usd);
}

/** A date and time, in full. */
export function moment(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? ""
    : new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** A day as "21 Nov" would be said; `iso` is a date without a time. */
export function day(iso) {
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" }).format(
    new Date(`${iso}T00:00:00Z`),
  );
}

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago: "5 minutes ago"; a date once it is more than a week. */
export function ago(iso, now = Date.now()) {
  const seconds = Math.round((now - new Date(iso).getTime()) / 1000);
  if (!Number.isFinite(seconds)) return "";
  if (seconds > 7 * 86400) return moment(iso);
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? [null, 1];
  if (!unit) return t("just now");
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

/** A length of time in its largest unit: "3 minutes". */
export function span(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.floor(Math.max(0, seconds) / size));
}

/** What a language code is called: "fr" is "French" or "français". */
export function languageName(code) {
  const name = new Intl.DisplayNames([language], { type: "language", fallback: "code" }).of(code);
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
