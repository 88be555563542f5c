/** Failures on demand: an outage with one switch, or exactly what should go wrong. */

import { http } from "../api.js";
import { points } from "../format.js";
import { attempt, look } from "../live.js";
import { t } from "../i18n.js";
import { EVERY_CALL, OUTAGE, outage, store } from "../store.js";
import { Badge, FieldError, Icon, Switch, Text } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact-htm.js";

/**
 * @typedef {Record<string, string | number>} Settings
 * @typedef {{operations: string[], kinds: Record<string, Settings>}} Choice
 *   the calls that can fail, and by kind its settings, at first as in the examples
 */

/** @returns {Promise<Choice>} by the API's description of itself */
async function choices() {
  const { FailureKind, FailureOperation, NewFailure } = (await http.get("fake/openapi.json")).components.schemas;
  /** @param {string} kind */
  const settings = (kind) => Object.entries(NewFailure.properties).filter(([, schema]) => schema["x-kind"] === kind);
  return {
    operations: FailureOperation.enum,
    kinds: Object.fromEntries(
      FailureKind.enum.map((kind) => [
        kind,
        Object.fromEntries(settings(kind).map(([name, { examples }]) => [name, examples[0]])),
      ]),
    ),
  };
}

const remove = (failure) => attempt(http.delete(`fake/failures/${failure.id}`));

/** Switch the outage on or off: while it is on, every call gets HTTP 503. */
export async function switchOutage(on) {
  if (on) await attempt(http.post("fake/failures", OUTAGE));
  else await Promise.all(store.failures.filter(outage).map(remove));
}

export function Failures() {
  const [choice, offer] = useState(/** @type {Choice | undefined} */ (undefined));
  useEffect(() => {
    look(async () => offer(await choices()));
  }, [store.connected, store.epoch]);
  return html`
    <section class="page">
      <header class="page-head">
        <h1>${t("failures")}</h1>
        <p>${t("failures.about")}</p>
      </header>
      <div class="cards">
        <article class=${`card outage ${store.failures.some(outage) ? "on" : ""}`}>
          <h2>${t("outage")}</h2>
          <p>${t("outage.about")}</p>
          <${Switch} on=${store.failures.some(outage)} label=${t("outage.switch")} onChange=${switchOutage} />
        </article>
        <article class="card">
          <h2>${t("failures.waiting")}</h2>
          ${store.failures.length === 0 && html`<p>${t("failures.none")}</p>`}
          <ul class="failures" role="list">
            ${store.failures.map((failure) => html`<${Failure} key=${failure.id} failure=${failure} settings=${choice?.kinds[failure.kind] ?? {}} />`)}
          </ul>
        </article>
        ${choice && html`<${NewFailure} ...${choice} />`}
      </div>
    </section>
  `;
}

/** @param {{failure: any, settings: Settings}} props `settings`: such as its kind has */
function Failure({ failure, settings }) {
  const [setting] = Object.keys(settings);
  const only = Object.entries(EVERY_CALL)
    .filter(([name, whole]) => name !== "effect" && failure[name] !== whole)
    .map(([name]) => t(`failure.only.${name}`, { n: name === "probability" ? points(failure[name] * 100) : failure[name] }));
  return html`
    <li>
      <div>
        <b>${failure.operation === "*" ? t("failures.all") : failure.operation}</b> ${t(`failure.${failure.kind}`)}${" "}
        ${setting === "seconds"
          ? t("duration.seconds", { n: failure.seconds })
          : setting && html`<code><${Text} text=${String(failure[setting])} /></code>`}
        ${only.length > 0 && html`<p><${Text} text=${only.join(" · ")} /></p>`}
        <p>
          <${Badge} tone="bad">${failure.times === null ? t("failure.for_ever") : t("failure.times", { n: failure.times })}<//>
          ${failure.effect === "after" && html` <${Badge} tone="booked">${t("failure.after")}<//>`}
        </p>
      </div>
      <button type="button" class="bare" onClick=${() => remove(failure)} aria-label=${t("failure.remove")} title=${t("failure.remove")}>
        <${Icon} name="cross" />
      </button>
    </li>
  `;
}

/** @param {Choice} props */
function NewFailure({ operations, kinds }) {
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
      http.post("fake/failures", { operation, kind, effect, times: times === "" ? null : Number(times), ...Object.fromEntries(given) }),
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
      <h2>${t("failure.new")}</h2>
      <label>
        ${t("failure.operation")}
        <select value=${operation} onChange=${(event) => setOperation(event.target.value)}>
          ${operations.map((name) => html`<option value=${name}>${name === "*" ? t("failures.all") : name}</option>`)}
        </select>
      </label>
      <label>
        ${t("failure.kind")}
        <select value=${kind} onChange=${(event) => choose(event.target.value)}>
          ${Object.keys(kinds).map((name) => html`<option value=${name}>${t(`failure.${name}`)}</option>`)}
        </select>
      </label>
      ${Object.entries(settings).map(
        ([name, value]) => html`
          <label key=${`${kind}.${name}`}>
            ${t(`failure.set.${name}`)}
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
        ${t("failure.how_often")}
        <select value=${times} onChange=${(event) => setTimes(event.target.value)}>
          ${[1, 2, 5, 10].map((n) => html`<option value=${n}>${t("failure.times", { n })}</option>`)}
          <option value="">${t("failure.for_ever")}</option>
        </select>
      </label>
      <label>
        ${t("failure.effect")}
        <select value=${effect} onChange=${(event) => setEffect(event.target.value)}>
          <option value="before">${t("failure.effect.before")}</option>
          <option value="after">${t("failure.effect.after")}</option>
        </select>
      </label>
      ${problem && !(problem.field in settings) && html`<${FieldError} problem=${problem} />`}
      <button class="primary"><${Icon} name="failures" />${t("failure.add")}</button>
    </form>
  `;
}
