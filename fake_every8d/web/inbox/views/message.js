/** One SMS on its phone: text, what it cost, what became of it, and what can be done to it. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { full, moment, points } from "../format.js";
import { t } from "../i18n.js";
import { href } from "../route.js";
import { store } from "../store.js";
import { Content, CopyButton, Icon, Status, Text, toneOf } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact-htm.js";
import { ReportState } from "./reports.js";

const LONG = 700; // characters, of which a text shows no more until asked

/** What a message that was sent can fail with. */
const FAILURES = [101, 102, 103, 104, 105, 106, 107];

/** @param {{message: import("../store.js").Message, query: string, onReply: (message: any) => void}} props */
export function Message({ message, query, onReply }) {
  const [open, setOpen] = useState(false);
  const sender = message.subject ? `${message.user_id} · ${message.subject}` : message.user_id;
  return html`
    <article class=${`message ${toneOf(message.status)}`} aria-label=${t("message.of", { id: message.id })}>
      <p class="sender"><${Text} text=${sender} query=${query} /></p>
      <div class="bubble"><${Clamped} text=${message.content} query=${query} /></div>
      <p class="meta">
        <span>${t("pieces", { n: message.pieces })}</span>
        <span>${t("points", { n: points(message.cost) })}</span>
        ${message.name && html`<span><${Text} text=${message.name} query=${query} /></span>`}
        ${message.email && html`<span>✉ <${Text} text=${message.email} /></span>`}
      </p>
      <${Timeline} message=${message} />
      <div class="actions">
        <${Actions} message=${message} onReply=${onReply} />
        <button type="button" class="bare unfold" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${t("details")}</button>
      </div>
      ${open && html`<${Details} message=${message} query=${query} />`}
    </article>
  `;
}

/** @param {{message: any, reply: {text: string, at: string}, apart: boolean, query: string}} props */
export const ReplyBubble = ({ message, reply, apart, query }) => html`
  <article class="message reply" aria-label=${t("reply.of", { id: message.id })}>
    ${apart && html`<p class="sender">${t("reply.to")} <bdi>${message.content.slice(0, 60)}</bdi></p>`}
    <div class="bubble"><${Clamped} text=${reply.text} query=${query} /></div>
    <p class="meta"><time datetime=${reply.at}>${moment(reply.at, store.now())}</time> <span>999 ${t("status.999")}</span></p>
  </article>
`;

function Clamped({ text, query }) {
  const [whole, setWhole] = useState(false);
  if (text.length <= LONG || whole) return html`<${Content} text=${text} query=${query} />`;
  return html`
    <${Content} text=${text.slice(0, LONG) + "…"} query=${query} />
    <button type="button" class="link" onClick=${() => setWhole(true)}>${t("show.all", { n: text.length })}</button>
  `;
}

/** The steps of a message so far. */
function steps(message) {
  const { status, accepted_at, booked_for, sent_at, finished_at } = message;
  const found = [];
  if (booked_for) found.push({ status: 300, at: accepted_at, note: t("booked.for", { time: full(booked_for) }) });
  if (sent_at) found.push({ status: 0, at: sent_at });
  if (status !== 0 && status !== 300) found.push({ status, at: finished_at ?? accepted_at });
  return found;
}

function Timeline({ message }) {
  return html`
    <ol class="timeline" role="list" aria-label=${t("timeline")}>
      ${steps(message).map(
        (step) => html`
          <li class=${toneOf(step.status)}>
            <span class="dot" aria-hidden="true"></span>
            <${Status} status=${step.status} />
            <time datetime=${step.at}>${moment(step.at, store.now())}</time>
            ${step.note && html`<strong class="note">${step.note}</strong>`}
          </li>
        `,
      )}
    </ol>
  `;
}

function Actions({ message, onReply }) {
  const become = (status) => attempt(http.post(`fake/messages/${message.id}/status`, { status }));
  return html`
    ${message.status === 300 &&
    html`<button type="button" onClick=${() => become(303)}><${Icon} name="cross" />${t("booking.cancel")}</button>`}
    ${message.status === 0 &&
    html`
      <button type="button" onClick=${() => become(100)}><${Icon} name="check" />${t("deliver")}</button>
      <select aria-label=${t("fail")} value="" onChange=${(event) => become(Number(event.target.value))}>
        <option value="" disabled>${t("fail")}</option>
        ${FAILURES.map((status) => html`<option value=${status}>${status} ${t(`status.${status}`)}</option>`)}
      </select>
    `}
    ${(message.status === 0 || message.status === 100) &&
    html`<button type="button" class="bare" onClick=${() => onReply(message)}>${t("reply")}</button>`}
  `;
}

/** All that there is to know about a message, its status reports too. */
function Details({ message, query }) {
  const [sent, setSent] = useState({});
  useEffect(() => {
    const of = `?message_id=${message.id}&limit=1000`;
    Promise.all([http.get("fake/reports" + of), http.get("fake/emails" + of)]).then(
      ([{ reports }, { emails }]) => setSent({ reports, emails }),
      () => {}, // that nobody answers is said elsewhere
    );
  }, [message.id, store.revision]);
  const { reports, emails } = sent;
  return html`
    <dl class="fields">
      <dt>${t("message.id")}</dt>
      <dd>${message.id}</dd>
      <dt>${t("account")}</dt>
      <dd><${Text} text=${message.user_id} /></dd>
      <dt>${t("batch")}</dt>
      <dd class="mono">
        <${Text} text=${message.batch_id} query=${query} />
        <${CopyButton} small text=${message.batch_id} label=${t("copy.batch")} />
      </dd>
      <dt>${t("record.number")}</dt>
      <dd><${Text} text=${message.record_number} /></dd>
      <dt>${t("length")}</dt>
      <dd>${t("length.units", { n: message.content.length })}</dd>
      <dt>${t("accepted.at")}</dt>
      <dd>${full(message.accepted_at)}</dd>
      <dt>${t("reports.of")}</dt>
      <dd>
        ${reports?.length === 0 && t("reports.no")}
        <ul role="list">
          ${reports?.map((report) => html`<li key=${report.id}><${Status} status=${report.status} /> <${ReportState} report=${report} /></li>`)}
        </ul>
        <a href=${href({ view: "reports", query: message.batch_id })}>${t("reports.all")}</a>
      </dd>
      ${emails?.map(
        (email) => html`<dt>${t("email.copy")}</dt><dd><${Text} text=${email.to} /> <${ReportState} report=${email} /></dd>`,
      )}
    </dl>
  `;
}
