/** Where the page is: after the #, so that it can be shared, and so that Back goes back. */

/**
 * @typedef {{view: "phones" | "requests" | "reports" | "accounts" | "failures", item: string, query: string}} Route
 */

export const LONGEST = 1_000; // characters to search for; as much goes into a request without trouble

/** @type {Route["view"][]} */
export const VIEWS = ["phones", "requests", "reports", "accounts", "failures"];

/** `#/phone/+886912345678?q=code`, `#/requests/12`. @returns {Route} */
export function parse(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const [head, ...rest] = path.split("/");
  const view = head === "phone" ? "phones" : VIEWS.includes(head) ? head : "phones";
  const searched = new URLSearchParams(query).get("q") ?? "";
  return { view, item: decoded(rest.join("/")), query: searched.slice(0, LONGEST) };
}

/**
 * The address of a view, to put into a link.
 * @param {Partial<Route>} route
 */
export function href({ view = "phones", item = "", query = "" }) {
  const head = view === "phones" && item ? "phone" : view;
  const tail = item && "/" + encodeURIComponent(item).replaceAll("%2B", "+");
  return `#/${head}${tail}${query && "?" + new URLSearchParams({ q: query })}`;
}

/** Go there without a step that Back would have to undo. @param {Partial<Route>} route */
export function replace(route) {
  history.replaceState(null, "", href(route));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
