/** The page: what is at its top, and the view that its address names. */

import { LANGUAGES, chooseLanguage, currentLanguage, t } from "./i18n.js";
import { http } from "./api.js";
import { attempt, start } from "./live.js";
import { VIEWS, href, parse } from "./route.js";
import { recall, remember } from "./settings.js";
import { outage, store } from "./store.js";
import { Icon } from "./ui.js";
import { html, render, useEffect, useLayoutEffect, useState } from "./vendor/preact-htm.js";
import { Accounts } from "./views/accounts.js";
import { Clock } from "./views/clock.js";
import { Faults, switchOutage } from "./views/faults.js";
import { Phones } from "./views/phones.js";
import { Reports } from "./views/reports.js";
import { Requests } from "./views/requests.js";

const PAGES = { phones: Phones, requests: Requests, reports: Reports, accounts: Accounts, faults: Faults };
const THEMES = { auto: "auto", light: "sun", dark: "moon" };

function App() {
  const [route, setRoute] = useState(parse(location.hash));
  const [, redraw] = useState(0);
  // Before the first answer comes, which may be before the first paint.
  useLayoutEffect(() => {
    store.subscribe(() => redraw((n) => n + 1));
    addEventListener("hashchange", () => setRoute(parse(location.hash)));
    addEventListener("keydown", onKeyDown);
  }, []);

  const unread = [...store.phones.values()].filter((phone) => store.unread(phone)).length;
  useEffect(() => {
    const title = route.view === "phones" && route.item ? route.item : t(route.view);
    document.title = `${unread ? `(${unread}) ` : ""}${title} · fake-every8d`;
  });

  const View = PAGES[route.view];
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <header class="top">
      <a class="brand" href="#/phones" aria-label="fake-every8d"><img src="inbox/icon.svg" alt="" width="26" height="26" /><span>fake-every8d</span></a>
      <nav aria-label=${t("views")}>
        ${VIEWS.map(
          (view) => html`
            <a href=${href({ view })} aria-current=${view === route.view ? "page" : null}>
              <${Icon} name=${view} /><span>${t(view)}</span>
              ${view === "phones" && unread > 0 && html`<span class="unread" aria-hidden="true">${unread}</span>`}
              ${view === "faults" && store.faults.length > 0 && html`<span class="unread bad" aria-hidden="true">${store.faults.length}</span>`}
            </a>
          `,
        )}
      </nav>
      <${Clock} />
      <${Preferences} redraw=${() => redraw((n) => n + 1)} />
    </header>
    <${Banners} />
    <main id="main" tabindex="-1"><${View} route=${route} /></main>
  `;
}

function Banners() {
  return html`
    <div class="banners">
      ${!store.connected && html`<p class="banner bad" role="alert">${t("offline")}</p>`}
      ${store.faults.some(outage) &&
      html`
        <p class="banner bad" role="status">
          <${Icon} name="faults" /><span>${t("outage.on")}</span>
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

function Preferences({ redraw }) {
  const theme = recall("theme") ?? "auto";
  const others = Object.keys(THEMES);
  const next = others[(others.indexOf(theme) + 1) % others.length];
  const chooseTheme = () => {
    remember("theme", next);
    document.documentElement.dataset.theme = next;
    redraw();
  };
  const reset = () => confirm(t("reset.sure")) && attempt(http.post("fake/reset"));
  return html`
    <div class="preferences">
      <button type="button" class="bare" onClick=${reset} title=${t("reset")} aria-label=${t("reset")}><${Icon} name="reset" /></button>
      <button type="button" class="bare" onClick=${chooseTheme} title=${t(`theme.${theme}`)} aria-label=${t(`theme.${theme}`)}>
        <${Icon} name=${THEMES[theme]} />
      </button>
      <select
        aria-label=${t("language")}
        value=${currentLanguage()}
        onChange=${(event) => {
          chooseLanguage(event.target.value);
          redraw();
        }}
      >
        ${Object.entries(LANGUAGES).map(([tag, { name }]) => html`<option value=${tag} lang=${tag}>${name}</option>`)}
      </select>
    </div>
  `;
}

function skip(event) {
  event.preventDefault(); // what follows the # is the view's
  document.getElementById("main").focus();
}

function onKeyDown(event) {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.getElementById("search");
    if (search) event.preventDefault();
    search?.focus();
  }
}

render(html`<${App} />`, document.getElementById("app"));
start();
