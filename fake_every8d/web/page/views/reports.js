/** Status reports: their attempts, the responses, and the next retries. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { clockTime, duration, moment } from "../format.js";
import { t } from "../i18n.js";
import { href } from "../route.js";
import { store } from "../store.js";
import { AccountFilter, Badge, CopyButton, Empty, Icon, SearchField, Status, Text, useFindings } from "../ui.js";
import { html, useMemo, useState } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";

const TONES = { waiting: "pending", delivered: "good", given_up: "bad", kept: "plain" };

/** @param {{route: import("../route.js").Route}} props */
export function Reports({ route }) {
  const reports = useMemo(
    () => store.searchReports(route.query).toReversed(),
    [route.query, store.account, store.reports],
  );
  const waiting = store.reports.filter(({ state }) => state === "waiting").length;
  useFindings(route.query, reports.length ? t("reports.count", { n: reports.length }) : t("search.nothing"));
  return html`
    <section class="page tall">
      <header class="page-head">
        <h1>${t("reports")}</h1>
        <p>${t("reports.count", { n: store.reports.length + (store.moreReports ? "+" : "") })}${waiting > 0 && ` · ${t("reports.waiting", { n: waiting })}`}</p>
        <div class="filters"><${AccountFilter} /></div>
        <${SearchField} query=${route.query} label=${t("reports.search")} hint=${t("reports.search")} />
      </header>
      ${reports.length === 0
        ? html`<${Empty} icon="reports" title=${t(store.reports.length ? "search.nothing" : "reports.none")}><p>${t("reports.about")}</p><//>`
        : html`
            <${WindowedList}
              items=${reports}
              keyOf=${(report) => report.id}
              estimate=${60}
              label=${t("reports")}
              render=${(report) => html`<${Report} report=${report} query=${route.query.toLowerCase()} />`}
            />
          `}
    </section>
  `;
}

function Report({ report, query }) {
  const [open, setOpen] = useState(false);
  return html`
    <article class=${`report ${TONES[report.state]}`}>
      <div class="report-line">
        <button type="button" class="bare unfold" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
          <time datetime=${report.at}>${moment(report.at, store.now())}</time>
          <span class="hidden">${t("report.attempts")}</span>
        </button>
        <a href=${href({ item: report.to, message: String(report.message_id) })}><bdi>${report.to}</bdi></a>
        <${Status} status=${report.status} />
        ${report.text && html`<span class="snippet">${t("quote.open")}<${Text} text=${report.text} query=${query} />${t("quote.close")}</span>`}
        <${ReportState} report=${report} />
      </div>
      ${open && html`<${Attempts} report=${report} query=${query} />`}
    </article>
  `;
}

/** The state of a report. */
export function ReportState({ report }) {
  const { state, attempts, next_attempt_at } = report;
  const last = attempts.at(-1);
  // A reply's report is not sent before that of the message's delivery has come through (R3).
  const behind = state === "waiting" && report.status === 999 && !last;
  return html`
    <span class="report-state">
      <${Badge} tone=${TONES[state]}>${t(`report.${state}`)}<//>
      ${behind && html`<span>${t("report.after")}</span>`}
      ${last && html`<span>${last.status_code === null ? said(last) : `HTTP ${last.status_code}`}</span>`}
      ${state !== "delivered" && last && html`<span>${t("report.tried", { n: attempts.length, of: report.max_attempts })}</span>`}
      ${next_attempt_at &&
      html`
        <span>${t("report.next", { time: clockTime(next_attempt_at), duration: remaining(report) })}</span>
        <button type="button" onClick=${() => attempt(http.post("fake/clock", { travel_to: next_attempt_at }))}>
          <${Icon} name="next" />${t("report.next.go")}
        </button>
      `}
    </span>
  `;
}

/** The reason why a receiver did not respond. @param {{error: string, reason: string | null}} attempt */
const said = ({ error, reason }) => (reason ? t(`report.${reason}`) : error);

const remaining = (report) =>
  duration((Date.parse(report.next_attempt_at) - Date.parse(store.now())) / 1000);

function Attempts({ report, query }) {
  return html`
    <div class="attempts">
      <p class="url"><span>${report.method}</span> <code><${Text} text=${report.url} query=${query} /></code> <${CopyButton} small text=${report.url} label=${t("copy.url")} /></p>
      ${report.body !== null && html`<p class="url"><code><${Text} text=${report.body} query=${query} /></code> <${CopyButton} small text=${report.body} label=${t("copy.body")} /></p>`}
      ${report.attempts.length > 0 && html`<table>
        <caption class="hidden">${t("report.attempts")}</caption>
        <thead>
          <tr><th scope="col">#</th><th scope="col">${t("time")}</th><th scope="col">${t("report.response")}</th><th scope="col">${t("took")}</th></tr>
        </thead>
        <tbody>
          ${report.attempts.map(
            (tried) => html`
              <tr key=${tried.number}>
                <td>${tried.number}</td>
                <td><time datetime=${tried.at}>${moment(tried.at, report.at)}</time></td>
                <td title=${tried.error}>${tried.status_code === null ? html`<${Text} text=${said(tried)} />` : `HTTP ${tried.status_code}`}</td>
                <td>${t("request.took", { ms: Math.round(tried.seconds * 1000) })}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>`}
    </div>
  `;
}
