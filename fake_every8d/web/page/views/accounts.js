/** Accounts: their credit, permissions and report settings. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { points } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { Badge, FieldError, Icon, Switch, Text } from "../ui.js";
import { html, useLayoutEffect, useState } from "../vendor/preact-htm.js";

/**
 * @typedef {import("../store.js").Account} Row
 * @typedef {import("../errors.js").Problem} Problem
 * @typedef {(changes: object, tell?: (problem: Problem | null) => void) => Promise<any>} Change
 */

/** @type {Problem | null} */
const NONE = null;

export const Accounts = () => html`
  <section class="page">
    <header class="page-head"><h1>${t("accounts")}</h1></header>
    <div class="cards">
      ${store.accounts.map((account) => html`<${Account} key=${account.user_id} account=${account} />`)}
      <${NewAccount} />
    </div>
  </section>
`;

/** @param {{account: Row}} props */
function Account({ account }) {
  const path = `fake/accounts/${encodeURIComponent(account.user_id)}`;
  /** @type {Change} */
  const change = (changes, tell) => attempt(http.patch(path, changes), tell);
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
      <p class="credit">${t("credit", { n: points(account.credit) })}</p>
      <${TopUp} change=${change} />
      <dl class="fields">
        <dt>${t("account.sessions")}</dt>
        <dd>${account.sessions}</dd>
      </dl>
      <div class="switches">
        <${Switch} on=${account.international} label=${t("account.international")} onChange=${(international) => change({ international })} />
        <${Switch} on=${account.interactive} label=${t("account.interactive")} onChange=${(interactive) => change({ interactive })} />
        <${Switch} on=${account.test_mode} label=${t("account.test_mode")} onChange=${(test_mode) => change({ test_mode })} />
      </div>
      <${ReportSettings} account=${account} change=${change} />
      <p class="end"><button type="button" class="bare danger" onClick=${remove}>${t("account.remove")}</button></p>
    </article>
  `;
}

/** @param {{change: Change}} props */
function TopUp({ change }) {
  const [amount, setAmount] = useState("100");
  const [problem, setProblem] = useState(NONE);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (Number(amount) > 0) change({ top_up: Number(amount) }, setProblem);
    else setProblem({ field: "top_up", text: t("error.top_up") });
  };
  return html`
    <form class="inline" noValidate onSubmit=${submit}>
      <label>
        ${t("account.top_up.points")}
        <input type="number" min="0.01" step="0.01" value=${amount} aria-invalid=${String(!!problem)} onInput=${(/** @type {any} */ event) => setAmount(event.target.value)} />
      </label>
      <button>${t("account.top_up")}</button>
      <${FieldError} problem=${problem} />
    </form>
  `;
}

/** @param {Record<string, string>} named */
const options = (named) =>
  Object.entries(named).map(([value, name]) => html`<option value=${value}>${name}</option>`);

/** The destination of reports. @param {{account: Row, change: Change}} props */
function ReportSettings({ account, change }) {
  const { report_url, report_method, report_charset, report_attempts } = account;
  const current = { report_url: report_url ?? "", report_method, report_charset, report_attempts: String(report_attempts) };
  const [fields, setFields] = useState(current);
  const [problem, setProblem] = useState(NONE);
  // Before anybody can type: what is typed after that is kept.
  useLayoutEffect(() => setFields(current), Object.values(current));
  /** @param {keyof typeof current} name */
  const field = (name) => ({
    value: fields[name],
    "aria-invalid": String(problem?.field === name),
    onInput: (/** @type {any} */ event) => setFields({ ...fields, [name]: event.target.value }),
  });
  const changed = { ...fields, report_url: fields.report_url.trim() };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    change({ ...changed, report_url: changed.report_url || null, report_attempts: Number(changed.report_attempts) }, setProblem);
  };
  return html`
    <form class="report-settings" noValidate onSubmit=${submit}>
      <label>
        ${t("account.report_url")}
        <input dir="ltr" placeholder="http://127.0.0.1:3000/sms/report" ...${field("report_url")} />
      </label>
      <div>
        <label>
          ${t("account.report_method")}
          <select ...${field("report_method")}>
            ${options({ GET: "GET", POST: "POST" })}
          </select>
        </label>
        <label>
          ${t("account.report_charset")}
          <select ...${field("report_charset")}>
            ${options({ "utf-8": "UTF-8", big5: "Big5" })}
          </select>
        </label>
        <label>
          ${t("account.report_attempts")}
          <input type="number" min="1" max="100" ...${field("report_attempts")} />
        </label>
      </div>
      <button disabled=${Object.entries(current).every(([name, value]) => changed[name] === value)}>${t("save")}</button>
      <${FieldError} problem=${problem} />
    </form>
  `;
}

function NewAccount() {
  const empty = { user_id: "", password: "" };
  const [fields, setFields] = useState(empty);
  const [problem, setProblem] = useState(NONE);
  /** @param {"user_id" | "password"} name */
  const input = (name) => html`
    <label>
      ${t(`account.${name}`)}
      <input
        autocomplete="off"
        value=${fields[name]}
        aria-invalid=${String(problem?.field === name)}
        onInput=${(/** @type {any} */ event) => setFields({ ...fields, [name]: event.target.value })}
      />
    </label>
    <${FieldError} problem=${problem} field=${name} />
  `;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await attempt(http.post("fake/accounts", fields), setProblem)) setFields(empty);
  };
  return html`
    <form class="card new" onSubmit=${submit}>
      <h2>${t("account.new")}</h2>
      ${input("user_id")} ${input("password")}
      <button class="primary"><${Icon} name="accounts" />${t("account.add")}</button>
    </form>
  `;
}
