/** A phone: what it got and what it replied, newest at the bottom, and a line to reply. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { date, national } from "../format.js";
import { t } from "../i18n.js";
import { href } from "../route.js";
import { store } from "../store.js";
import { Badge, CopyButton, Empty, FieldError, Icon, Text, statusWord } from "../ui.js";
import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";
import { Message, ReplyBubble } from "./message.js";

/** What was typed and not sent yet, by number. @type {Map<string, string>} */
const drafts = new Map();

/** What may become of messages to a number, as the platform numbers it. */
const OUTCOMES = [100, 101, 102, 103, 104, 105, 106, 107, 0];

/** @param {{number: string, query: string}} props */
export function Conversation({ number, query }) {
  const phone = store.phones.get(number);
  const [answering, answer] = useState(null);
  const composer = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const entries = useMemo(() => (phone ? store.conversation(phone) : []), [phone, store.revision]);
  useEffect(() => {
    if (phone && !document.hidden && store.markRead(phone)) store.changed();
  });

  const needle = query.trim().toLowerCase();
  const match = useMemo(
    () => needle && entries.findLast(({ message }) => store.matches(message, needle)),
    [needle, number, entries.length],
  );
  const reply = (message) => {
    answer(message.id);
    composer.current?.focus();
  };

  return html`
    <section class="conversation" aria-label=${t("conversation", { number })}>
      <header>
        <a class="button bare back" href=${href({ query })} aria-label=${t("back")}><${Icon} name="back" /></a>
        <div class="who">
          <h1><bdi>${national(number)}</bdi></h1>
          <p>
            ${national(number) !== number && html`<bdi class="e164">${number}</bdi>`}
            <${CopyButton} small text=${number} label=${t("copy.number")} />
            ${phone?.name && html`<${Text} text=${phone.name} />`}
          </p>
        </div>
        <${Outcome} number=${number} />
      </header>
      ${entries.length === 0
        ? html`<${Empty} icon="phones" title=${store.ready ? t("phone.nothing", { number }) : t("loading")} />`
        : html`
            <${WindowedList}
              items=${entries}
              keyOf=${(entry) => entry.key}
              estimate=${86}
              follow
              label=${t("messages")}
              show=${match ? { key: match.key, at: needle } : undefined}
              render=${(entry) => html`<${Entry} entry=${entry} query=${needle} onReply=${reply} />`}
            />
            <${Composer} phone=${phone} answering=${answering} answer=${answer} input=${composer} />
          `}
    </section>
  `;
}

function Entry({ entry, query, onReply }) {
  const { message, reply, newDay, apart } = entry;
  return html`
    ${newDay && html`<p class="day"><span>${date(entry.at)}</span></p>`}
    ${reply
      ? html`<${ReplyBubble} message=${message} reply=${reply} apart=${apart} query=${query} />`
      : html`<${Message} message=${message} query=${query} onReply=${onReply} />`}
  `;
}

const arrived = (message) => message.status === 0 || message.status === 100;

function Composer({ phone, answering, answer, input }) {
  const [text, setText] = useState(drafts.get(phone.number) ?? "");
  const [problem, setProblem] = useState(/** @type {import("../errors.js").Problem | null} */ (null));
  const [sending, setSending] = useState(false);
  const newest = phone.messages.findLast(arrived);
  const target = phone.messages.find((message) => message.id === answering) ?? newest;

  function type(typed) {
    setText(typed);
    setProblem(null);
    if (typed) drafts.set(phone.number, typed);
    else drafts.delete(phone.number);
  }

  async function send(event) {
    event?.preventDefault();
    if (!text || !target || sending) return;
    setSending(true);
    if (await attempt(http.post(`fake/messages/${target.id}/replies`, { text }), setProblem)) {
      type("");
      answer(null);
    }
    setSending(false);
    input.current?.focus();
  }

  function onKeyDown(event) {
    // While a Chinese word is being composed, Enter belongs to the input method.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
    if (event.key === "Escape") answer(null);
  }

  if (!target) return html`<p class="composer closed">${t("reply.impossible")}</p>`;
  return html`
    <form class="composer" onSubmit=${send}>
      ${target !== newest &&
      html`
        <p class="answering">
          <span>${t("reply.to")} <bdi>${target.content.slice(0, 60)}</bdi></span>
          <button type="button" class="bare" onClick=${() => answer(null)} aria-label=${t("cancel")}>
            <${Icon} name="cross" />
          </button>
        </p>
      `}
      <textarea
        ref=${input}
        rows="1"
        value=${text}
        aria-label=${t("reply.as", { number: phone.number })}
        placeholder=${t("reply.as", { number: national(phone.number) })}
        onInput=${(event) => type(event.target.value)}
        onKeyDown=${onKeyDown}
      ></textarea>
      <button class="primary" disabled=${!text || sending} aria-label=${t("reply")}><${Icon} name="send" /><span>${t("reply")}</span></button>
      <${FieldError} problem=${problem} />
    </form>
  `;
}

/** What becomes of the next messages to this number. */
function Outcome({ number }) {
  if (!/^\+\d{7,15}$/.test(number)) return html`<${Badge} tone="bad">${t("number.invalid")}<//>`;
  const outcome = store.outcomes.find(({ to }) => to === number);
  const change = (event) => {
    const { value } = event.target;
    attempt(
      value === ""
        ? http.delete("fake/outcomes?" + new URLSearchParams({ to: number }))
        : http.post("fake/outcomes", { to: number, status: Number(value) }),
    );
  };
  return html`
    <label class=${`outcome ${outcome ? "set" : ""}`}>
      <span>${t("outcome")}</span>
      <select aria-label=${t("outcome")} value=${outcome ? String(outcome.status) : ""} onChange=${change}>
        <option value="">${t("outcome.usual")}</option>
        ${OUTCOMES.map((status) => html`<option value=${String(status)}>${status} ${statusWord(status)}</option>`)}
      </select>
    </label>
  `;
}
