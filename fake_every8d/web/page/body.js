/** Bodies of HTTP, laid out for people to read: XML, JSON, forms, and TAB. */

import { t } from "./i18n.js";
import { Text } from "./ui.js";
import { html, useMemo } from "./vendor/preact-htm.js";
import { layOut } from "./xml.js";

const LONGEST = 200_000; // characters that are laid out; more than that nobody reads

/** The columns of the HTTP API's TAB; only edition 2016 has no RECEIVED_TIME. */
const COLUMNS = {
  getDeliveryStatus: ["NAME", "MOBILE", "SEND_TIME", "COST", "STATUS", "RECEIVED_TIME"],
  getReplyMessage: ["NAME", "MOBILE", "CONTENT", "RECEIVED_TIME"],
};

/** @param {{body: string, type: string, operation: string | null, title: string}} props `type` is its Content-Type */
export function Body({ body, type, operation, title }) {
  const shown = useMemo(() => laidOut(body.slice(0, LONGEST), type, operation), [body, type, operation]);
  if (!body) return html`<p class="quiet">${t("body.none")}</p>`;
  return html`
    <div class="body" tabindex="0" role="group" aria-label=${title}>${shown}</div>
    ${body.length > LONGEST && html`<p class="quiet">${t("body.cut", { n: body.length })}</p>`}
  `;
}

/** The fields of a form or a query, as a table. @param {{fields: string[][], title: string}} props */
export const Form = ({ fields, title }) => html`
  <table aria-label=${title}>
    ${fields.map(
      ([name, value]) => html`<tr><th scope="row"><${Text} text=${name} /></th><td><${Text} text=${value} /></td></tr>`,
    )}
  </table>
`;

/**
 * @param {string} body
 * @param {string} type
 * @param {string | null} operation
 */
function laidOut(body, type, operation) {
  if (body.trimStart().startsWith("<")) return xml(body);
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return form([...new URLSearchParams(body)]);
  const boundary = /^multipart\/form-data\b.*\bboundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary) return form(parts(body, boundary));
  if (/^application\/json\b/i.test(type)) return html`<pre><bdi>${pretty(body)}</bdi></pre>`;
  const rows = body.split("\n");
  if (/^text\/plain\b/i.test(type) && rows[1]?.includes("\t")) return tab(rows, COLUMNS[operation ?? ""] ?? []);
  return html`<pre><bdi>${body}</bdi></pre>`;
}

/** @param {string[][]} fields */
const form = (fields) => html`<${Form} fields=${fields} title=${t("form")} />`;

/** Names and values of a multipart form. @param {string} body @param {string} boundary */
const parts = (body, boundary) =>
  `\r\n${body}`
    .split(`\r\n--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const end = part.indexOf("\r\n\r\n");
      return [/\bname="([^"]*)"/i.exec(part.slice(0, end))?.[1] ?? "", part.slice(end + 4)];
    });

/** @param {string} body */
const xml = (body) => html`
  <pre class="xml">${layOut(body).map(
    ({ depth, inner, pieces }) => html`
      <span class=${`xml-line ${inner ? "inner" : ""}`} style=${{ paddingInlineStart: `${depth * 1.25 + 0.5}em` }}>${pieces.map(
        ({ kind, text }) => html`<bdi class=${`xml-${kind}`}>${text}</bdi>`,
      )}</span>
    `,
  )}</pre>
`;

/** JSON in lines of its own, or as it is if it is none. @param {string} body */
function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/**
 * The number in all, and a row for each on the page.
 * @param {string[]} lines
 * @param {string[]} columns
 */
function tab([count, ...lines], columns) {
  const rows = lines.filter(Boolean).map((line) => line.split("\t"));
  return html`
    <p>${t("tab.count", { n: count.trim() })}</p>
    <table aria-label=${t("tab")}>
      <thead><tr>${rows[0].map((_, i) => html`<th scope="col">${columns[i]}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td><${Text} text=${cell} /></td>`)}</tr>`)}</tbody>
    </table>
  `;
}
