/** The page's own words, in the browser's language or the one that was chosen. */

import { recall, remember } from "./settings.js";
import { en } from "./strings-en.js";
import { zh } from "./strings-zh.js";

/** Name and words of each language, by its tag. */
export const LANGUAGES = {
  en: { name: "English", words: en },
  "zh-Hant": { name: "繁體中文", words: zh },
};

let language = recall("language") ?? "";
if (!(language in LANGUAGES)) {
  const preferred = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  language = /^zh/i.test(preferred) ? "zh-Hant" : "en";
}
document.documentElement.lang = language;

export const currentLanguage = () => language;

/** @param {string} tag of `LANGUAGES` */
export function chooseLanguage(tag) {
  language = tag;
  remember("language", tag);
  document.documentElement.lang = tag;
}

/** True if there are words for a key. @param {string} key */
export const has = (key) => key in LANGUAGES[language].words;

/**
 * The words for a key in the current language, with `{name}` filled in from `values`.
 * A key may have a form of its own for one, `key.one`, chosen by the value `n`.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const { words } = LANGUAGES[language];
  const found = (Number(values.n) === 1 && words[`${key}.one`]) || words[key] || key;
  return found.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
