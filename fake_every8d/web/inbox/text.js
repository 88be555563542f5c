/** What is in a text: codes, web addresses, and what somebody searches for. */

const TOKEN = /(https?:\/\/[^\s"'<>\u0080-\uffff]*[^\s"'<>.,;:!?)\u0080-\uffff])|((?<![0-9])[0-9]{4,8}(?![0-9]))/gi;

/**
 * Cut a text into plain runs, codes (4 to 8 digits, as the API's `code`) and web addresses.
 * @param {string} text
 * @returns {{kind: "text" | "code" | "url", text: string}[]}
 */
export function tokens(text) {
  /** @type {{kind: "text" | "code" | "url", text: string}[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) found.push({ kind: "text", text: text.slice(end, match.index) });
    found.push({ kind: match[1] ? "url" : "code", text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ kind: "text", text: text.slice(end) });
  return found;
}

/**
 * Cut a text at every place where the query occurs; odd places of the result are matches.
 * @param {string} text
 * @param {string} query in lower case; empty finds nothing
 */
export function split(text, query) {
  // A few letters change their length in lower case: then places would not agree.
  const lower = text.toLowerCase();
  if (!query || lower.length !== text.length) return [text];
  const parts = [];
  let end = 0;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, end)) {
    parts.push(text.slice(end, at), text.slice(at, at + query.length));
    end = at + query.length;
  }
  return [...parts, text.slice(end)];
}

/**
 * The beginning of a text, or what surrounds a match, for a line in a list.
 * @param {string} text
 * @param {string} query in lower case
 */
export function snippet(text, query) {
  const at = query ? text.toLowerCase().indexOf(query) : -1;
  const from = at > 40 ? at - 20 : 0;
  return (from ? "…" : "") + text.slice(from, from + 160);
}

/**
 * A word in single quotes, for a POSIX shell.
 * @param {string} word
 */
export const shellQuoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;
