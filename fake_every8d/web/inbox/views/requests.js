/** What reached the fake and what it answered, as it was on the wire. */

import { http } from "../api.js";
import { tabIndex, useArrows } from "../arrows.js";
import { attempt } from "../live.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";
import { href, replace } from "../route.js";
import { store } from "../store.js";
import { shellQuoted } from "../text.js";
import { Badge, CopyButton, Empty, Icon, Text } from "../ui.js";
import { html, useMemo } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";
import { layOut } from "../xml.js";

const LONGEST = 200_000; // characters that are laid out; more than that nobody reads
const NOT_COPIED = new Set(["host", "content-length", "connection", "accept-encoding", "expect", "transfer-encoding"]);

/** @param {{route: import("../route.js").Route}} props */
export function Requests({ route }) {
  const requests = useMemo(() => store.requests.toReversed(), [store.requests]);
  const index = requests.findIndex(({ id }) => id === Number(route.item));
  const chosen = requests[index];
  const arrows = useArrows(requests.length, index, (next) =>
    replace({ view: "requests", item: String(requests[next].id) }),
  );
  if (requests.length === 0) {
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
        </header>
        <${WindowedList}
          items=${requests}
          keyOf=${(request) => request.id}
          estimate=${62}
          label=${t("requests")}
          drawn=${arrows.drawn}
          show=${{ key: Number(route.item), at: route.item }}
          render=${(request, i) => html`<${Row} request=${request} chosen=${i === index} tabindex=${tabIndex(i, index)} />`}
        />
      </section>
      ${chosen
        ? html`<${Exchange} key=${chosen.id} request=${chosen} />`
        : html`<div class="exchange"><${Empty} icon="requests" title=${t(route.item ? "request.gone" : "requests.choose")} /></div>`}
    </div>
  `;
}

function Row({ request, chosen, tabindex }) {
  // The platform says what went wrong in its result, as a negative code, with HTTP 200.
  const bad = request.status >= 400 || request.fault || request.result?.startsWith("-");
  return html`
    <a class="request" tabindex=${tabindex} href=${href({ view: "requests", item: String(request.id) })} aria-current=${chosen ? "page" : null}>
      <span class="request-line">
        <b><${Text} text=${request.operation ?? `${request.method} ${request.path}`} /></b>
        ${request.advice.length > 0 && html`<span class="advice-mark"><${Icon} name="advice" /><span class="hidden">${t("advice")}</span></span>`}
        <time datetime=${request.at}>${clockTime(request.at)}</time>
      </span>
      <span class="request-line">
        <${Badge} tone=${bad ? "bad" : "good"}>${request.status}<//>
        ${request.user_id && html`<span><${Text} text=${request.user_id} /></span>`}
        <span class="snippet"><${Text} text=${request.result ?? ""} /></span>
      </span>
    </a>
  `;
}

function Exchange({ request }) {
  return html`
    <section class="exchange" aria-label=${t("request.of", { id: request.id })}>
      <header>
        <a class="button bare back" href=${href({ view: "requests" })} aria-label=${t("back")}><${Icon} name="back" /></a>
        <h1><${Text} text=${request.operation ?? `${request.method} ${request.path}`} /></h1>
        <span>${t("request.took", { ms: request.milliseconds.toFixed(1) })}</span>
        ${request.fault && html`<${Badge} tone="bad">${t("request.fault")}: ${t(`fault.${request.fault}`)}<//>`}
        <${CopyButton} text=${curl(request)} label=${t("copy.curl")} />
      </header>
      ${request.advice.map(
        (advice) => html`<p class="advice" role="note"><${Icon} name="advice" /><span><b>${t("advice")}</b> <${Text} text=${advice} /></span></p>`,
      )}
      <div class="sides">
        <${Side}
          title=${t("request")}
          line=${`${request.method} ${request.path}${request.query && "?" + request.query}`}
          headers=${request.headers}
          body=${request.body}
        />
        <${Side} title=${t("response")} line=${`HTTP ${request.status}`} headers=${request.response_headers} body=${request.response_body} />
      </div>
    </section>
  `;
}

function Side({ title, line, headers, body }) {
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
      <${Body} body=${body} title=${title} />
    </section>
  `;
}

function Body({ body, title }) {
  const lines = useMemo(() => (body.trimStart().startsWith("<") ? layOut(body.slice(0, LONGEST)) : null), [body]);
  if (!body) return html`<p class="quiet">${t("body.none")}</p>`;
  return html`
    <pre class="xml" tabindex="0" role="group" aria-label=${title}>${
      lines
        ? lines.map(
            ({ depth, inner, pieces }) => html`
              <span class=${`xml-line ${inner ? "inner" : ""}`} style=${{ paddingInlineStart: `${depth * 1.25 + 0.5}em` }}>${pieces.map(
                ({ kind, text }) => html`<bdi class=${`xml-${kind}`}>${text}</bdi>`,
              )}</span>
            `,
          )
        : html`<bdi>${body.slice(0, LONGEST)}</bdi>`
    }</pre>
    ${body.length > LONGEST && html`<p class="quiet">${t("body.cut", { n: body.length })}</p>`}
  `;
}

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
