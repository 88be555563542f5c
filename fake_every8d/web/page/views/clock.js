/** The fake's clock: its time, and buttons to move it. */

import { announce } from "../announce.js";
import { http } from "../api.js";
import { attempt } from "../live.js";
import { clockTime, date, duration } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { Icon } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact-htm.js";

async function move(body) {
  const clock = await attempt(http.post("fake/clock", body));
  if (clock) announce(t("clock.is", { time: `${date(clock.now)} ${clockTime(clock.now)}` }));
}

export function Clock() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const { clock } = store;
  if (!clock) return null;
  const now = store.now();
  const wait = clock.next_due ? Math.max(0, (Date.parse(clock.next_due) - Date.parse(now)) / 1000) : 0;
  return html`
    <section class=${`clock ${clock.running ? "" : "stopped"}`} aria-label=${t("clock")}>
      <time datetime=${now} title=${t("clock.title")}>
        <span class="clock-date">${date(now)}</span> <span class="clock-time">${clockTime(now)}</span>
        ${!clock.running && html`<span class="badge booked">${t("clock.stopped")}</span>`}
      </time>
      <div class="clock-buttons" role="group" aria-label=${t("clock.move")}>
        <button
          type="button"
          onClick=${() => move({ running: !clock.running })}
          aria-label=${t(clock.running ? "clock.stop" : "clock.run")}
          title=${t(clock.running ? "clock.stop" : "clock.run")}
        >
          <${Icon} name=${clock.running ? "pause" : "play"} />
        </button>
        <button type="button" onClick=${() => move({ advance_seconds: 60 })} title=${t("clock.minute")}>
          ${t("clock.minute.short")}
        </button>
        <button type="button" onClick=${() => move({ advance_seconds: 3600 })} title=${t("clock.hour")}>
          ${t("clock.hour.short")}
        </button>
        <button
          type="button"
          class="next"
          disabled=${!clock.next_due}
          onClick=${() => move({ to_next_due: true })}
          title=${clock.next_due ? t("clock.next.at", { time: `${date(clock.next_due)} ${clockTime(clock.next_due)}` }) : t("clock.next.none")}
          aria-label=${clock.next_due ? t("clock.next.in", { duration: duration(wait) }) : t("clock.next.none")}
        >
          <${Icon} name="next" />
          <span class="next-word">${t(clock.next_due ? "clock.next" : "clock.next.none")}</span>
          ${clock.next_due && html`<span>${duration(wait)}</span>`}
        </button>
      </div>
    </section>
  `;
}
