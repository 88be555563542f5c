/** Every phone that got an SMS, the one with the newest on top; and the search. */

import { tabIndex, useArrows } from "../arrows.js";
import { brief, national } from "../format.js";
import { t } from "../i18n.js";
import { href, replace } from "../route.js";
import { store } from "../store.js";
import { snippet } from "../text.js";
import { AccountFilter, Empty, Icon, Status, Text } from "../ui.js";
import { html, useMemo } from "../vendor/preact-htm.js";
import { WindowedList } from "../windowed.js";
import { Conversation } from "./conversation.js";
import { Welcome } from "./welcome.js";

/** @param {{route: import("../route.js").Route}} props */
export function Phones({ route }) {
  const found = useMemo(() => store.search(route.query), [route.query, store.revision]);
  const chosen = found.findIndex(({ phone }) => phone.number === route.item);
  const arrows = useArrows(found.length, chosen, (index) =>
    replace({ item: found[index].phone.number, query: route.query }),
  );

  if (!store.messages.size && store.ready) return html`<${Welcome} />`;
  return html`
    <div class=${`phones ${route.item ? "has-phone" : ""}`}>
      <section class="phone-list" aria-label=${t("phones")} ...${arrows.around}>
        ${!route.item && html`<h1 class="hidden">${t("phones")}</h1>`}
        <div class="search" role="search">
          <${Icon} name="search" />
          <input
            id="search"
            type="search"
            value=${route.query}
            placeholder=${t("search.hint")}
            aria-label=${t("search")}
            onInput=${(event) => replace({ ...route, query: event.target.value })}
          />
        </div>
        <${AccountFilter} />
        <div class="count">
          <p role="status">${summary(found, route.query)}</p>
          ${store.unreadPhones() > 0 && html`<button type="button" class="link" onClick=${() => store.markAllRead()}>${t("unread.clear")}</button>`}
        </div>
        ${found.length > 0 &&
        html`
          <${WindowedList}
            items=${found}
            keyOf=${({ phone }) => phone.number}
            estimate=${66}
            label=${t("phones")}
            drawn=${arrows.drawn}
            show=${{ key: route.item, at: route.item }}
            render=${(entry, index) => html`<${Phone} ...${entry} route=${route} tabindex=${tabIndex(index, chosen)} />`}
          />
        `}
      </section>
      ${route.item
        ? html`<${Conversation} key=${route.item} number=${route.item} query=${route.query} />`
        : html`<div class="conversation"><${Empty} icon="phones" title=${t("phones.choose")} /></div>`}
    </div>
  `;
}

function summary(found, query) {
  if (!query.trim()) return t("phones.count", { n: found.length });
  const messages = found.reduce((sum, { matches }) => sum + matches, 0);
  return found.length ? t("search.found", { n: found.length, messages }) : t("search.nothing");
}

function Phone({ phone, match, matches, route, tabindex }) {
  const chosen = phone.number === route.item;
  const query = route.query.trim().toLowerCase();
  const unread = chosen ? 0 : store.unread(phone);
  const answer = !query && match.replies.at(-1);
  return html`
    <a
      class="phone"
      tabindex=${tabindex}
      href=${href({ item: phone.number, query: route.query })}
      aria-current=${chosen ? "page" : null}
    >
      <span class="phone-line">
        <bdi class="number">${national(phone.number)}</bdi>
        ${phone.name && html`<span class="name"><${Text} text=${phone.name} query=${query} /></span>`}
        <time datetime=${phone.at}>${brief(phone.at, store.now())}</time>
      </span>
      <span class="phone-line">
        ${match.status !== 100 && html`<${Status} status=${match.status} />`}
        <span class="snippet">
          ${answer && html`<span class="reply-mark">${t("reply.mark")}</span>${" "}`}
          <${Text} text=${snippet(answer ? answer.text : match.content, query)} query=${query} />
        </span>
        ${query && matches > 1 && html`<span class="matches">${t("search.matches", { n: matches })}</span>`}
        ${unread > 0 &&
        html`<span class="unread"><span aria-hidden="true">${unread}</span><span class="hidden">${t("unread", { n: unread })}</span></span>`}
      </span>
    </a>
  `;
}
