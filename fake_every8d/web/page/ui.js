/** Small pieces that several views are made of. */

import { announce } from "./announce.js";
import { has, t } from "./i18n.js";
import { filterBy } from "./live.js";
import { LONGEST, parse, replace } from "./route.js";
import { store } from "./store.js";
import { split, tokens } from "./text.js";
import { html, useEffect, useState } from "./vendor/preact-htm.js";

const ICONS = {
  phones: "M7 2h10a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zM10 19h4",
  requests: "M4 7h13M13 3l4 4-4 4M20 17H7M11 13l-4 4 4 4",
  reports: "M4 12l5 5L20 6M4 20h16",
  accounts: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
  failures: "M13 2L4 14h7l-1 8 9-12h-7l1-8z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M4 12l5 5L20 6",
  cross: "M6 6l12 12M18 6L6 18",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 3",
  pause: "M8 5v14M16 5v14",
  play: "M7 4l13 8-13 8z",
  next: "M5 5l9 7-9 7zM18 5v14",
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-6 16-3-7z",
  reset: "M4 4v6h6M5 10a8 8 0 1 1-1 5",
  settings: "M5 7h6M17 7h2M14 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM5 17h2M13 17h6M10 20a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  advice: "M12 3a6 6 0 0 1 4 10c-1 1-1 2-1 3H9c0-1 0-2-1-3a6 6 0 0 1 4-10zM10 20h4",
};

/** @param {{name: keyof ICONS}} props */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>
`;

/** @typedef {"good" | "bad" | "pending" | "booked" | "plain"} Tone */

/** @param {number} status @returns {Tone} */
export function toneOf(status) {
  if (status === 0) return "pending";
  if (status === 100) return "good";
  if (status === 300) return "booked";
  return status === 303 || status === 888 || status === 999 ? "plain" : "bad";
}

/** The name of a status, in the fake's edition. @param {number} status */
export function statusWord(status) {
  const ofEdition = `status.${status}.${store.edition}`;
  return t(has(ofEdition) ? ofEdition : `status.${status}`);
}

/**
 * A status, by its number and word; with `term`, the platform's own wording where ours is another.
 * @param {{status: number, term?: boolean}} props
 */
export function Status({ status, term = false }) {
  const own = store.statuses.find((each) => each.status === status)?.status_term ?? statusWord(status);
  return html`
    <span class=${`status ${toneOf(status)}`} title=${own}>
      <b>${status} ${statusWord(status)}</b>
      ${term && own !== statusWord(status) && html`${" "}<span class="term" lang="zh-Hant">${own}</span>`}
    </span>
  `;
}

/** @param {{tone: Tone, children: any}} props */
export const Badge = ({ tone, children }) => html`<span class="badge ${tone}">${children}</span>`;

/** Somebody else's text: never anything but text, whatever is in it. */
export const Text = ({ text, query = "" }) => html`
  <bdi dir="auto">${marked(text, query)}</bdi>
`;

/** The text of an SMS: its code can be copied, its links opened. */
export const Content = ({ text, code = null, query = "" }) => html`
  <bdi dir="auto">
    ${tokens(text, code).map((token) => {
      if (token.kind === "code") return html`<${Code} code=${code} text=${token.text} query=${query} />`;
      if (token.kind === "text") return marked(token.text, query);
      return html`<a href=${token.text} target="_blank" rel="noopener noreferrer">${marked(token.text, query)}</a>`;
    })}
  </bdi>
`;

const marked = (text, query) =>
  split(text, query).map((part, i) => (i % 2 ? html`<mark>${part}</mark>` : part));

function Code({ code, text, query }) {
  const [copied, copy] = useCopy(code);
  return html`
    <button class="code" type="button" onClick=${copy} title=${t("copy.code")} aria-label=${t("copy.code.of", { code })}>
      ${marked(text, query)}<${Icon} name=${copied ? "check" : "copy"} />
    </button>
  `;
}

/** @param {{text: string, label: string, small?: boolean}} props */
export function CopyButton({ text, label, small = false }) {
  const [copied, copy] = useCopy(text);
  return html`
    <button type="button" class=${small ? "bare" : ""} onClick=${copy} title=${label} aria-label=${label}>
      <${Icon} name=${copied ? "check" : "copy"} />${!small && html`<span>${label}</span>`}
    </button>
  `;
}

/** @returns {[boolean, () => void]} true if it was just copied, and the function that copies it */
function useCopy(text) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    announce(t("copied", { text: text.length > 40 ? "" : text }));
  };
  return [copied, copy];
}

async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Without TLS, other names of this machine than localhost have no clipboard.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** The search field of a view. @param {{query: string, label: string, hint: string}} props */
export const SearchField = ({ query, label, hint }) => html`
  <div class="search" role="search">
    <${Icon} name="search" />
    <input
      id="search"
      type="search"
      maxlength=${LONGEST}
      value=${query}
      placeholder=${hint}
      aria-label=${label}
      onInput=${(/** @type {any} */ event) => replace({ ...parse(location.hash), query: event.target.value, message: "" })}
    />
  </div>
  ${query.length === LONGEST && html`<p class="error" role="alert">${t("search.longest", { n: LONGEST })}</p>`}
`;

const TYPED = 700; // milliseconds without a change, after which a search has been typed

/**
 * Announce the result of a search once: not with each letter, nor as more of it arrives.
 * @param {string} search empty if there is none
 * @param {string} found
 */
export function useFindings(search, found) {
  useEffect(() => {
    if (!search) return undefined;
    const timer = setTimeout(() => announce(found), TYPED);
    return () => clearTimeout(timer);
  }, [search]);
}

/** @param {{on: boolean, label: string, onChange: (on: boolean) => void}} props */
export const Switch = ({ on, label, onChange }) => html`
  <button type="button" class="switch" role="switch" aria-checked=${String(on)} onClick=${() => onChange(!on)}>
    <span class="switch-track" aria-hidden="true"></span>${label}
  </button>
`;

/** The text of an empty view. */
export const Empty = ({ icon, title, children }) => html`
  <div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${children}</div>
`;

/** The error of a field, below it. @param {{problem: import("./errors.js").Problem | null, field?: string}} props */
export const FieldError = ({ problem, field = "" }) =>
  problem && (!field || problem.field === field) && html`<p class="error" role="alert"><bdi>${problem.text}</bdi></p>`;

/** The choice of an account whose messages, requests and reports are shown, if there are several. */
export const AccountFilter = () =>
  store.accounts.length > 1 &&
  html`
    <label>
      ${t("account.filter")}
      <select value=${store.account} onChange=${(/** @type {any} */ event) => filterBy(event.target.value)}>
        <option value="">${t("account.all")}</option>
        ${store.accounts.map(({ user_id }) => html`<option value=${user_id}>${user_id}</option>`)}
      </select>
    </label>
  `;
