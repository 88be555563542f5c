/** Keeping the page's data up to date, at little cost. */

import { announceNew } from "./announce.js";
import { ApiError, forget, getIfChanged, http, refused } from "./api.js";
import { explain } from "./errors.js";
import { notifies, notify } from "./notify.js";
import { phones } from "./phones.js";
import { read } from "./read.js";
import { parse, replace } from "./route.js";
import { store } from "./store.js";

const PAUSE = 300; // milliseconds from a response to the next request, which waits for news
const WAIT = 25; // seconds that it waits
const NOTIFIED = 1_000; // milliseconds while nobody sees the page, but is to be notified
const HIDDEN = 10_000; // the same for others who do not see it
const OFFLINE = 2_000;
const NEWS = 50; // new messages that are looked at
const REQUESTS_PAGE = 100; // with their bodies, of which some are long

let version = -1; // of the messages
let newest = 0; // the ID of the last message
let shown = ""; // the view that what was asked for last was for
let timer;
let asking = null;
let unwelcome = false; // whether what was asked for last was refused
let question = new AbortController(); // which may be waiting for news

/** Ask at once, and then again and again. */
export function start() {
  addEventListener("visibilitychange", () => {
    store.changed(); // what is seen now has been read
    refresh();
  });
  addEventListener("storage", ({ key }) => {
    const { until } = read;
    if (key !== "read" || !read.recall()) return;
    if (read.until === until) store.changed();
    else look(refreshShown); // it is counted from there
  });
  addEventListener("hashchange", () => {
    if (parse(location.hash).view === shown) return;
    forget(); // another view needs what this one did not
    refresh();
  });
  refresh();
}

/** Ask now; resolves when the response has been taken in. */
export const refresh = () => askFor(0);

/** @param {number} seconds to wait for news */
async function askFor(seconds) {
  question.abort();
  while (asking) await asking;
  clearTimeout(timer);
  question = new AbortController();
  asking = ask(seconds).finally(() => {
    asking = null;
    plan();
  });
  await asking;
}

/** Ask again in a while. */
function plan() {
  clearTimeout(timer);
  if (!store.connected) timer = setTimeout(refresh, OFFLINE);
  else if (unwelcome) timer = setTimeout(refresh, HIDDEN);
  else if (document.hidden) timer = setTimeout(refresh, notifies() ? NOTIFIED : HIDDEN);
  else timer = setTimeout(() => askFor(WAIT), PAUSE);
}

/**
 * The next state that differs. A browser has six connections to a server for all of its
 * windows: only one of them waits, the others ask more often.
 * @param {AbortSignal} signal
 */
const waitForState = (signal) =>
  navigator.locks?.request("fake/state", { ifAvailable: true }, (lock) =>
    getIfChanged("fake/state", lock ? WAIT : 0, signal),
  ) ?? getIfChanged("fake/state", WAIT, signal);

/**
 * Wait for an action that changes the fake, and show its result.
 * @param {Promise<any>} change
 * @param {(problem: import("./errors.js").Problem | null) => void} [tell] shows what was refused, or
 *   null, where it was asked for; without it, that is shown at the top
 * @returns its result, or undefined if it failed
 */
export async function attempt(change, tell = showProblem) {
  try {
    const done = await change;
    tell(null);
    await refresh();
    return done ?? true;
  } catch (error) {
    if (error instanceof ApiError) {
      tell(explain(error));
      store.changed();
    } else {
      store.missed = true;
      failed(error);
    }
    return undefined;
  }
}

/** @param {import("./errors.js").Problem | null} problem */
function showProblem(problem) {
  store.problem = problem && problem.text;
}

/** @param {number} seconds */
async function ask(seconds) {
  try {
    const { signal } = question;
    const state = await (seconds ? waitForState(signal) : getIfChanged("fake/state", 0, signal));
    if (!store.connected) version = -1; // what is looked at by now may be something else
    if (unwelcome) showProblem(null);
    const again = !store.connected || unwelcome;
    store.connected = true;
    store.missed = false;
    unwelcome = false;
    if (state) await takeIn(state);
    else if (again) store.changed();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return; // to ask at once
    unwelcome = refused(error);
    failed(error);
  }
}

