/** One SMS on its phone: its text, a line on its status, and on demand all the rest. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { full, moment, points } from "../format.js";
import { t } from "../i18n.js";
import { href, permalink } from "../route.js";
import { store } from "../store.js";
import { Content, CopyButton, Icon, Status, Text, statusWord, toneOf } from "../ui.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact-htm.js";
import { ReportState } from "./reports.js";

/** @typedef {import("../phones.js").Message} SMS */

const LONG = 700; // characters, of which a text shows no more until asked

/**
 * @param {{
 *   message: SMS, query: string, linked: boolean, onReply: (message: SMS) => void, onDetails: (id: number) => void,
 * }} props `linked`: it is the one that the page's address names; `onDetails`: called once its details are there
 */
export function Message({ message, query, linked, onReply, onDetails }) {
  const [open, setOpen] = useState(linked);
  useEffect(() => {
    if (linked) setOpen(true);
  }, [linked]);
  const details = useRef(/** @type {HTMLElement | null} */ (null));
  const acting = useRef(false);
  useLayoutEffect(() => {
    // The button that did it may have gone, and the focus with it.
    if (acting.current && document.activeElement === document.body) details.current?.focus({ preventScroll: true });
  }, [message.status]);
  /** @param {number} status */
  const become = async (status) => {
    acting.current = true;
    await attempt(http.post(`fake/messages/${message.id}/status`, { status }));
    acting.current = false;
  };
  const at = message.finished_at ?? message.sent_at ?? message.accepted_at;
  return html`
    <article class=${`message ${toneOf(message.status)} ${open ? "open" : ""} ${linked ? "linked" : ""}`} aria-label=${t("message.of", { id: message.id })}>
      <div class="bubble"><${Clamped} text=${message.text} code=${message.code} query=${query} /></div>
      <div class="meta">
        <div class="facts">
          <button ref=${details} type="button" class="bare unfold" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
            <${Status} status=${message.status} />
            ${message.status === 300 && message.booked_for
              ? html`<time datetime=${message.booked_for}>${t("booked.for", { time: full(message.booked_for) })}</time>`
              : html`<time datetime=${at}>${moment(at, store.now())}</time>`}
            <span class="hidden">${t("details")}</span>
          </button>
          ${message.cost !== 1 && html`<span>${t("points", { n: points(message.cost) })}</span>`}
          ${store.accounts.length > 1 && html`<span class="sender"><${Text} text=${message.user_id} query=${query} /></span>`}
          ${message.subject && html`<span class="subject"><${Text} text=${message.subject} query=${query} /></span>`}
        </div>
        <div class="actions"><${Actions} message=${message} become=${become} onReply=${onReply} /></div>
      </div>
      ${open && html`<${Details} message=${message} query=${query} onDetails=${onDetails} />`}
    </article>
  `;
}

/** @param {{message: SMS, reply: {text: string, at: string}, apart: boolean, query: string}} props */
export const ReplyBubble = ({ message, reply, apart, query }) => html`
  <article class="message reply" aria-label=${t("reply.of", { id: message.id })}>
    ${apart && html`<p class="replied-to">${t("reply.to")} <bdi>${message.text.slice(0, 60)}</bdi></p>`}
    <div class="bubble"><${Clamped} text=${reply.text} query=${query} /></div>
    <p class="meta"><span>${t("status.999")} <time datetime=${reply.at}>${moment(reply.at, store.now())}</time></span></p>
  </article>
`;

/** @param {{text: string, code?: string | null, query: string}} props */
function Clamped({ text, code = null, query }) {
  const [whole, setWhole] = useState(false);
  if (text.length <= LONG || whole) return html`<${Content} text=${text} code=${code} query=${query} />`;
  return html`
    <${Content} text=${text.slice(0, LONG) + "…"} code=${code} query=${query} />
    <button type="button" class="link" onClick=${() => setWhole(true)}>${t("show.all", { n: text.length })}</button>
  `;
}

/** True if a message can fail like that. @param {import("../store.js").Status} status */
const failure = ({ status, outcome }) => outcome && toneOf(status) === "bad";

