/** What the API refuses, in the reader's own language. */

import { t } from "./i18n.js";

/** What can be wrong with what was filled in, by the name that the API gives it. */
const FIELDS = new Set(["user_id", "report_url", "report_attempts", "top_up", "status", "seconds"]);

/**
 * @typedef {{field: string, text: string}} Problem
 *   `field` is what it is about, as the API names it, or empty
 * @param {import("./api.js").ApiError} error
 * @returns {Problem}
 */
export function explain({ status, request, message }) {
  const word = /^(?:(\w+) (?:must|is missing))?/.exec(message)?.[1] ?? "";
  const field = word === "credit" ? "top_up" : word;
  if (status === 404) return { field: "", text: t("error.gone") };
  if (status === 401 || status === 403) return { field: "", text: t("error.forbidden") };
  if (/replies$/.test(request)) return { field: "text", text: t(status === 409 ? "error.not_arrived" : "error.reply") };
  if (status === 409 && /status$/.test(request)) return { field: "", text: t("error.decided") };
  if (status === 409 && /accounts$/.test(request)) return { field: "user_id", text: t("error.taken") };
  if (FIELDS.has(field)) return { field, text: t(`error.${field}`) };
  return { field, text: t("error.other", { message }) };
}
