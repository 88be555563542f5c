/** The requests that reached the fake, and the responses, as they were on the wire. */

import { http } from "../api.js";
import { tabIndex, useArrows } from "../arrows.js";
import { Body, Form } from "../body.js";
import { attempt } from "../live.js";
import { clockTime } from "../format.js";
import { has, t } from "../i18n.js";
import { href, parse, replace } from "../route.js";
import { store } from "../store.js";
import { shellQuoted } from "../text.js";
import { AccountFilter, Badge, CopyButton, Empty, Icon, Text } from "../ui.js";
import { html, useState } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";

const NOT_COPIED = new Set(["host", "content-length", "connection", "accept-encoding", "expect", "transfer-encoding"]);

/** The filters of the requests; kept while other views are shown. */
const filter = { operation: "", outcome: "", advice: false };

/** @typedef {{request: any, run: number, more: number, unfolded: boolean}} Entry `more` alike, older, and shown if `unfolded` */

/** @param {{route: import("../route.js").Route}} props */
export function Requests({ route }) {
  const [, redraw] = useState(0);
  const [unfolded, setUnfolded] = useState(() => new Set());
  const wanted = store.requests.filter(passes);
  const entries = folded(wanted.toReversed(), unfolded, Number(route.item));
  /** @param {import("../route.js").Route} route */
  const indexOf = ({ item }) => entries.findIndex(({ request }) => request.id === Number(item));
  const index = indexOf(route);
  const chosen = store.requests.find(({ id }) => id === Number(route.item));
  const arrows = useArrows(entries.length, () => indexOf(parse(location.hash)), (next) =>
    replace({ view: "requests", item: String(entries[next].request.id) }),
  );
  /** @param {number} run */
  const toggle = (run) => {
    const next = new Set(unfolded);
    if (!next.delete(run)) next.add(run);
    setUnfolded(next);
  };
  if (store.requests.length === 0) {
    return html`
      <section class="page">
        <header class="page-head"><h1>${t("requests")}</h1></header>
        <${Empty} icon="requests" title=${t("requests.none")} />
      </section>
    `;
  }
  return html`
    <div class=${`requests ${route.item ? "has-request" : ""}`}>
      <section class="request-list" aria-label=${t("requests")} ...${arrows.around}>
        <header>
          <h1>${t("requests")}</h1>
          <button type="button" class="bare" onClick=${() => attempt(http.delete("fake/requests"))}>${t("requests.clear")}</button>
          <${Filters} redraw=${() => redraw((n) => n + 1)} />
        </header>
        ${entries.length === 0
          ? html`<${Empty} icon="requests" title=${t("requests.filtered")} />`
          : html`
              <${WindowedList}
                items=${entries}
                keyOf=${(/** @type {Entry} */ { request }) => request.id}
                estimate=${62}
                label=${t("requests")}
                drawn=${arrows.drawn}
                show=${{ key: Number(route.item), at: route.item }}
                render=${(/** @type {Entry} */ entry, /** @type {number} */ i) =>
                  html`<${Row} ...${entry} chosen=${i === index} tabindex=${tabIndex(i, index)} toggle=${toggle} />`}
              />
            `}
      </section>
      ${chosen
        ? html`<${Exchange} key=${chosen.id} request=${chosen} />`
        : html`<div class="exchange"><${Empty} icon="requests" title=${t(route.item ? "request.gone" : "requests.choose")} /></div>`}
    </div>
  `;
}

/** @param {{redraw: () => void}} props */
function Filters({ redraw }) {
  const operations = [...new Set(store.requests.map(named))].sort();
  /** @param {"operation" | "outcome"} name */
  const choose = (name) => (/** @type {any} */ event) => {
    filter[name] = event.target.value;
    redraw();
  };
  return html`
    <div class="filters">
      <label>
        ${t("request.operation")}
        <select value=${filter.operation} onChange=${choose("operation")}>
          <option value="">${t("request.operation.all")}</option>
          ${operations.map((name) => html`<option value=${name}>${name}</option>`)}
        </select>
      </label>
      <label>
        ${t("request.outcome")}
        <select value=${filter.outcome} onChange=${choose("outcome")}>
          <option value="">${t("request.outcome.all")}</option>
          <option value="good">${t("request.outcome.good")}</option>
          <option value="bad">${t("request.outcome.bad")}</option>
        </select>
      </label>
      <${AccountFilter} />
      <label class="check">
        <input type="checkbox" checked=${filter.advice} onChange=${() => { filter.advice = !filter.advice; redraw(); }} />
        ${t("request.advice.only")}
      </label>
    </div>
  `;
}

/** @param {any} request */
const named = (request) => request.operation ?? `${request.method} ${request.path}`;

/** @param {any} request */
const passes = (request) =>
  (!filter.operation || named(request) === filter.operation) &&
  (!filter.outcome || outcomeOf(request).tone === filter.outcome) &&
  (!filter.advice || request.advice.length > 0) &&
  (!store.account || request.user_id === store.account);

/**
 * The outcome of a request in a word: the failure on demand, else the platform's own code, which
 * comes with HTTP 200, else HTTP's status.
 * @param {any} request
 * @returns {{tone: import("../ui.js").Tone, word: string}}
 */
function outcomeOf({ failure, result, status }) {
  if (failure) return { tone: "bad", word: t("request.failed", { kind: t(`failure.${failure}`) }) };
  const code = /^-\d+/.exec(result ?? "");
  if (code) return { tone: "bad", word: code[0] };
  return { tone: status >= 400 ? "bad" : "good", word: String(status) };
}

/**
 * One entry for a run of requests that are alike, unless it is unfolded or one in it is chosen.
 * @param {any[]} requests newest first
 * @param {Set<number>} unfolded the runs that are shown in full
 * @param {number} chosen
 * @returns {Entry[]}
 */
