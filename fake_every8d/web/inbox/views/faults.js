/** Failures on demand: an outage with one switch, or exactly what should go wrong. */

import { http } from "../api.js";
import { attempt, look } from "../live.js";
import { t } from "../i18n.js";
import { outage, store } from "../store.js";
import { Badge, FieldError, Icon, Switch, Text } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact-htm.js";

/**
 * @typedef {Record<string, string | number>} Settings
 * @typedef {{operations: string[], kinds: Record<string, Settings>}} Choice
 *   which calls can fail, and how: by kind, what can be said about it, such as it is in an example
 */

/** @returns {Promise<Choice>} by the API's description of itself */
async function choices() {
  const description = await http.get("fake/openapi.json");
  const { examples } = description.paths["/fake/faults"].post.requestBody.content["application/json"];
  return {
    operations: description.components.schemas.NewFault.properties.operation.enum,
    kinds: Object.fromEntries(Object.values(examples).map(({ value: { operation, kind, times, effect, ...settings } }) => [kind, settings])),
  };
}

const remove = (fault) => attempt(http.delete(`fake/faults/${fault.id}`));

/** Switch the outage on or off: while it is on, every call gets HTTP 503. */
export async function switchOutage(on) {
  const fault = { operation: "*", kind: "http_error", status: 503, times: null };
  if (on) await attempt(http.post("fake/faults", fault));
  else await Promise.all(store.faults.filter(outage).map(remove));
}

export function Faults() {
  const [choice, offer] = useState(/** @type {Choice | undefined} */ (undefined));
  useEffect(() => {
    look(async () => offer(await choices()));
  }, [store.connected, store.epoch]);
  return html`
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
            ${store.faults.map((fault) => html`<${Fault} key=${fault.id} fault=${fault} settings=${choice?.kinds[fault.kind] ?? {}} />`)}
          </ul>
        </article>
        ${choice && html`<${NewFault} ...${choice} />`}
      </div>
    </section>
  `;
}

/** @param {{fault: any, settings: Settings}} props `settings`: such as its kind has */
function Fault({ fault, settings }) {
  const [setting] = Object.keys(settings);
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

/** @param {Choice} props */
function NewFault({ operations, kinds }) {
  const [kind, setKind] = useState("http_error");
  const [operation, setOperation] = useState("sendSMS");
  const [times, setTimes] = useState("1");
  const [effect, setEffect] = useState("before");
  const [settings, setSettings] = useState(/** @type {Settings} */ (kinds.http_error)); // as typed
  const [problem, setProblem] = useState(/** @type {import("../errors.js").Problem | null} */ (null));

  /** @param {string} name */
  const isNumber = (name) => typeof kinds[kind][name] === "number";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    // In JSON no number is null, which the API refuses.
    const given = Object.entries(settings).map(([name, value]) => [name, isNumber(name) ? parseFloat(`${value}`) : value]);
    attempt(
      http.post("fake/faults", { operation, kind, effect, times: times === "" ? null : Number(times), ...Object.fromEntries(given) }),
      setProblem,
    );
  };
  const choose = (chosen) => {
    setKind(chosen);
    setProblem(null);
    setSettings(kinds[chosen]);
  };
  const change = (name, value) => setSettings({ ...settings, [name]: value });

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
          ${Object.keys(kinds).map((name) => html`<option value=${name}>${t(`fault.${name}`)}</option>`)}
        </select>
      </label>
      ${Object.entries(settings).map(
        ([name, value]) => html`
          <label key=${`${kind}.${name}`}>
            ${t(`fault.set.${name}`)}
            <input
              type=${isNumber(name) ? "number" : "text"}
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
