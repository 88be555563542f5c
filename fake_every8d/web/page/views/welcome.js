/** What somebody sees who has not sent anything yet. */

import { t } from "../i18n.js";
import { store } from "../store.js";
import { shellQuoted } from "../text.js";
import { CopyButton, Icon, Text } from "../ui.js";
import { html } from "../vendor/preact-htm.js";

const PATH = "API21/SOAP/SMS.asmx";

export function Welcome() {
  const endpoint = new URL(PATH, location.origin + location.pathname).href;
  const account = store.accounts[0];
  return html`
    <section class="page welcome">
      <${Icon} name="phones" />
      <h1>${t("welcome")}</h1>
      <p>${t("welcome.about")}</p>
      <ol class="welcome-steps">
        <li>
          <b>${t("welcome.endpoint")}</b>
          <p class="mono"><a href=${endpoint}>${endpoint}</a> <${CopyButton} small text=${endpoint} label=${t("copy.url")} /></p>
        </li>
        ${account &&
        html`
          <li>
            <b>${t("welcome.account")}</b>
            <p><span class="mono"><${Text} text=${account.user_id} /></span> <span>${t("welcome.password")}</span></p>
          </li>
          <li>
            <b>${t("welcome.try")}</b>
            <pre tabindex="0" role="group" aria-label=${t("welcome.try")}>${script(endpoint, account)}</pre>
            <${CopyButton} text=${script(endpoint, account)} label=${t("copy.command")} />
          </li>
        `}
      </ol>
    </section>
  `;
}

/** A log-in and an SMS, for a shell. */
function script(endpoint, { user_id }) {
  const envelope = (operation, parameters) =>
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
    `<${operation} xmlns="http://tempuri.org/">${parameters}</${operation}></s:Body></s:Envelope>`;
  const call = (body) =>
    `curl -s -H 'Content-Type: text/xml; charset=utf-8' --data-binary ${body} ${shellQuoted(endpoint)}`;
  const logIn = envelope("getConnection", `<userID>${escaped(user_id)}</userID><password>demo</password>`);
  const send = envelope(
    "sendSMS",
    `<sessionKey>'"$KEY"'</sessionKey><content>${t("welcome.text")} 483920</content><mobile>0912345678</mobile>`,
  );
  return `KEY=$(${call(shellQuoted(logIn))} | grep -o '[0-9a-f]\\{32\\}')\n${call(`'${send}'`)}`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
