/** XML, laid out for people to read. It need not be well-formed, and no part of it is run. */

const TOKEN =
  /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->|<[?!][^<>]*>|<\/?[^\s<>!?](?:"[^"]*"|'[^']*'|[^'"<>])*>|[^<]+|</g;
const PARTS = /(<\/?[^\s<>/]+|\/?>)|([^\s=<>"'/]+)(\s*=\s*)("[^"]*"|'[^']*')|[\s\S]/g;
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * @typedef {{kind: "tag" | "name" | "value" | "text" | "note", text: string}} Piece
 * @typedef {{depth: number, inner: boolean, pieces: Piece[]}} Line
 */

/**
 * Lay out XML in lines. XML inside a string, as this API likes it, is laid out where it
 * stands, as lines that are `inner`.
 * @param {string} source
 * @returns {Line[]}
 */
export function layOut(source) {
  /** @type {Line[]} */
  const lines = [];
  addLines(lines, source, 0, false);
  return lines;
}

function addLines(lines, source, base, inner) {
  let depth = base;
  let open = false; // whether the last line is a start tag that may be continued
  for (const [token] of source.matchAll(TOKEN)) {
    const add = (pieces) => lines.push({ depth, inner, pieces });
    if (/^<[^\s<>!?/]/.test(token)) {
      add(tagPieces(token));
      open = !token.endsWith("/>");
      if (open) depth += 1;
    } else if (token.startsWith("</")) {
      depth = Math.max(base, depth - 1);
      if (open) lines.at(-1).pieces.push(...tagPieces(token));
      else add(tagPieces(token));
      open = false;
    } else if (/^<[?!](?!\[)/.test(token)) {
      add([{ kind: "note", text: token }]);
      open = false;
    } else {
      const cdata = token.startsWith("<![CDATA[");
      const text = cdata ? token.slice(9, -3) : unescaped(token);
      if (!text.trim()) continue;
      if (/^\s*<[^\s<>]/.test(text) && /[^\s<>]>\s*$/.test(text)) {
        addLines(lines, text, depth, true);
        open = false;
      } else if (open) {
        lines.at(-1).pieces.push({ kind: "text", text: token });
      } else {
        add([{ kind: "text", text: token.trim() }]);
      }
    }
  }
}

/** @returns {Piece[]} */
function tagPieces(tag) {
  return [...tag.matchAll(PARTS)].flatMap(([whole, mark, name, equals, value]) => {
    if (mark) return [{ kind: "tag", text: mark }];
    if (!name || value === undefined) return [{ kind: "tag", text: whole }];
    return [
      { kind: "name", text: name },
      { kind: "tag", text: equals },
      { kind: "value", text: value },
    ];
  });
}

function unescaped(text) {
  return text.replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, dec, hex) => {
    if (name) return ENTITIES[name.toLowerCase()];
    const point = dec ? Number(dec) : parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