/** @param {any} error of a request */
function failed(error) {
  if (refused(error)) {
    showProblem(explain(error));
    store.changed();
    return;
  }
  forget();
  question.abort(); // which may wait although nobody answers any more
  if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
  showProblem(error instanceof ApiError ? explain(error) : null);
  store.connected = false;
  plan();
  store.changed();
}

/**
 * Load the data of the current view, and show it.
 * @param {() => Promise<any>} load
 */
export async function look(load) {
  // Nothing is known yet, or the fake does not answer: it comes with everything else.
  if (!store.epoch || !store.connected) return;
  try {
    await load();
    store.changed();
  } catch (error) {
    failed(error);
  }
}

/** Mark everything as read. */
export function markAllRead() {
  read.markAll(newest);
  return look(refreshShown);
}

/** Load the phones and messages in view as they are now. */
const refreshShown = () => Promise.all([phones.refresh(), store.conversation?.refresh()].map(unlessRefused));

/** Show a refusal, and let everything else go on. @param {Promise<void> | undefined} load */
const unlessRefused = (load) =>
  load?.catch((error) => {
    if (!refused(error)) throw error;
    failed(error);
  });

/** Show an account's messages, requests and reports only; all of them if it is empty. @param {string} account */
export function filterBy(account) {
  if (account === store.account) return;
  store.account = account; // at once: nobody asks for an account that has gone
  replace({ ...parse(location.hash), account });
}

async function takeIn(state) {
  if (state.epoch !== store.epoch) {
    store.clear(state.epoch);
    read.open(state.epoch);
    phones.clear();
    store.conversation?.clear();
    version = -1;
    newest = 0;
  }
  const statuses = state.edition !== store.edition || !store.statuses.length;
  store.setClock(state.clock);
  store.accounts = state.accounts;
  if (!store.accounts.some(({ user_id }) => user_id === store.account)) filterBy("");
  shown = parse(location.hash).view;
  await Promise.all([
    (state.messages.version !== version || state.messages.count !== store.messages) && messages(state.messages),
    statuses && http.get("fake/statuses").then((found) => (store.statuses = found.statuses)),
    http.get("fake/outcomes").then(({ outcomes }) => (store.outcomes = outcomes)),
    http.get("fake/failures").then(({ failures }) => (store.failures = failures)),
    shown === "reports" && reports(),
    shown === "requests" && requests(state.requests),
  ]);
  store.edition = state.edition;
  store.changed();
}

async function messages({ count, version: latest }) {
  await Promise.all([news(), refreshShown()]);
  store.messages = count;
  version = latest;
}

/** Announce the messages since the last time. */
async function news() {
  const first = store.messages === null;
  const page = await http.get(`fake/messages?newest_first=true&limit=${first ? 1 : NEWS}&after=${newest}`);
  const fresh = first ? [] : page.messages;
  const before = newest;
  newest = page.messages[0]?.id ?? newest;
  for (const message of fresh) read.arrived(message);
  if (fresh.length) announceNew(fresh[0], page.more ? newest - before : fresh.length);
  const code = fresh.find((message) => message.code);
  if (code) notify(code);
}

async function reports() {
  const page = await http.get("fake/reports?newest_first=true&limit=1000");
  store.reports = page.reports.reverse();
  store.moreReports = page.more;
}

/** Add unknown requests; the oldest go as they do in the fake. */
async function requests({ count, last_id }) {
  const newest = store.requests.at(-1)?.id ?? 0;
  if (last_id === null) {
    store.requests = [];
    return;
  }
  const found = [];
  let before = "";
  for (let more = last_id !== newest; more; ) {
    const page = await http.get(`fake/requests?newest_first=true&limit=${REQUESTS_PAGE}&after=${newest}${before}`);
    found.push(...page.requests);
    more = page.more;
    if (more) before = `&before=${page.requests.at(-1).id}`;
  }
  const known = [...store.requests, ...found.reverse()];
  const since = known.filter(({ id }) => id > last_id).length; // those were not counted yet
  store.requests = known.slice(-(count + since));
}
