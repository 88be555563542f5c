/** Failures on demand: an outage with one switch, or exactly what should go wrong. */

import { http } from "../api.js";
import { attempt } from "../live.js";
import { t } from "../i18n.js";
import { outage, store } from "../store.js";
import { Badge, FieldError, Icon, Switch, Text } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact-htm.js";

/**
 * What can be said about each kind of failure.
 * @typedef {Record<string, string | number>} Settings
 * @type {Record<string, Settings>}
 */
const KINDS = {
  http_error: { status: 503, body: "" },
  soap_fault: { reason: "Server was unable to process request. ---> Timeout expired." },
  result: { result: "-99, 主機端發生不明錯誤，請與廠商窗口聯繫。" },
  delay: { seconds: 5 },
  disconnect: {},
  truncate: {},
  garbage: {},
};

const remove = (fault) => attempt(http.delete(`fake/faults/${fault.id}`));

/** Switch the outage on or off: while it is on, every call gets HTTP 503. */
export async function switchOutage(on) {
  const fault = { operation: "*", kind: "http_error", status: 503, times: null };
  if (on) await attempt(http.post("fake/faults", fault));
  else await Promise.all(store.faults.filter(outage).map(remove));
}

export const Faults = () => html`
  <section class="page">
    <header class="page-head">
      <h1>${t("faults")}</h1>
      <p>${t("faults.about")}</p>
    </header>
    <div class="cards">
      <article class=${`card outage ${store.faults.some(outage) ? "on" : ""}`}>
        <h2>${t("outage")}</h2>
        <p>${t("outage.about")}</p>
        <${Switch} on=${store.faults.some(outage)} label=${t("outage.switch")} onChange=${switchOutage} />
      </article>
      <article class="card">
        <h2>${t("faults.waiting")}</h2>
        ${store.faults.length === 0 && html`<p>${t("faults.none")}</p>`}
        <ul class="faults" role="list">
          ${store.faults.map((fault) => html`<${Fault} key=${fault.id} fault=${fault} />`)}
        </ul>
      </article>
      <${NewFault} />
    </div>
  </section>
`;

function Fault({ fault }) {
  const [setting] = Object.keys(KINDS[fault.kind]);
  return html`
    <li>
      <span>
        <b>${fault.operation === "*" ? t("faults.all") : fault.operation}</b> ${t(`fault.${fault.kind}`)}${" "}
        ${setting && html`<code><${Text} text=${String(fault[setting])} /></code>`}
      </span>
      <${Badge} tone="bad">${fault.times === null ? t("fault.for_ever") : t("fault.times", { n: fault.times })}<//>
      ${fault.effect === "after" && html`<${Badge} tone="booked">${t("fault.after")}<//>`}
      <button type="button" class="bare" onClick=${() => remove(fault)} aria-label=${t("fault.remove")} title=${t("fault.remove")}>
        <${Icon} name="cross" />
      </button>
    </li>
  `;
}

function NewFault() {
  const [kind, setKind] = useState("http_error");
  const [operations, setOperations] = useState(["sendSMS"]);
  const [operation, setOperation] = useState("sendSMS");
  const [times, setTimes] = useState("1");
  const [effect, setEffect] = useState("before");
  const [settings, setSettings] = useState(/** @type {Settings} */ (KINDS.http_error));
  const [problem, setProblem] = useState(/** @type {import("../errors.js").Problem | null} */ (null));

  useEffect(() => {
    attempt(http.get("fake/openapi.json")).then((description) => {
      if (description) setOperations(description.components.schemas.NewFault.properties.operation.enum);
    });
  }, []);

  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    attempt(
      http.post("fake/faults", { operation, kind, effect, times: times === "" ? null : Number(times), ...settings }),
      setProblem,
    );
  };
  const choose = (chosen) => {
    setKind(chosen);
    setProblem(null);
    setSettings(KINDS[chosen]);
  };
  const change = (name, value) => setSettings({ ...settings, [name]: typeof KINDS[kind][name] === "number" ? Number(value) : value });

  return html`
    <form class="card new" noValidate onSubmit=${submit}>
      <h2>${t("fault.new")}</h2>
      <label>
        ${t("fault.operation")}
        <select value=${operation} onChange=${(event) => setOperation(event.target.value)}>
          ${operations.map((name) => html`<option value=${name}>${name === "*" ? t("faults.all") : name}</option>`)}
        </select>
      </label>
      <label>
        ${t("fault.kind")}
        <select value=${kind} onChange=${(event) => choose(event.target.value)}>
          ${Object.keys(KINDS).map((name) => html`<option value=${name}>${t(`fault.${name}`)}</option>`)}
        </select>
      </label>
      ${Object.entries(settings).map(
        ([name, value]) => html`
          <label key=${`${kind}.${name}`}>
            ${t(`fault.set.${name}`)}
            <input
              type=${typeof KINDS[kind][name] === "number" ? "number" : "text"}
              value=${value}
              aria-invalid=${String(problem?.field === name)}
              onInput=${(/** @type {any} */ event) => change(name, event.target.value)}
            />
          </label>
          <${FieldError} problem=${problem} field=${name} />
        `,
      )}
      <label>
        ${t("fault.how_often")}
        <select value=${times} onChange=${(event) => setTimes(event.target.value)}>
          ${[1, 2, 5, 10].map((n) => html`<option value=${n}>${t("fault.times", { n })}</option>`)}
          <option value="">${t("fault.for_ever")}</option>
        </select>
      </label>
      <label>
        ${t("fault.effect")}
        <select value=${effect} onChange=${(event) => setEffect(event.target.value)}>
          <option value="before">${t("fault.effect.before")}</option>
          <option value="after">${t("fault.effect.after")}</option>
        </select>
      </label>
      ${problem && !(problem.field in settings) && html`<${FieldError} problem=${problem} />`}
      <button class="primary"><${Icon} name="faults" />${t("fault.add")}</button>
    </form>
  `;
}
