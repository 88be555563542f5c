/** The messages of a phone: of many, only those around the ones that are being read are known. */

import { ApiError, http, inTurn } from "./api.js";
import { read } from "./read.js";

/**
 * @typedef {import("./phones.js").Message} Message
 * @typedef {{
 *   key: string, at: string, message: Message, reply: {text: string, at: string} | null,
 *   newDay: boolean, apart: boolean,
 * }} Entry of a conversation: a message, or a reply to one; whether another day begins with it,
 *   and whether it does not follow what it is about
 */

const PAGE = 200; // messages at a time
const MOST = 600; // messages that are known

export class Conversation {
  ready = false;
  /** @type {import("./phones.js").Phone | null} */
  phone = null;
  /** The `until` of the read messages, from which `phone` counts. */
  until = 0;
  /** Oldest first. @type {Message[]} */
  messages = [];
  /** True if there are any before them. */
  older = false;
  /** True if there are any after them. */
  newer = false;
  /** The search; empty if there is none. */
  search = "";
  /** The message that a search has found. @type {{id: number, search: string} | null} */
  found = null;
  /** True if the last one is in view, and is to stay so when others come. */
  atEnd = true;
  /** True if those before or after the known ones are being loaded. */
  reaching = false;
  /** The one that is to be replied to, if that was said. @type {Message | null} */
  replyTo = null;
  inTurn = inTurn();

  /** @param {string} number */
  constructor(number) {
    this.number = number;
  }

  /** Forget the messages: the fake was reset, or is another one. */
  clear() {
    this.ready = false;
    this.phone = null;
    this.messages = [];
    this.older = this.newer = false;
    this.found = null;
    this.atEnd = true;
    this.replyTo = null;
  }

  /** Load the known messages as they are now, and those that came after them. */
  refresh() {
    return this.inTurn(async () => {
      this.reaching = false;
      const { until } = read;
      const all = new URLSearchParams({ to: this.number, read_until: `${until}` });
      const [{ phones }] = await Promise.all([this.#get(`phones?${all}`), this.#refreshMessages()]);
      this.phone = phones?.[0] ?? null;
      this.until = until;
      if (this.phone && until === read.until) read.take(this.phone);
      this.ready = true;
    });
  }

  /** Load the last ones, wherever a search has led. */
  end() {
    return this.inTurn(async () => {
      await this.#end();
      this.found = null;
    });
  }

  /** Load those before the first that is known. */
  before() {
    return this.#reach(async () => {
      const [first] = this.messages;
      if (!this.older || !first) return;
      const page = await this.#page({ before: first.id, newest_first: true, limit: PAGE });
      const messages = [...page.messages.reverse(), ...this.messages];
      this.newer ||= messages.length > MOST;
      this.messages = messages.slice(0, MOST);
      this.older = page.more;
    });
  }

  /** Load those after the last that is known. */
  after() {
    return this.#reach(async () => {
      const last = this.messages.at(-1);
      if (!this.newer || !last) return;
      const page = await this.#page({ after: last.id, limit: PAGE });
      const messages = [...this.messages, ...page.messages];
      this.older ||= messages.length > MOST;
      this.messages = messages.slice(-MOST);
      this.newer = page.more;
    });
  }

  /** Load the newest message that the search finds, and those around it. */
  find() {
    return this.inTurn(async () => {
      const { search } = this;
      if (!search || search === this.found?.search) return;
      const [match] = (await this.#page({ search, newest_first: true, limit: 1 })).messages;
      if (search !== this.search) return; // it is another one by now: that is done next
      this.found = match ? { id: match.id, search } : null;
      if (match && !this.messages.some(({ id }) => id === match.id)) await this.#around(match.id);
    });
  }

  /** Load those around a message, if it is not known. @param {number} id */
  seek(id) {
    return this.inTurn(async () => {
      if (!this.messages.some((message) => message.id === id)) await this.#around(id);
    });
  }

  /** The messages and replies in order of time; bookings where they are due. */
  entries() {
    /** @type {Entry[]} */
    const entries = this.messages.flatMap((message) => [
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

  /** @param {() => Promise<void>} load */
  async #reach(load) {
    this.reaching = true; // and so it stays if that fails, until all is loaded again
    await this.inTurn(load);
    this.reaching = false;
  }

  async #refreshMessages() {
    const [first] = this.messages;
    if (!first || (this.atEnd && !this.newer)) return this.#end();
    const limit = Math.min(MOST, this.messages.length + PAGE);
    const page = await this.#page({ after: first.id - 1, limit });
    if (!page.messages.length) return this.#end(); // all of those have been forgotten
    this.messages = page.messages;
    this.newer = page.more;
  }

  /** @param {number} id */
  async #around(id) {
    const [until, then] = await Promise.all([
      this.#page({ before: id + 1, newest_first: true, limit: PAGE / 2 }),
      this.#page({ after: id, limit: PAGE / 2 }),
    ]);
    this.messages = [...until.messages.reverse(), ...then.messages];
    this.older = until.more;
    this.newer = then.more;
    this.atEnd = false;
  }

  async #end() {
    const page = await this.#page({ newest_first: true, limit: PAGE });
    this.messages = page.messages.reverse();
    this.older = page.more;
    this.newer = false;
    this.atEnd = true;
  }

  /** @param {Record<string, any>} parameters @returns {Promise<{messages: Message[], more: boolean}>} */
  async #page(parameters) {
    const { messages = [], more = false } = await this.#get(
      `messages?${new URLSearchParams({ to: this.number, ...parameters })}`,
    );
    return { messages, more };
  }

  /** @param {string} path */
  async #get(path) {
    try {
      return await http.get(`fake/${path}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return {}; // no number, and nothing was sent to it
      throw error;
    }
  }
}
