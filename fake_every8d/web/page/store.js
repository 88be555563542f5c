/** The page's knowledge of the fake, except for phones and their messages. */

import { iso } from "./format.js";

/**
 * @typedef {{
 *   user_id: string, credit: number, international: boolean, interactive: boolean, test_mode: boolean,
 *   report_url: string | null, report_method: string, report_charset: string, report_attempts: number,
 *   failed_logins: number, locked: boolean, sessions: number,
 * }} Account as the API shows it
 * @typedef {{status: number, status_name: string, status_term: string, outcome: boolean, final: boolean}} Status
 *   as the API shows it
 */

class Store {
  constructor() {
    /** Grows with each change, so that derived data can tell whether it is stale. */
    this.revision = 0;
    this.connected = true;
    /** True if an action has failed since the fake stopped answering. */
    this.missed = false;
    /** The last error, for people. @type {string | null} */
    this.problem = null;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** The fake's epoch; each reset changes it. */
    this.epoch = "";
    /** The edition that the fake follows: 2016, 2021 or 2025. */
    this.edition = "2016";
    /** The statuses of messages, in the words of the edition. @type {Status[]} */
    this.statuses = [];
    /** The number of messages that the fake keeps; null while unknown. @type {number | null} */
    this.messages = null;
    /** The one that is open. @type {import("./conversation.js").Conversation | null} */
    this.conversation = null;
    /** @type {Account[]} */
    this.accounts = [];
    /** The user ID of the one whose messages are to be seen; empty for all of them. */
    this.account = "";
    /** @type {{to: string, status: number}[]} */
    this.outcomes = [];
    /** The newest, and whether there are more. @type {any[]} */
    this.reports = [];
    this.moreReports = false;
    /** @type {any[]} */
    this.requests = [];
    /** @type {any[]} */
    this.failures = [];
    /** @type {{now: string, running: boolean, next_due: string | null, heard: number} | null} */
    this.clock = null;
  }

  /** Forget everything: the fake was reset, or is another one. @param {string} epoch */
  clear(epoch) {
    this.epoch = epoch;
    this.messages = null;
    this.accounts = [];
    this.outcomes = [];
    this.reports = [];
    this.moreReports = false;
    this.requests = [];
    this.failures = [];
    this.clock = null;
  }

  /** @param {() => void} listener called after each change */
  subscribe(listener) {
    this.listeners.add(listener);
  }

  /** Tell the views that something has changed. */
  changed() {
    this.revision += 1;
    for (const listener of this.listeners) listener();
  }

  /** The fake's time now, as the API writes it. */
  now() {
    if (!this.clock) return iso(Date.now());
    const passed = this.clock.running ? performance.now() - this.clock.heard : 0;
    return iso(Date.parse(this.clock.now) + passed);
  }

  /** @param {{now: string, running: boolean, next_due: string | null}} clock */
  setClock(clock) {
    this.clock = { ...clock, heard: performance.now() };
  }

  /** @param {string} query @returns the reports about a number, a batch or with a text */
  searchReports(query) {
    const needle = query.trim().toLowerCase();
    return this.reports.filter(
      ({ url, body, to, text, user_id, batch_id }) =>
        (!this.account || user_id === this.account) &&
        [url, body, to, to.replace(/^\+886/, "0"), text, user_id, batch_id].join("\n").toLowerCase().includes(needle),
    );
  }
}

/** The outage that is switched on and off as a whole: no call gets through, without an end. */
export const OUTAGE = { operation: "*", kind: "http_error", status: 503, times: null };

/** The settings of a failure that is not narrowed down. */
export const EVERY_CALL = { effect: "before", user_id: null, to: null, skip: 0, every: 1, rate: null, probability: null };

/** True if a failure is that outage. */
export const outage = (failure) =>
  Object.entries({ ...OUTAGE, ...EVERY_CALL }).every(([name, value]) => failure[name] === value);

export const store = new Store();
