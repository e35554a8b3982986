// Calls to our own API: a fresh token each, one more try with a new token after 401, errors as objects with a code.

import { token } from "./bridge.js";

/** code: the API's, or "offline", "no_session", "unexpected" where it could not answer. retryAfterS: seconds or null. */
export class ApiError extends Error {
  constructor(code, detail = "", { status = 0, retryAfterS = null, reference = "", fields = {} } = {}) {
    super(detail || code);
    Object.assign(this, { name: "ApiError", code, detail, status, retryAfterS, reference, fields });
  }
}

const ROOT = document.documentElement.dataset.api;

/** Seconds to wait as the header says, in seconds or as a date; null without one. */
export function retryAfter(header, now = Date.now()) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

async function failure(response) {
  const body = await response.json().catch(() => ({}));
  const code = typeof body.error === "string" ? body.error : "unexpected";
  return new ApiError(code, typeof body.detail === "string" ? body.detail : "", {
    status: response.status,
    retryAfterS: retryAfter(response.headers.get("Retry-After")) ?? body.retry_after_s ?? null,
    reference: body.reference ?? "",
    fields: body.fields ?? {},
  });
}

async function attempt(method, path, { body, headers, signal }) {
  const value = await token();
  if (!value) throw new ApiError("no_session");
  const sent = { Authorization: `JWT ${value}`, Accept: "application/json", ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  try {
    return await fetch(ROOT + path, {
      method,
      signal,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("offline");
  }
}

/** The open answer, for streams. Throws ApiError, or AbortError when `signal` says so. */
export async function open(method, path, options = {}) {
  let response = await attempt(method, path, options);
  if (response.status === 401) response = await attempt(method, path, options);
  if (!response.ok) throw await failure(response);
  return response;
}

/** The answer as data; null when it has no body. */
export async function call(method, path, options = {}) {
  const response = await open(method, path, options);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    throw new ApiError("unexpected", "", { status: response.status });
  }
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body) => call("POST", path, { body });
export const put = (path, body) => call("PUT", path, { body });
