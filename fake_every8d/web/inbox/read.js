/** Which messages somebody has seen: this browser remembers it, for the fake that they are of. */

import { recall, remember } from "./settings.js";

/**
 * @typedef {import("./phones.js").Phone} Phone
 * @typedef {{count: number, news: boolean}} Seen
 *   how many messages of a phone after `until` have been seen, and whether there are others
 */

class Read {
  /** Which fake this is about. */
  epoch = "";
  /** This message's ID, and all before it, have been seen. */
  until = 0;
  /** What has been seen of phones after that, by number. @type {Map<string, Seen>} */
  phones = new Map();
  /** How many phones have messages after it, as the API counts them. */
  counted = 0;

  /** Begin with a fake, of which something may have been seen before. @param {string} epoch */
  open(epoch) {
    this.epoch = epoch;
    this.until = 0;
    this.phones = new Map();
    this.counted = 0;
    this.recall();
  }

  /** Take over what is remembered, which may be by another window. @returns whether anything is */
  recall() {
    const kept = JSON.parse(recall("read") ?? "{}");
    if (kept.epoch !== this.epoch) return false;
    this.until = kept.until;
    this.phones = new Map(kept.phones);
    return true;
  }

  /** How many messages of a phone nobody has seen. @param {Phone} phone */
  unread({ number, unread }) {
    return Math.max(0, unread - (this.phones.get(number)?.count ?? 0));
  }

  /** How many phones have any. */
  unreadPhones() {
    const seen = [...this.phones.values()].filter(({ news }) => !news);
    return Math.max(0, this.counted - seen.length);
  }

  /** There is a phone as the API now shows it. @param {Phone} phone */
  take({ number, unread }) {
    const seen = this.phones.get(number);
    if (!seen) return;
    seen.news = unread > seen.count;
    if (unread >= seen.count) return;
    seen.count = unread; // the fake has forgotten some, or all of them have been marked
    this.keep();
  }

  /** Something new is on that phone. @param {string} number */
  arrived(number) {
    const seen = this.phones.get(number);
    if (seen) seen.news = true;
  }

  /** All on a phone has been seen. @param {Phone} phone @returns whether that is news */
  mark({ number, unread }) {
    const seen = this.phones.get(number);
    if (!unread || (seen && seen.count >= unread && !seen.news)) return false;
    this.phones.set(number, { count: unread, news: false });
    this.keep();
    return true;
  }

  /** All that there is has been seen. @param {number} newest the ID of the last message */
  markAll(newest) {
    this.until = newest;
    this.phones.clear();
    this.counted = 0;
    this.keep();
  }

  keep() {
    const { epoch, until, phones } = this;
    remember("read", JSON.stringify({ epoch, until, phones: [...phones] }));
  }
}

export const read = new Read();
