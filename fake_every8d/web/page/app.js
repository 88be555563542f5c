/** The page: its top, and the view that its address names. */

import { t } from "./i18n.js";
import { start } from "./live.js";
import { read } from "./read.js";
import { VIEWS, href, parse } from "./route.js";
import { outage, store } from "./store.js";
import { Icon } from "./ui.js";
import { html, render, useEffect, useLayoutEffect, useState } from "./vendor/preact-htm.js";
import { Accounts } from "./views/accounts.js";
import { Clock } from "./views/clock.js";
import { Failures, switchOutage } from "./views/failures.js";
import { Keys } from "./views/keys.js";
import { Phones } from "./views/phones.js";
import { Reports } from "./views/reports.js";
import { Requests } from "./views/requests.js";
import { Settings } from "./views/settings.js";

const PAGES = { phones: Phones, requests: Requests, reports: Reports, accounts: Accounts, failures: Failures };

/** The route; every loader knows the account whose messages are shown. */
function current() {
  const route = parse(location.hash);
  if (store.accounts.length && !store.accounts.some(({ user_id }) => user_id === route.account)) route.account = "";
  store.account = route.account;
  return route;
}

function App() {
  const [route, setRoute] = useState(current);
  const [, redraw] = useState(0);
  // Before the first response comes, which may be before the first paint.
  useLayoutEffect(() => {
    store.subscribe(() => redraw((n) => n + 1));
    addEventListener("hashchange", () => setRoute(current()));
    addEventListener("keydown", onKeyDown);
  }, []);

  const unread = read.unreadPhones();
  useEffect(() => {
    const title = route.view === "phones" && route.item ? route.item : t(route.view);
    document.title = `${unread ? `(${unread}) ` : ""}${title} · fake-every8d`;
  });

  const View = PAGES[route.view];
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <header class="top">
      <a class="brand" href="#/phones" aria-label="fake-every8d"><img src="page/icon.svg" alt="" width="26" height="26" /><span>fake-every8d</span></a>
      <nav aria-label=${t("views")}>
        ${VIEWS.map(
          (view) => html`
            <a href=${href({ view })} aria-current=${view === route.view ? "page" : null}>
              <${Icon} name=${view} /><span>${t(view)}</span>
              ${view === "phones" && unread > 0 && html`<span class="unread" aria-hidden="true">${few(unread)}</span>`}
              ${view === "failures" && store.failures.length > 0 && html`<span class="unread bad" aria-hidden="true">${few(store.failures.length)}</span>`}
            </a>
          `,
        )}
      </nav>
      <${Clock} />
      <${Settings} redraw=${() => redraw((n) => n + 1)} />
    </header>
    <${Banners} />
    <main id="main" tabindex="-1"><${View} route=${route} /></main>
    <${Keys} />
  `;
}

/** A count that fits beside an icon. @param {number} n */
const few = (n) => (n > 99 ? "99+" : n);

/** The bar of every view: the fake does not answer. */
function Banners() {
  return html`
    <div class="banners">
      ${!store.connected && !store.problem && html`<p class="banner bad" role="alert">${t(store.missed ? "offline.not_done" : "offline")}</p>`}
      ${store.failures.some(outage) &&
      html`
        <p class="banner bad" role="status">
          <${Icon} name="failures" /><span>${t("outage.on")}</span>
          <button type="button" onClick=${() => switchOutage(false)}>${t("outage.end")}</button>
        </p>
      `}
      ${store.problem &&
      html`
        <p class="banner booked" role="alert">
          <bdi>${store.problem}</bdi>
          <button type="button" onClick=${dismiss}>${t("close")}</button>
        </p>
      `}
    </div>
  `;
}

function dismiss() {
  store.problem = null;
  store.changed();
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault(); // what follows the # is the view's
  document.getElementById("main")?.focus();
}

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (typing || event.ctrlKey || event.metaKey) return;
  if (event.key === "?") document.getElementById("keys")?.togglePopover();
  if (event.key === "/") {
    const search = document.getElementById("search");
    if (search) event.preventDefault();
    search?.focus();
  }
}

render(html`<${App} />`, document.getElementById("app"));
start();
