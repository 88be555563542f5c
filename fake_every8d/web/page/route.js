/** The route, after the #, so that it can be shared and Back goes back. */

import { store } from "./store.js";

/**
 * @typedef {{
 *   view: "phones" | "requests" | "reports" | "accounts" | "failures", item: string, query: string,
 *   account: string, status: string, message: string,
 * }} Route
 *   `account` and `status`: whose, and which, messages are to be seen, or empty for all; `message`: the
 *   ID of one that is to be brought into view
 */

export const LONGEST = 1_000; // characters to search for; as much goes into a request without trouble

/** @type {Route["view"][]} */
export const VIEWS = ["phones", "requests", "reports", "accounts", "failures"];

/** `#/phone/+886912345678?q=code`, `#/requests/12`, `#/message/7`. @returns {Route} */
export function parse(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const [head, ...rest] = path.split("/");
  const view = VIEWS.includes(head) ? head : "phones";
  const item = decoded(rest.join("/"));
  const parameters = new URLSearchParams(query);
  const given = (/** @type {string} */ name) => parameters.get(name) ?? "";
  return {
    view,
    item: head === "message" ? "" : item,
    query: given("q").slice(0, LONGEST),
    account: given("account"),
    status: whole(given("status")),
    message: whole(head === "message" ? item : given("message")),
  };
}

/**
 * The address of a view, to put into a link. The account stays, unless another is given.
 * @param {Partial<Route>} route
 */
export function href({ view = "phones", item = "", query = "", account = store.account, status = "", message = "" }) {
  const head = view === "phones" && item ? "phone" : view;
  const tail = item && "/" + encodeURIComponent(item).replaceAll("%2B", "+");
  const given = Object.entries({ q: query, account, status, message }).filter(([, value]) => value);
  return `#/${head}${tail}${given.length ? "?" + new URLSearchParams(given) : ""}`;
}

/** The address of a message, for whoever has another page. @param {number} id */
export const permalink = (id) => new URL(`#/message/${id}`, location.origin + location.pathname).href;

/** Go there without a step that Back would have to undo. @param {Partial<Route>} route */
export function replace(route) {
  history.replaceState(null, "", href(route));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** A number as text, empty if it is none. @param {string} text */
const whole = (text) => (/^-?\d{1,15}$/.test(text) ? text : "");

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
