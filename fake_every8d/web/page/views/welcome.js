/** The page before anything was sent. */

import { t } from "../i18n.js";
import { store } from "../store.js";
import { shellQuoted } from "../text.js";
import { CopyButton, Icon, Text } from "../ui.js";
import { html } from "../vendor/preact-htm.js";

/** Both APIs: their names and addresses. */
const APIS = { "SOAP API 2.1": "API21/SOAP/SMS.asmx", "HTTP API 2.1": "API21/HTTP/" };

const DEMO = "demo"; // the account that there is if none was set up, and its password

export function Welcome() {
  const account = store.accounts.find(({ user_id }) => user_id === DEMO) ?? store.accounts[0];
  return html`
    <section class="page welcome">
      <${Icon} name="phones" />
      <h1>${t("welcome")}</h1>
      <p>${t("welcome.about")}</p>
      <ol class="welcome-steps">
        <li>
          <b>${t("welcome.endpoint")}</b>
          <dl class="fields">
            ${Object.entries(APIS).map(
              ([name, path]) => html`
                <dt>${name}</dt>
                <dd class="mono"><a href=${address(path)}>${address(path)}</a> <${CopyButton} small text=${address(path)} label=${t("copy.url")} /></dd>
              `,
            )}
          </dl>
        </li>
        ${account && html`<${Try} account=${account} />`}
      </ol>
    </section>
  `;
}

/** @param {{account: import("../store.js").Account}} props */
function Try({ account: { user_id } }) {
  const known = user_id === DEMO;
  const command = script(user_id, known ? DEMO : t("account.password"));
  return html`
    <li>
      <b>${t("welcome.account")}</b>
      <p><span class="mono"><${Text} text=${user_id} /></span> <span>${t("welcome.password")}</span></p>
    </li>
    <li>
      <b>${t("welcome.try")}</b>
      ${!known && html`<p>${t("welcome.fill_in", { password: t("account.password") })}</p>`}
      <pre tabindex="0" role="group" aria-label=${t("welcome.try")}>${command}</pre>
      <${CopyButton} text=${command} label=${t("copy.command")} />
    </li>
  `;
}

/** @param {string} path */
const address = (path) => new URL(path, location.origin + location.pathname).href;

/** An SMS, for a shell: by the HTTP API, which takes one call. @param {string} user_id @param {string} password */
function script(user_id, password) {
  const fields = { UID: user_id, PWD: password, MSG: `${t("welcome.text")} 483920`, DEST: "0912345678" };
  const given = Object.entries(fields).map(([name, value]) => `  --data-urlencode ${shellQuoted(`${name}=${value}`)}`);
  return [`curl ${shellQuoted(address(APIS["HTTP API 2.1"] + "sendSMS.ashx"))}`, ...given].join(" \\\n");
}
