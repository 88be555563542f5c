/** What the page knows: the messages by phone, and how everything else stands. */

import { iso } from "./format.js";
import { recall, remember } from "./settings.js";

/**
 * @typedef {{
 *   id: number, user_id: string, batch_id: string, record_number: string, to: string,
 *   content: string, code: string | null, subject: string, name: string, email: string, status: number,
 *   cost: number, pieces: number, accepted_at: string,
 *   booked_for: string | null, sent_at: string | null, finished_at: string | null,
 *   replies: {text: string, at: string}[], version: number,
 * }} Message as the API shows it
 * @typedef {{
 *   user_id: string, credit: number, international: boolean, test_mode: boolean,
 *   report_url: string | null, failed_logins: number, locked: boolean, sessions: number,
 * }} Account as the API shows it
 * @typedef {{number: string, name: string, at: string, messages: Message[]}} Phone
 *   `at` is when something last happened there; messages are oldest first
 * @typedef {{
 *   key: string, at: string, message: Message, reply: {text: string, at: string} | null,
 *   newDay: boolean, apart: boolean,
 * }} Entry of a conversation: a message, or a reply to one; whether another day begins with it,
 *   and whether it does not follow what it is about
 */

class Store {
  constructor() {
    /** Grows with each change, so that what is derived can tell whether it is stale. */
    this.revision = 0;
    this.connected = true;
    /** Whether something was to be done since nobody answers. */
    this.missed = false;
    /** What went wrong last, for people. @type {string | null} */
    this.problem = null;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** Which fake this is known of; another one after each reset. */
    this.epoch = "";
    /** Whose words and forms the fake follows: 2016, 2021 or 2025. */
    this.edition = "2016";
    /** Whether everything that there was has been loaded. */
    this.ready = false;
    /** @type {Map<number, Message>} */
    this.messages = new Map();
    /** @type {Map<string, Phone>} */
    this.phones = new Map();
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
    this.faults = [];
    /** @type {{now: string, running: boolean, next_due: string | null, heard: number} | null} */
    this.clock = null;
    /** What is searched of each message. @type {WeakMap<Message, string>} */
    this.haystacks = new WeakMap();
    /** The newest message that was seen, by number. @type {Map<string, number>} */
    this.read = new Map();
  }

  /** Forget everything: the fake was reset, or is another one. @param {string} epoch */
  clear(epoch) {
    this.epoch = epoch;
    this.ready = false;
    this.messages = new Map();
    this.phones = new Map();
    this.accounts = [];
    this.account = "";
    this.outcomes = [];
    this.reports = [];
    this.moreReports = false;
    this.requests = [];
    this.faults = [];
    this.clock = null;
    this.haystacks = new WeakMap();
    const kept = JSON.parse(recall("read") ?? "{}");
    this.read = kept.epoch === epoch ? new Map(kept.read) : new Map();
  }

  /** @param {() => void} listener called after each change */
  subscribe(listener) {
    this.listeners.add(listener);
  }

  /** Tell whoever shows it that something has changed. */
  changed() {
    this.revision += 1;
    for (const listener of this.listeners) listener();
  }

  /**
   * Take in messages, new ones and ones as they are now.
   * @param {Message[]} messages
   */
  take(messages) {
    const touched = new Set();
    for (const message of messages) {
      const before = this.messages.get(message.id);
      if (before && before.version >= message.version) continue;
      this.messages.set(message.id, message);
      let phone = this.phones.get(message.to);
      if (!phone) {
        phone = { number: message.to, name: "", at: "", messages: [] };
        this.phones.set(message.to, phone);
      }
      if (before) phone.messages[phone.messages.indexOf(before)] = message;
      else phone.messages.push(message);
      touched.add(phone);
    }
    for (const phone of touched) {
      phone.messages.sort((a, b) => a.id - b.id);
      phone.name = phone.messages.findLast(({ name }) => name)?.name ?? "";
      phone.at = phone.messages.map(lastEvent).reduce(later, "");
    }
  }

