/** Help for the keyboard: the keys, and their actions. */

import { t } from "../i18n.js";
import { html } from "../vendor/preact-htm.js";

/** The keys, by their action. */
const KEYS = {
  search: ["/"],
  move: ["↑", "↓", "PgUp", "PgDn", "Home", "End"],
  send: ["Enter"],
  line: ["Shift + Enter"],
  newest: ["Esc"],
  help: ["?"],
};

export const Keys = () => html`
  <section id="keys" class="menu" popover="auto" aria-label=${t("keys")}>
    <h2>${t("keys")}</h2>
    <dl class="keys">
      ${Object.entries(KEYS).map(
        ([name, keys]) => html`
          <div>
            <dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt>
            <dd>${t(`keys.${name}`)}</dd>
          </div>
        `,
      )}
    </dl>
  </section>
`;
