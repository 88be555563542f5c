/** Accounts: what they have left, what they may, and where they are told of it. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { points } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { Badge, Icon, Switch, Text } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact-htm.js";

export const Accounts = () => html`
  <section class="page">
    <header class="page-head"><h1>${t("accounts")}</h1></header>
    <div class="cards">
      ${store.accounts.map((account) => html`<${Account} key=${account.user_id} account=${account} />`)}
      <${NewAccount} />
    </div>
  </section>
`;

function Account({ account }) {
  const path = `fake/accounts/${encodeURIComponent(account.user_id)}`;
  const change = (changes) => attempt(http.patch(path, changes));
  const remove = () =>
    confirm(t("account.remove.sure", { user_id: account.user_id })) && attempt(http.delete(path));
  return html`
    <article class="card account" aria-label=${t("account.of", { user_id: account.user_id })}>
      <header>
        <h2><${Text} text=${account.user_id} /></h2>
        ${account.locked
          ? html`
              <${Badge} tone="bad">${t("account.locked")}<//>
              <button type="button" onClick=${() => change({ locked: false })}>${t("account.unlock")}</button>
            `
          : account.failed_logins > 0 &&
            html`<${Badge} tone="booked">${t("account.failed", { n: account.failed_logins })}<//>`}
      </header>
      <p class="credit"><b>${points(account.credit)}</b> ${t("points.left")}</p>
      <${TopUp} change=${change} />
      <dl class="fields">
        <dt>${t("account.sessions")}</dt>
        <dd>${account.sessions}</dd>
      </dl>
      <div class="switches">
        <${Switch} on=${account.international} label=${t("account.international")} onChange=${(international) => change({ international })} />
        <${Switch} on=${account.test_mode} label=${t("account.test_mode")} onChange=${(test_mode) => change({ test_mode })} />
      </div>
      <${ReportUrl} account=${account} change=${change} />
      <p class="end"><button type="button" class="bare danger" onClick=${remove}>${t("account.remove")}</button></p>
    </article>
  `;
}

function TopUp({ change }) {
  const [amount, setAmount] = useState("100");
  const submit = (event) => {
    event.preventDefault();
    change({ top_up: Number(amount) });
  };
  return html`
    <form class="inline" onSubmit=${submit}>
      <label>
        <span class="hidden">${t("account.top_up.points")}</span>
        <input type="number" min="0.01" step="0.01" required value=${amount} onInput=${(event) => setAmount(event.target.value)} />
      </label>
      <button>${t("account.top_up")}</button>
    </form>
  `;
}

function ReportUrl({ account, change }) {
  const current = account.report_url ?? "";
  const [url, setUrl] = useState(current);
  useEffect(() => setUrl(current), [current]);
  const submit = (event) => {
    event.preventDefault();
    change({ report_url: url.trim() || null });
  };
  return html`
    <form class="report-url" onSubmit=${submit}>
      <label>
        ${t("account.report_url")}
        <input dir="ltr" value=${url} placeholder="http://localhost:3000/sms/report" onInput=${(event) => setUrl(event.target.value)} />
      </label>
      <button disabled=${url.trim() === current}>${t("save")}</button>
    </form>
  `;
}

function NewAccount() {
  const empty = { user_id: "", password: "" };
  const [fields, setFields] = useState(empty);
  const input = (name) => html`
    <label>
      ${t(`account.${name}`)}
      <input required autocomplete="off" value=${fields[name]} onInput=${(event) => setFields({ ...fields, [name]: event.target.value })} />
    </label>
  `;
  const submit = async (event) => {
    event.preventDefault();
    if (await attempt(http.post("fake/accounts", fields))) setFields(empty);
  };
  return html`
    <form class="card new" onSubmit=${submit}>
      <h2>${t("account.new")}</h2>
      ${input("user_id")} ${input("password")}
      <button class="primary"><${Icon} name="accounts" />${t("account.add")}</button>
    </form>
  `;
}
