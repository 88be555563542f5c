/** Announcements for screen readers: own actions at once, news now and then, summed up. */

import { t } from "./i18n.js";

const QUIET = 5_000; // milliseconds after one announcement before there is news again

/** Runs while the last one is read out. @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** The newest message that was not told of yet. @type {import("./phones.js").Message | undefined} */
let newest;
let untold = 0; // how many there are

/** Say something at once. @param {string} text */
export function announce(text) {
  const place = document.getElementById("announcements");
  if (place) place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(tell, QUIET);
}

/**
 * Tell of new messages, together with those that come while something else is read out.
 * @param {import("./phones.js").Message} message the newest
 * @param {number} n how many there are
 */
export function announceNew(message, n) {
  newest = message;
  untold += n;
  if (timer === undefined) tell();
}

function tell() {
  timer = undefined;
  if (!newest) return;
  const { to: number, text } = newest;
  announce(untold === 1 ? t("arrived", { number, text: text.slice(0, 100) }) : t("arrived.many", { n: untold }));
  newest = undefined;
  untold = 0;
}
