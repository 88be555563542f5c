/** The API's errors, in the reader's own language. */

import { t } from "./i18n.js";

/** The fields with a sentence of their own, by the API's names. */
const FIELDS = new Set(["user_id", "report_url", "report_attempts", "top_up", "status", "seconds", "text"]);

/** The reasons with a sentence of their own. */
const REASONS = new Set(["taken", "decided", "not_arrived"]);

/**
 * @typedef {{field: string, text: string}} Problem
 *   `field` is the field with the problem, as the API names it, or empty
 * @param {import("./api.js").ApiError} error
 * @returns {Problem}
 */
export function explain({ status, field: name, reason, message }) {
  const field = name === "credit" ? "top_up" : name;
  if (status === 404) return { field: "", text: t("error.gone") };
  if (status === 401 || status === 403) return { field: "", text: t("error.forbidden") };
  if (REASONS.has(reason)) return { field: reason === "not_arrived" ? "text" : field, text: t(`error.${reason}`) };
  if (FIELDS.has(field)) return { field, text: t(`error.${field}`) };
  return { field, text: t("error.other", { message }) };
}
