/** The JSON API under `fake/`, the only source of what this page knows. */

/** The API's error for a refused request; `message` is in English. */
export class ApiError extends Error {
  /** @param {number} status @param {{message: string, field?: string | null, reason?: string | null}} error */
  constructor(status, { message, field, reason }) {
    super(message);
    this.status = status;
    this.field = field ?? "";
    this.reason = reason ?? "";
  }
}

/** True if the fake did answer, though not as asked: then it is of no use to ask again. @param {unknown} error */
export const refused = (error) => error instanceof ApiError && error.status < 500;

// Not relative to the page's own address: that may have the API token in it, and then
// browsers refuse.
/** @param {string} path */
const address = (path) => new URL(path, location.origin + location.pathname);

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function request(method, path, body) {
  const response = await fetch(address(path), {
    method,
    headers: body && { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return bodyOf(response);
}

/** @param {Response} response @returns {Promise<any>} */
async function bodyOf(response) {
  const text = await response.text();
  if (response.ok) return text ? JSON.parse(text) : null;
  let error = { message: `HTTP ${response.status}` };
  try {
    error = JSON.parse(text).error ?? error;
  } catch {
    // not the API itself but something in between, of which only the status is known
  }
  throw new ApiError(response.status, error);
}

/** Each resolves to the response, or rejects with an `ApiError`, or a `TypeError` if there was none. */
export const http = {
  /** @param {string} path */
  get: (path) => request("GET", path),
  /** @param {string} path @param {object} [body] */
  post: (path, body = {}) => request("POST", path, body),
  /** @param {string} path @param {object} body */
  patch: (path, body) => request("PATCH", path, body),
  /** @param {string} path */
  delete: (path) => request("DELETE", path),
};

let etag = "";

/**
 * GET a resource that may be unchanged since the last time: null if so, which costs next to nothing.
 * @param {string} path
 * @param {number} seconds to wait for a change
 * @param {AbortSignal} signal that ends the wait
 */
export async function getIfChanged(path, seconds, signal) {
  /** @type {Record<string, string>} */
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await fetch(address(seconds ? `${path}?wait_seconds=${seconds}` : path), { headers, signal });
  if (response.status === 304) return null;
  const found = await bodyOf(response);
  etag = response.headers.get("ETag") ?? "";
  return found;
}

/** Forget it: the next `getIfChanged` brings all. */
export const forget = () => {
  etag = "";
};

/**
 * A queue of loads, so that no older result replaces a newer one.
 * @returns a function that begins a load once the earlier ones have ended, and returns its promise
 */
export function inTurn() {
  /** @type {Promise<void>} */
  let last = Promise.resolve();
  return (/** @type {() => Promise<void>} */ load) => {
    const loaded = last.then(load);
    last = loaded.catch(() => {});
    return loaded;
  };
}
