/** A phone: its messages and replies, newest at the bottom, and a line to reply. */

import { http } from "../api.js";
import { Conversation as Messages } from "../conversation.js";
import { attempt, look } from "../live.js";
import { date, national } from "../format.js";
import { t } from "../i18n.js";
import { read } from "../read.js";
import { href, parse, replace } from "../route.js";
import { store } from "../store.js";
import { Badge, CopyButton, Empty, FieldError, Icon, Text, statusWord } from "../ui.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";
import { Message, ReplyBubble } from "./message.js";

/** The drafts, by number. @type {Map<string, string>} */
const drafts = new Map();

const NEAR = 20; // messages from where the known ones end, which is when others are loaded

/** @param {import("../route.js").Route} props `item`: the number */
export function Conversation({ item: number, query, account, status, message: linked }) {
  const [conversation] = useState(() => new Messages(number));
  const [jumps, setJumps] = useState(0);
  const [details, setDetails] = useState(0); // the ID of the message whose details were loaded last
  const composer = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const section = useRef(/** @type {HTMLElement | null} */ (null));
  const { found, messages, phone, ready } = conversation;
  const entries = useMemo(() => conversation.entries(), [messages]);
  useLayoutEffect(() => {
    store.conversation = conversation;
    look(() => conversation.refresh());
    return () => {
      store.conversation = null;
    };
  }, []);
  useEffect(() => {
    const looked = phone && conversation.until === read.until && !document.hidden;
    if (looked && read.mark(phone)) store.changed();
  });

  useLayoutEffect(() => {
    // The button that asked for it has gone, and the focus with it.
    if (!jumps || document.activeElement !== document.body) return;
    const list = section.current?.querySelector(".windowed");
    if (list instanceof HTMLElement) list.focus({ preventScroll: true });
  }, [jumps]);

  useEffect(() => {
    if (phone && phone.number !== number) replace({ ...parse(location.hash), item: phone.number }); // as the list has it
  });

  const needle = query.trim().toLowerCase();
  useEffect(() => {
    conversation.search = needle;
    if (needle && ready) look(() => conversation.find());
  }, [needle, ready]);
  useEffect(() => {
    if (linked && ready) look(() => conversation.seek(Number(linked)));
  }, [linked, ready]);
  const shown = linked
    ? entries.find(({ message }) => message.id === Number(linked))
    : found?.search === needle && entries.findLast(({ message }) => message.id === found.id);
  /** @param {number} first @param {number} last */
  const seen = (first, last) => {
    conversation.atEnd = !conversation.newer && last === entries.length - 1;
    if (conversation.reaching) return;
    if (first < NEAR && conversation.older) look(() => conversation.before());
    else if (entries.length - last < NEAR && conversation.newer) look(() => conversation.after());
  };
  const reply = (message) => {
    conversation.replyTo = message;
    store.changed();
    composer.current?.focus();
  };
  const toEnd = () =>
    look(async () => {
      await conversation.end();
      setJumps((n) => n + 1);
    });

  return html`
    <section ref=${section} class="conversation" aria-label=${t("conversation", { number })}>
      <header>
        <a class="button bare back" href=${href({ query, account, status })} aria-label=${t("back")}><${Icon} name="back" /></a>
        <div class="who">
          <div><h1><bdi>${national(number)}</bdi></h1> <${CopyButton} small text=${number} label=${t("copy.number")} /></div>
          <p>
            ${national(number) !== number && html`<bdi class="e164">${number}</bdi>`}
            ${phone?.name && html`<${Text} text=${phone.name} />`}
          </p>
        </div>
        <${Outcome} number=${number} />
      </header>
      ${entries.length === 0
        ? html`<${Empty} icon="phones" title=${ready ? t("phone.nothing", { number }) : t("loading")} />`
        : html`
            <${WindowedList}
              key=${jumps}
              items=${entries}
              keyOf=${(entry) => entry.key}
              estimate=${86}
              follow=${conversation.newer ? "neither" : "end"}
              label=${t("messages")}
              show=${shown ? { key: shown.key, at: linked ? `${linked} ${details}` : needle, top: !!linked } : undefined}
              seen=${seen}
              render=${(entry) => html`<${Entry} entry=${entry} query=${needle} linked=${linked} onReply=${reply} onDetails=${setDetails} />`}
            />
            ${conversation.newer &&
            html`<button type="button" class="to-end" onClick=${toEnd}>${t("newest")}</button>`}
            <${Composer} conversation=${conversation} input=${composer} />
          `}
    </section>
  `;
}

