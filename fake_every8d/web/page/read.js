/** The messages that were read: this browser remembers them, for their fake. */

import { recall, remember } from "./settings.js";

/**
 * @typedef {import("./phones.js").Phone} Phone
 * @typedef {{count: number, last: number, newest: number, arrived: number}} Seen
 *   how many messages of a phone after `until` have been seen and are still kept, the ID of the last
 *   of them, that of the phone's newest message, and how many were heard of that came after `last`
 */

class Read {
  /** The fake's epoch. */
  epoch = "";
  /** The ID of a message that has been seen, as have all before it. */
  until = 0;
  /** The messages read after that, by number. @type {Map<string, Seen>} */
  phones = new Map();
  /** The number of phones with messages after it, as the API counts them. */
  counted = 0;

  /** Begin with a fake, of which something may have been seen before. @param {string} epoch */
  open(epoch) {
    this.epoch = epoch;
    this.until = 0;
    this.phones = new Map();
    this.counted = 0;
    this.recall();
  }

  /** Read the stored state, perhaps of another window. @returns whether there is any */
  recall() {
    const kept = JSON.parse(recall("read") ?? "{}");
    if (kept.epoch !== this.epoch) return false;
    this.until = kept.until;
    this.phones = new Map(kept.phones);
    return true;
  }

  /** The number of unread messages of a phone. @param {Phone} phone */
  unread({ number, unread }) {
    const { count, arrived } = this.phones.get(number) ?? { count: 0, arrived: 0 };
    return Math.max(unread - count, Math.min(unread, arrived)); // what arrived may have had others forgotten
  }

  /** The number of phones with unread messages. */
  unreadPhones() {
    const seen = [...this.phones.values()].filter(({ newest, last }) => newest <= last);
    return Math.max(0, this.counted - seen.length);
  }

  /** There is a phone as the API now shows it, whose `newest` is of all its messages. @param {Phone} phone */
  take({ number, unread, newest }) {
    const seen = this.phones.get(number);
    if (!seen) return;
    seen.newest = newest.id;
    if (newest.id <= seen.last) seen.arrived = 0;
    const unseen = newest.id > seen.last ? Math.max(1, seen.arrived) : 0; // at least
    if (unread - unseen >= seen.count) return;
    seen.count = Math.max(0, unread - unseen); // the fake has forgotten some, or all of them have been marked
    this.keep();
  }

  /** These are all the phones there are: others have been forgotten. @param {Phone[]} phones */
  takeAll(phones) {
    const numbers = new Set(phones.map(({ number }) => number));
    for (const number of this.phones.keys()) if (!numbers.has(number)) this.phones.delete(number);
  }

  /** A message has arrived. @param {import("./phones.js").Message} message */
  arrived({ to, id }) {
    const seen = this.phones.get(to);
    if (!seen || id <= seen.last) return;
    seen.newest = Math.max(seen.newest, id);
    seen.arrived += 1;
  }

  /** All on a phone has been seen. @param {Phone} phone @returns whether that is news */
  mark({ number, unread, newest: { id } }) {
    const seen = this.phones.get(number);
    if (!unread || (seen && seen.count >= unread && seen.newest <= seen.last)) return false;
    this.phones.set(number, { count: unread, last: id, newest: id, arrived: 0 });
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