function folded(requests, unfolded, chosen) {
  const alike = (/** @type {any} */ request) =>
    JSON.stringify([named(request), request.user_id, outcomeOf(request).word, request.result, request.advice]);
  const entries = [];
  for (let start = 0, end = 0; start < requests.length; start = end) {
    const kind = alike(requests[start]);
    for (end = start + 1; end < requests.length && alike(requests[end]) === kind; ) end += 1;
    const run = requests.slice(start, end);
    const oldest = run[run.length - 1].id; // which stays when there are more
    const open = unfolded.has(oldest);
    for (const [i, request] of run.entries()) {
      if (i === 0 || open || request.id === chosen) {
        entries.push({ request, run: oldest, more: i === 0 ? run.length - 1 : 0, unfolded: open });
      }
    }
  }
  return entries;
}

/** @param {{request: any, run: number, more: number, unfolded: boolean, chosen: boolean, tabindex: number, toggle: (run: number) => void}} props */
function Row({ request, run, more, unfolded, chosen, tabindex, toggle }) {
  const { tone, word } = outcomeOf(request);
  // The badge has the code; its text follows.
  const said = (request.result ?? "").replace(/^-\d+,?\s*/, "");
  return html`
    <a class="request" tabindex=${tabindex} href=${href({ view: "requests", item: String(request.id) })} aria-current=${chosen ? "page" : null}>
      <span class="request-line">
        <b><${Text} text=${named(request)} /></b>
        ${request.advice.length > 0 && html`<span class="advice-mark"><${Icon} name="advice" /><span class="hidden">${t("advice")}</span></span>`}
        <time datetime=${request.at}>${clockTime(request.at)}</time>
      </span>
      <span class="request-line">
        <${Badge} tone=${tone}>${word}<//>
        ${request.user_id && html`<span><${Text} text=${request.user_id} /></span>`}
        <span class="snippet"><${Text} text=${said} /></span>
      </span>
    </a>
    ${more > 0 &&
    html`<button type="button" class="link more" aria-expanded=${String(unfolded)} onClick=${() => toggle(run)}>
      ${unfolded ? t("request.less") : t("request.more", { n: more })}
    </button>`}
  `;
}

function Exchange({ request }) {
  return html`
    <section class="exchange" aria-label=${t("request.of", { id: request.id })}>
      <header>
        <a class="button bare back" href=${href({ view: "requests" })} aria-label=${t("back")}><${Icon} name="back" /></a>
        <h1><${Text} text=${named(request)} /></h1>
        <span>${t("request.took", { ms: request.milliseconds.toFixed(1) })}</span>
        ${request.failure && html`<${Badge} tone="bad">${t("request.failure")}: ${t(`failure.${request.failure}`)}<//>`}
        <${CopyButton} text=${curl(request)} label=${t("copy.curl")} />
      </header>
      ${adviceOf(request).map(
        (advice) => html`<p class="advice" role="note"><${Icon} name="advice" /><span><b>${t("advice")}</b> <${Text} text=${advice} /></span></p>`,
      )}
      <div class="sides">
        <${Side}
          title=${t("request")}
          line=${`${request.method} ${request.path}${request.query && "?" + request.query}`}
          headers=${request.headers}
          query=${request.query}
          body=${request.body}
          operation=${request.operation}
        />
        <${Side} title=${t("response")} line=${`HTTP ${request.status}`} headers=${request.response_headers} body=${request.response_body} operation=${request.operation} />
      </div>
    </section>
  `;
}

/** @param {{title: string, line: string, headers: Record<string, string>, query?: string, body: string, operation: string | null}} props */
function Side({ title, line, headers, query = "", body, operation }) {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  return html`
    <section class="side" aria-label=${title}>
      <header>
        <h2>${title}</h2>
        <${CopyButton} small text=${body} label=${t("copy.body")} />
      </header>
      <p class="mono start-line"><${Text} text=${line} /></p>
      <details>
        <summary>${t("headers", { n: Object.keys(headers).length })}</summary>
        <dl class="headers mono">
          ${Object.entries(headers).map(([name, value]) => html`<dt><${Text} text=${name} /></dt><dd><${Text} text=${value} /></dd>`)}
        </dl>
      </details>
      ${query.includes("=") && html`<div class="body"><${Form} fields=${[...new URLSearchParams(query)]} title=${t("query")} /></div>`}
      ${(body || !query.includes("=")) && html`<${Body} body=${body} type=${type} operation=${operation} title=${title} />`}
    </section>
  `;
}

/**
 * The advice of a request in the reader's language; in English, and of a kind that the page has no
 * words for, it is the API's own sentence.
 * @param {{advice: string[], advice_codes: {code: string, values: Record<string, string>}[]}} request
 */
const adviceOf = ({ advice, advice_codes }) =>
  advice_codes.map(({ code, values }, i) => {
    const said = Object.entries(values).map(([name, value]) => [name, value || t("none")]);
    return has(`advice.${code}`) ? t(`advice.${code}`, Object.fromEntries(said)) : advice[i];
  });

/** The request as a command for a POSIX shell; the password stays masked. */
function curl({ method, path, query, headers, body }) {
  const url = new URL(path + (query && "?" + query), location.origin).href;
  const parts = [`curl ${method === "POST" && body ? "" : `-X ${method} `}${shellQuoted(url)}`];
  for (const [name, value] of Object.entries(headers)) {
    if (!NOT_COPIED.has(name.toLowerCase())) parts.push(`-H ${shellQuoted(`${name}: ${value}`)}`);
  }
  if (body) parts.push(`--data-binary ${shellQuoted(body)}`);
  return parts.join(" \\\n  ");
}
