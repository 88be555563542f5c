/** Formats of times, points and durations. The API's times are all Taipei's, +08:00. */

import { t } from "./i18n.js";

/** @param {string} iso */
export const date = (iso) => iso.slice(0, 10).replaceAll("-", "/");

/** @param {string} iso */
export const clockTime = (iso) => iso.slice(11, 19);

/** Date and time of day. @param {string} iso */
export const full = (iso) => `${date(iso)} ${clockTime(iso)}`;

/**
 * The time of day; with the date before it unless that is today's.
 * @param {string} iso
 * @param {string} now
 */
export function moment(iso, now) {
  if (iso.slice(0, 10) === now.slice(0, 10)) return clockTime(iso);
  return (iso.slice(0, 4) === now.slice(0, 4) ? date(iso).slice(5) : date(iso)) + " " + clockTime(iso);
}

/**
 * The short form for lists: the time today, else the day.
 * @param {string} iso
 * @param {string} now
 */
export function brief(iso, now) {
  if (iso.slice(0, 10) === now.slice(0, 10)) return iso.slice(11, 16);
  return iso.slice(0, 4) === now.slice(0, 4) ? date(iso).slice(5) : date(iso);
}

/** Milliseconds since 1970 as the API writes times. @param {number} millis */
export const iso = (millis) => new Date(millis + 8 * 3_600_000).toISOString().slice(0, 23) + "+08:00";

/** A duration, in the largest unit that fits. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return t("duration.now");
  if (seconds < 120) return t("duration.seconds", { n: Math.round(seconds) });
  if (seconds < 7200) return t("duration.minutes", { n: Math.round(seconds / 60) });
  if (seconds < 172_800) return t("duration.hours", { n: Math.round(seconds / 3600) });
  return t("duration.days", { n: Math.round(seconds / 86_400) });
}

/** Points, without zeros that say nothing. @param {number | string} value */
export const points = (value) => Number(value).toLocaleString("en", { maximumFractionDigits: 2 });

/** A Taiwan mobile as people there write it, in groups; any other number as it is. */
export function national(number) {
  const match = /^\+886(9\d\d)(\d{3})(\d{3})$/.exec(number);
  return match ? `0${match[1]} ${match[2]} ${match[3]}` : number;
}
