/** Optional notifications on the desktop when a code arrives. */

import { national } from "./format.js";
import { href } from "./route.js";
import { recall, remember } from "./settings.js";

/** True if new codes are notified of. */
export const notifies = () => "Notification" in window && Notification.permission === "granted" && recall("notify") === "yes";

/**
 * Switch notifications on, for which the browser may have to ask, or off.
 * @param {boolean} wanted
 * @returns {Promise<boolean>} whether that is so from now on
 */
export async function setNotifies(wanted) {
  remember("notify", wanted ? "yes" : "no");
  if (!wanted) return true;
  return "Notification" in window && (await Notification.requestPermission()) === "granted";
}

/** @param {import("./phones.js").Message} message that has just arrived */
export function notify(message) {
  if (!message.code || !notifies() || document.hasFocus()) return;
  const notification = new Notification(`${message.code} · ${national(message.to)}`, {
    body: message.text,
    icon: new URL("page/icon.svg", location.origin + location.pathname).href,
    tag: `${message.to}`, // the newest of a phone takes its last one's place
  });
  notification.onclick = () => {
    window.focus();
    location.hash = href({ item: message.to });
    notification.close();
  };
}
