/** The settings of this browser, and the reset of the fake. */

import { http } from "../api.js";
import { LANGUAGES, chooseLanguage, currentLanguage, t } from "../i18n.js";
import { attempt } from "../live.js";
import { notifies, setNotifies } from "../notify.js";
import { recall, remember } from "../settings.js";
import { Icon, Switch } from "../ui.js";
import { html, useState } from "../vendor/preact-htm.js";

const THEMES = ["auto", "light", "dark"];

/** @param {{redraw: () => void}} props */
export function Settings({ redraw }) {
  return html`
    <button type="button" class="bare menu-button" popovertarget="settings" aria-label=${t("settings")} title=${t("settings")}>
      <${Icon} name="settings" />
    </button>
    <section id="settings" class="menu" popover="auto" aria-label=${t("settings")}>
      <label>
        ${t("language")}
        <select value=${currentLanguage()} onChange=${chosen((tag) => { chooseLanguage(tag); redraw(); })}>
          ${Object.entries(LANGUAGES).map(([tag, { name }]) => html`<option value=${tag} lang=${tag}>${name}</option>`)}
        </select>
      </label>
      <label>
        ${t("theme")}
        <select value=${recall("theme") ?? "auto"} onChange=${chosen(chooseTheme)}>
          ${THEMES.map((theme) => html`<option value=${theme}>${t(`theme.${theme}`)}</option>`)}
        </select>
      </label>
      <${Notifications} />
      <button type="button" onClick=${showKeys}>${t("keys")}</button>
      <button type="button" class="danger" onClick=${reset}><${Icon} name="reset" />${t("reset")}</button>
    </section>
  `;
}

function Notifications() {
  const [on, setOn] = useState(notifies());
  const [blocked, setBlocked] = useState(false);
  /** @param {boolean} wanted */
  const change = async (wanted) => {
    const allowed = await setNotifies(wanted);
    setOn(wanted && allowed);
    setBlocked(wanted && !allowed);
  };
  return html`
    <div>
      <${Switch} on=${on} label=${t("notify")} onChange=${change} />
      ${blocked && html`<p class="error" role="alert">${t("notify.blocked")}</p>`}
    </div>
  `;
}

/** @param {(value: string) => void} act @returns a handler for a select's change event */
const chosen = (act) => (/** @type {any} */ event) => act(event.target.value);

/** @param {string} theme */
function chooseTheme(theme) {
  remember("theme", theme);
  document.documentElement.dataset.theme = theme;
}

function showKeys() {
  document.getElementById("settings")?.hidePopover();
  document.getElementById("keys")?.showPopover();
}

function reset() {
  document.getElementById("settings")?.hidePopover();
  if (confirm(t("reset.sure"))) attempt(http.post("fake/reset"));
}
