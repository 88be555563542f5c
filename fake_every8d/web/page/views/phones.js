/** Every phone that got an SMS, the one with the newest on top; and the search. */

import { http, refused } from "../api.js";
import { tabIndex, useArrows } from "../arrows.js";
import { brief, national } from "../format.js";
import { t } from "../i18n.js";
import { attempt, look, markAllRead } from "../live.js";
import { phones } from "../phones.js";
import { read } from "../read.js";
import { href, parse, replace } from "../route.js";
import { store } from "../store.js";
import { snippet } from "../text.js";
import { AccountFilter, Empty, SearchField, Status, Text, statusWord, useFindings } from "../ui.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";
import { Conversation } from "./conversation.js";
import { Welcome } from "./welcome.js";

/** @param {{route: import("../route.js").Route}} props */
export function Phones({ route }) {
  useLayoutEffect(() => {
    phones.query = route.query;
    phones.status = route.status;
    look(() => phones.load());
  }, [route.query, route.status, route.account]);

  const { rows } = phones;
  const chosen = indexOf(route.item);
  const place = useRef(-1); // in the list, of the phone that was chosen last
  const aim = useRef(-1); // the place that a key has asked for last
  if (chosen >= 0) place.current = chosen;
  const here = () => {
    const { item } = parse(location.hash);
    const index = indexOf(item);
    return item && index < 0 ? place.current : index;
  };
  const arrows = useArrows(rows.length, here, async (index) => {
    aim.current = index;
    await know({ first: index, last: index });
    const phone = phones.rows[index];
    if (phone && aim.current === index) replace({ ...parse(location.hash), item: phone.number, message: "" });
  });

  const markAll = () => {
    arrows.enter(); // the button is about to go
    markAllRead();
  };
  useFindings(phones.found, summary());

  if (store.messages === 0) return html`<${Welcome} />`;
  return html`
    <div class=${`phones ${route.item || route.message ? "has-phone" : ""}`}>
      <section class="phone-list" aria-label=${t("phones")} ...${arrows.around}>
        ${!route.item && html`<h1 class="hidden">${t("phones")}</h1>`}
        <${SearchField} query=${route.query} label=${t("search")} hint=${t("search.hint")} />
        <div class="filters">
          <${AccountFilter} />
          <label>
            ${t("status")}
            <select value=${route.status} onChange=${chooseStatus}>
              <option value="">${t("status.all")}</option>
              ${store.statuses.map(({ status }) => html`<option value=${String(status)}>${status} ${statusWord(status)}</option>`)}
            </select>
          </label>
        </div>
        <div class="count">
          <p>${summary()}</p>
          ${read.unreadPhones() > 0 && html`<button type="button" class="link" onClick=${markAll}>${t("unread.clear")}</button>`}
          ${!!store.messages && html`<button type="button" class="link" onClick=${clear}>${t("messages.clear")}</button>`}
        </div>
        ${rows.length > 0 &&
        html`
          <${WindowedList}
            items=${rows}
            keyOf=${({ number }) => number}
            estimate=${66}
            label=${t("phones")}
            drawn=${arrows.drawn}
            seen=${(first, last) => know((phones.view = { first, last }))}
            show=${{ key: route.item, at: route.item }}
            render=${(phone, index) => html`<${Phone} phone=${phone} route=${route} tabindex=${tabIndex(index, chosen)} />`}
          />
        `}
      </section>
      ${route.item
        ? html`<${Conversation} key=${route.item} ...${route} />`
        : route.message
        ? html`<${Linked} message=${route.message} />`
        : html`<div class="conversation"><${Empty} icon="phones" title=${t("phones.choose")} /></div>`}
    </div>
  `;
}

/** @param {any} event */
const chooseStatus = (event) => replace({ ...parse(location.hash), status: event.target.value });

function clear() {
  if (confirm(t("messages.clear.sure"))) attempt(http.delete("fake/messages"));
}

/** A message whose phone is not known yet: it goes there, or says that there is none. @param {{message: string}} props */
function Linked({ message }) {
  const [gone, setGone] = useState(false);
  useEffect(() => {
    setGone(false);
    look(async () => {
      const found = await http.get(`fake/messages/${message}`).catch((error) => {
        if (!refused(error)) throw error;
        setGone(true);
      });
      if (found) replace({ ...parse(location.hash), item: found.to, message });
    });
  }, [message, store.connected, store.epoch]);
  return html`<div class="conversation"><${Empty} icon="phones" title=${t(gone ? "message.gone" : "loading")} /></div>`;
}

/** The place of a phone in the list, or -1 if it is not known. @param {string} number */
const indexOf = (number) => phones.rows.findIndex((phone) => phone?.number === number);

/** Load the phones at those places, if they are not known. @param {import("../phones.js").Places} places */
async function know(places) {
  if (phones.missing(places).length) await look(() => phones.load(places));
}

/** The result of the last search, which may not be the search typed by now. */
function summary() {
  const { asked, found, messages, rows } = phones;
  if (asked === null) return "";
  if (!found) return t("phones.count", { n: rows.length });
  return rows.length ? t("search.found", { n: rows.length, messages }) : t("search.nothing");
}

/** @param {{phone: import("../phones.js").Phone, route: import("../route.js").Route, tabindex: number}} props */
function Phone({ phone, route, tabindex }) {
  const chosen = phone.number === route.item;
  const query = route.query.trim().toLowerCase();
  const unread = chosen ? 0 : read.unread(phone);
  const { name, newest, messages } = phone;
  const reply = !query && newest.replies.at(-1);
  const at = reply ? reply.at : newest.accepted_at;
  return html`
    <a
      class="phone"
      tabindex=${tabindex}
      href=${href({ ...route, item: phone.number, message: "" })}
      aria-current=${chosen ? "page" : null}
    >
      <span class="phone-line">
        <bdi class="number">${national(phone.number)}</bdi>
        ${name && html`<span class="name"><${Text} text=${name} query=${query} /></span>`}
        <time datetime=${at}>${brief(at, store.now())}</time>
      </span>
      <span class="phone-line">
        ${newest.status !== 100 && html`<${Status} status=${newest.status} />`}
        <span class="snippet">
          ${reply && html`<span class="reply-mark">${t("reply.mark")}</span>${" "}`}
          <${Text} text=${snippet(reply ? reply.text : newest.text, query)} query=${query} />
        </span>
        ${query && messages > 1 && html`<span class="matches">${t("search.matches", { n: messages })}</span>`}
        ${unread > 0 &&
        html`<span class="unread"><span aria-hidden="true">${unread}</span><span class="hidden">${t("unread", { n: unread })}</span></span>`}
      </span>
    </a>
  `;
}