  /** Forget the oldest messages, as the fake has. @param {number} count how many it has still */
  trim(count) {
    const surplus = [...this.messages.keys()].sort((a, b) => a - b).slice(0, Math.max(0, this.messages.size - count));
    for (const id of surplus) {
      const phone = this.phones.get(this.messages.get(id)?.to ?? "");
      if (!phone) continue;
      phone.messages = phone.messages.filter((message) => message.id !== id);
      if (!phone.messages.length) this.phones.delete(phone.number);
      this.messages.delete(id);
    }
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

  /**
   * The phones with a message that holds the query, the newest such message first; all of
   * them, the one where something happened last first, if there is no query.
   * @param {string} query
   * @returns {{phone: Phone, match: Message, matches: number}[]}
   */
  search(query) {
    const needle = query.trim().toLowerCase();
    /** @type {{phone: Phone, match: Message, matches: number, at: string}[]} */
    const found = [];
    for (const phone of this.phones.values()) {
      if (!needle && !this.account) {
        found.push({ phone, match: phone.messages[phone.messages.length - 1], matches: 0, at: phone.at });
        continue;
      }
      const matching = phone.messages.filter(
        (message) => (!this.account || message.user_id === this.account) && (!needle || this.matches(message, needle)),
      );
      const match = matching.at(-1);
      if (match) found.push({ phone, match, matches: matching.length, at: match.accepted_at });
    }
    return found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : b.match.id - a.match.id));
  }

  /**
   * Whether number, content, batch, name, account or a reply hold the needle.
   * @param {Message} message
   * @param {string} needle in lower case
   */
  matches(message, needle) {
    let haystack = this.haystacks.get(message);
    if (haystack === undefined) {
      haystack = [
        message.to,
        message.to.replace(/^\+886/, "0"),
        message.content,
        message.batch_id,
        message.name,
        message.user_id,
        message.subject,
        message.email,
        ...message.replies.map(({ text }) => text),
      ]
        .join("\n")
        .toLowerCase();
      this.haystacks.set(message, haystack);
    }
    if (haystack.includes(needle)) return true;
    // A number in groups, as people write it.
    return /^\+?[\d\s()-]{4,}$/.test(needle) && haystack.includes(needle.replace(/[\s()-]/g, ""));
  }

  /** @param {string} query @returns the reports about a number, a batch or with a text */
  searchReports(query) {
    const needle = query.trim().toLowerCase();
    return this.reports.filter(
      ({ url, to, text, user_id, batch_id }) =>
        (!this.account || user_id === this.account) &&
        [url, to, to.replace(/^\+886/, "0"), text, user_id, batch_id].join("\n").toLowerCase().includes(needle),
    );
  }

  /**
   * What happened on a phone, in the order in which it did; bookings where they are due.
   * @param {Phone} phone
   */
  conversation(phone) {
    /** @type {Entry[]} */
    const entries = phone.messages.flatMap((message) => [
      { key: `${message.id}`, at: message.booked_for ?? message.accepted_at, message, reply: null, newDay: false, apart: false },
      ...message.replies.map((reply, i) => ({ key: `${message.id}.${i}`, at: reply.at, message, reply, newDay: false, apart: false })),
    ]);
    entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    let previous = /** @type {Entry | null} */ (null);
    for (const entry of entries) {
      entry.newDay = previous?.at.slice(0, 10) !== entry.at.slice(0, 10);
      entry.apart = previous?.message.id !== entry.message.id;
      previous = entry;
    }
    return entries;
  }

  /** How many of its messages nobody has seen. @param {Phone} phone */
  unread(phone) {
    const read = this.read.get(phone.number) ?? 0;
    let count = 0;
    while (count < phone.messages.length && phone.messages[phone.messages.length - 1 - count].id > read) count += 1;
    return count;
  }

  /** How many phones have messages that nobody has seen. */
  unreadPhones() {
    return [...this.phones.values()].filter((phone) => this.unread(phone)).length;
  }

  /** All of what there is has been seen. */
  markAllRead() {
    for (const phone of this.phones.values()) this.markRead(phone);
    this.changed();
  }

  /** @param {Phone} phone all of whose messages have been seen now @returns whether that is news */
  markRead(phone) {
    const newest = phone.messages[phone.messages.length - 1].id;
    if ((this.read.get(phone.number) ?? 0) >= newest) return false;
    this.read.set(phone.number, newest);
    remember("read", JSON.stringify({ epoch: this.epoch, read: [...this.read] }));
    return true;
  }
}

const later = (a, b) => (a > b ? a : b);
const lastEvent = ({ accepted_at, sent_at, replies }) =>
  [sent_at ?? "", ...replies.map(({ at }) => at)].reduce(later, accepted_at);

/** Whether a fault is the outage that is switched on and off as a whole. */
export const outage = (fault) =>
  fault.operation === "*" && fault.kind === "http_error" && fault.times === null && fault.effect === "before";

export const store = new Store();