function Entry({ entry, query, linked, onReply, onDetails }) {
  const { message, reply, newDay, apart } = entry;
  return html`
    ${newDay && html`<p class="day"><span>${date(entry.at)}</span></p>`}
    ${reply
      ? html`<${ReplyBubble} message=${message} reply=${reply} apart=${apart} query=${query} />`
      : html`<${Message} message=${message} query=${query} linked=${String(message.id) === linked} onReply=${onReply} onDetails=${onDetails} />`}
  `;
}

const arrived = (message) => message.status === 0 || message.status === 100;

/** @param {{conversation: Messages, input: {current: HTMLTextAreaElement | null}}} props */
function Composer({ conversation, input }) {
  const { number, messages, older, newer, replyTo } = conversation;
  const [text, setText] = useState(drafts.get(number) ?? "");
  const [problem, setProblem] = useState(/** @type {import("../errors.js").Problem | null} */ (null));
  const [sending, setSending] = useState(false);
  const newest = newer ? undefined : messages.findLast(arrived);
  const chosen = replyTo && replyTo.id !== newest?.id ? replyTo : null;

  function type(typed) {
    setText(typed);
    setProblem(null);
    if (typed) drafts.set(number, typed);
    else drafts.delete(number);
  }

  function send(event) {
    event.preventDefault();
    if (!text || sending) return;
    setSending(true);
    input.current?.focus(); // the button that had it may be disabled by now
    const reply = chosen
      ? http.post(`fake/messages/${chosen.id}/replies`, { text })
      : http.post("fake/replies", { to: number, text });
    attempt(reply.then(sent).finally(() => setSending(false)), setProblem);
  }

  /** Keep only the text that was typed since then. */
  function sent() {
    const typed = drafts.get(number) ?? "";
    type(typed.startsWith(text) ? typed.slice(text.length) : typed);
    toNewest();
  }

  function toNewest() {
    conversation.replyTo = null;
    store.changed();
  }

  function onKeyDown(event) {
    // While a Chinese word is being composed, Enter belongs to the input method.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
    if (event.key === "Escape") toNewest();
  }

  if (!newest && !older && !newer) return html`<p class="composer closed">${t("reply.impossible")}</p>`;
  return html`
    <form class="composer" onSubmit=${send}>
      ${chosen &&
      html`
        <p class="reply-to">
          <span>${t("reply.to")} <bdi>${chosen.text.slice(0, 60)}</bdi></span>
          <button type="button" class="bare" onClick=${toNewest} aria-label=${t("cancel")}>
            <${Icon} name="cross" />
          </button>
        </p>
      `}
      <textarea
        ref=${input}
        rows="1"
        value=${text}
        aria-label=${t("reply.as", { number })}
        placeholder=${t("reply.as", { number: national(number) })}
        onInput=${(event) => type(event.target.value)}
        onKeyDown=${onKeyDown}
      ></textarea>
      <button class="primary" disabled=${!text || sending} aria-label=${t("reply")}><${Icon} name="send" /><span>${t("reply")}</span></button>
      <${FieldError} problem=${problem} />
    </form>
  `;
}

/** The outcome of the next messages to this number. */
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
      <select value=${outcome ? String(outcome.status) : ""} onChange=${change}>
        <option value="">${t("outcome.usual")}</option>
        ${store.statuses.filter(({ outcome }) => outcome).map(({ status }) => html`<option value=${String(status)}>${status} ${statusWord(status)}</option>`)}
      </select>
    </label>
  `;
}
