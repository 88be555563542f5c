/** Finding codes, web addresses and a search within a text. */

const ADDRESS = String.raw`(https?:\/\/[^\s"'<>\u0080-\uffff]*[^\s"'<>.,;:!?)\u0080-\uffff])`;

/**
 * Cut a text into plain runs, web addresses, and the places where a code stands.
 * @param {string} text
 * @param {string | null} code as the API has it: 483920 where the text has 48-3920 or full-width digits
 * @returns {{kind: "text" | "code" | "url", text: string}[]}
 */
export function tokens(text, code) {
  const pattern = new RegExp(code ? `${ADDRESS}|${written(code)}` : ADDRESS, "gi");
  /** @type {{kind: "text" | "code" | "url", text: string}[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) found.push({ kind: "text", text: text.slice(end, match.index) });
    found.push({ kind: match[1] ? "url" : "code", text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ kind: "text", text: text.slice(end) });
  return found;
}

/** A pattern for a code, however it is written. @param {string} code of letters, digits and hyphens */
function written(code) {
  const characters = [...code].map((each) => `[${each === "-" ? "\\-" : each}${String.fromCharCode(each.charCodeAt(0) + 0xfee0)}]`);
  return `(?<![0-9A-Za-z])${characters.join("[ \\-\u3000\uff0d]?")}(?![0-9A-Za-z])`;
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
 * The beginning of a text, or the surroundings of a match, for a line in a list.
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
