/** The phones that are asked for: of many, only those around what is in view are known. */

import { http, inTurn, refused } from "./api.js";
import { read } from "./read.js";
import { store } from "./store.js";

/**
 * @typedef {{
 *   id: number, user_id: string, batch_id: string, record_number: string, to: string,
 *   text: string, code: string | null, subject: string, name: string, email: string, status: number,
 *   cost: number, pieces: number, accepted_at: string,
 *   booked_for: string | null, sent_at: string | null, finished_at: string | null,
 *   replies: {text: string, at: string}[], version: number,
 * }} Message as the API shows it
 * @typedef {{number: string, name: string, messages: number, unread: number, newest: Message}} Phone
 *   as the API shows it: `messages` counts those that were asked for, of which `newest` is one;
 *   `unread` counts all of its messages after `read.until`
 * @typedef {{first: number, last: number}} Places in the list
 */

const PAGE = 100; // phones at a time
const KEPT = 10; // pages

class Phones {
  /** The search; empty for all phones. */
  query = "";
  /** The status of their messages, as text; empty for any. */
  status = "";
  /** The phones in view. @type {Places} */
  view = { first: 0, last: 0 };
  /** In the order of the list, undefined where they are not known. @type {(Phone | undefined)[]} */
  rows = [];
  /** The number of messages to them. */
  messages = 0;
  /** The known pages, the last loaded one at the end. @type {number[]} */
  pages = [];
  /** The parameters of their request. @type {string | null} */
  asked = null;
  /** True if others may be there by now. */
  stale = false;
  inTurn = inTurn();

  /** Forget them: the fake was reset, or is another one. */
  clear() {
    this.rows = [];
    this.messages = 0;
    this.pages = [];
    this.asked = null;
  }

  /** True if what is known is what is asked for. */
  get current() {
    return this.asked === this.question && !this.stale;
  }

  /** The search and status of the known phones; empty if they are all. */
  get found() {
    const asked = new URLSearchParams(this.asked ?? "");
    return ["search", "status"].map((name) => asked.get(name) ?? "").join(" ").trim();
  }

  /** True if all messages to all phones are asked for. */
  get all() {
    return !this.query.trim() && !this.status && !store.account;
  }

  /** The API's parameters for the search. */
  get question() {
    /** @type {Record<string, string>} */
    const parameters = { limit: `${PAGE}`, read_until: `${read.until}` };
    if (this.query.trim()) parameters.search = this.query;
    if (this.status) parameters.status = this.status;
    if (store.account) parameters.user_id = store.account;
    return `${new URLSearchParams(parameters)}`;
  }

  /** The pages with those places that are not known. @param {Places} places @returns {number[]} */
  missing({ first, last }) {
    const end = this.current ? Math.min(last, this.rows.length - 1) : last;
    const pages = [];
    for (let page = Math.floor(first / PAGE); page * PAGE <= end; page += 1) {
      if (!this.current || !this.pages.includes(page)) pages.push(page);
    }
    return pages;
  }

  /** Load the phones in view as they are now; the other known ones may be out of date. */
  refresh() {
    return this.inTurn(async () => {
      this.stale = true;
      await this.#load(this.view);
    });
  }

  /** Load what is not known of some places, or else of those in view. @param {Places} [places] */
  load(places) {
    return this.inTurn(() => this.#load(places ?? this.view));
  }

  /** @param {Places} places */
  async #load(places) {
    const { question } = this;
    try {
      await this.#ask(question, places);
    } catch (error) {
      if (refused(error) && question === this.question) {
        this.clear();
        this.asked = question; // and not asked again before there is something new
        this.stale = false;
      }
      throw error;
    }
  }

  /** @param {string} question @param {Places} places */
  async #ask(question, places) {
    const get = (/** @type {number} */ page) => http.get(`fake/phones?${question}&offset=${page * PAGE}`);
    const missing = this.missing(places);
    const found = await Promise.all(missing.map(get));
    const [any] = found;
    if (!any) return;
    if (any.count !== this.rows.length) this.stale = true;
    // Keep the phones in view.
    const others = this.missing(this.view).filter((page) => !missing.includes(page));
    found.push(...(await Promise.all(others.map(get))));
    if (question !== this.question) return; // it is something else by now: that is loaded next
    if (!this.current) {
      this.rows = new Array(any.count).fill(undefined);
      this.pages = [];
    }
    this.asked = question;
    this.stale = false;
    this.messages = any.messages;
    read.counted = any.unread;
    [...missing, ...others].forEach((page, i) => this.#put(page, found[i].phones));
    if (this.all && any.phones.length === any.count) read.takeAll(any.phones);
    for (const page of this.pages.splice(0, this.pages.length - KEPT)) {
      this.rows.fill(undefined, page * PAGE, (page + 1) * PAGE);
    }
  }

  /** @param {number} page @param {Phone[]} phones */
  #put(page, phones) {
    this.pages.push(page);
    phones.forEach((phone, i) => {
      this.rows[page * PAGE + i] = phone;
      if (this.all) read.take(phone);
    });
  }
}

export const phones = new Phones();