/** @param {{message: SMS, become: (status: number) => void, onReply: (message: SMS) => void}} props */
function Actions({ message, become, onReply }) {
  return html`
    ${message.status === 300 &&
    html`<button type="button" onClick=${() => become(303)}><${Icon} name="cross" />${t("booking.cancel")}</button>`}
    ${message.status === 0 &&
    html`
      <button type="button" onClick=${() => become(100)}><${Icon} name="check" />${t("deliver")}</button>
      <select aria-label=${t("fail")} value="" onChange=${(/** @type {any} */ event) => become(Number(event.target.value))}>
        <option value="" disabled>${t("fail")}</option>
        ${store.statuses.filter(failure).map(({ status }) => html`<option value=${status}>${status} ${statusWord(status)}</option>`)}
      </select>
    `}
    ${(message.status === 0 || message.status === 100) &&
    html`<button type="button" onClick=${() => onReply(message)}>${t("reply")}</button>`}
  `;
}

/** The steps of a message so far. @param {SMS} message */
function steps({ status, accepted_at, booked_for, sent_at, finished_at }) {
  const found = [];
  if (booked_for) found.push({ status: 300, at: accepted_at, note: t("booked.for", { time: full(booked_for) }) });
  if (sent_at) found.push({ status: 0, at: sent_at });
  if (status !== 0 && status !== 300) found.push({ status, at: finished_at ?? accepted_at });
  return found;
}

/** @param {{message: SMS}} props */
const Timeline = ({ message }) => html`
  <ol class="timeline" role="list" aria-label=${t("timeline")}>
    ${steps(message).map(
      (step) => html`
        <li class=${toneOf(step.status)}>
          <span class="dot" aria-hidden="true"></span>
          <${Status} status=${step.status} term />
          <time datetime=${step.at}>${moment(step.at, store.now())}</time>
          ${step.note && html`<span>${step.note}</span>`}
        </li>
      `,
    )}
  </ol>
`;

/**
 * All details of a message, its status reports too.
 * @param {{message: SMS, query: string, onDetails: (id: number) => void}} props
 */
function Details({ message, query, onDetails }) {
  const [sent, setSent] = useState(/** @type {{reports?: any[], emails?: any[]}} */ ({}));
  useEffect(() => {
    const of = `?message_id=${message.id}&limit=1000`;
    Promise.all([http.get("fake/reports" + of), http.get("fake/emails" + of)]).then(
      ([{ reports }, { emails }]) => setSent({ reports, emails }),
      () => {}, // that nobody answers is said elsewhere
    );
  }, [message.id, store.revision]);
  const { reports, emails } = sent;
  useEffect(() => {
    if (reports) onDetails(message.id);
  }, [!reports]);
  return html`
    <div class="details">
      <${Timeline} message=${message} />
      <dl class="fields">
        <dt>${t("account")}</dt>
        <dd><${Text} text=${message.user_id} query=${query} /></dd>
        ${message.subject && html`<dt>${t("account.subject")}</dt><dd><${Text} text=${message.subject} query=${query} /></dd>`}
        ${(message.name || message.email) &&
        html`<dt>${t("recipient")}</dt><dd><${Text} text=${[message.name, message.email].filter(Boolean).join(" · ")} query=${query} /></dd>`}
        <dt>${t("length")}</dt>
        <dd>${t("size", { units: message.text.length, pieces: message.pieces, points: t("points", { n: points(message.cost) }) })}</dd>
        <dt>${t("accepted.at")}</dt>
        <dd>${full(message.accepted_at)}</dd>
        <dt>${t("message.id")}</dt>
        <dd>
          <a href=${href({ item: message.to, message: String(message.id) })}>${message.id}</a>
          <${CopyButton} small text=${permalink(message.id)} label=${t("copy.link")} />
        </dd>
        <dt>${t("batch")}</dt>
        <dd class="mono">
          <${Text} text=${message.batch_id} query=${query} />
          <${CopyButton} small text=${message.batch_id} label=${t("copy.batch")} />
        </dd>
        <dt>${t("record.number")}</dt>
        <dd><${Text} text=${message.record_number} /></dd>
        <dt>${t("reports.of")}</dt>
        <dd>
          ${reports?.length === 0 && t("reports.no")}
          <ul role="list">
            ${reports?.map((report) => html`<li key=${report.id}><${Status} status=${report.status} /> <${ReportState} report=${report} /></li>`)}
          </ul>
          ${!!reports?.length && html`<a href=${href({ view: "reports", query: message.batch_id })}>${t("reports.all")}</a>`}
        </dd>
        ${emails?.map(
          (email) => html`<dt>${t("email.copy")}</dt><dd><${Text} text=${email.to} /> <${ReportState} report=${email} /></dd>`,
        )}
      </dl>
    </div>
  `;
}
