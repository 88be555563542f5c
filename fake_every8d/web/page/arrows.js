/** Going through a list of links by keyboard: the list is one stop for Tab. */

import { useRef } from "./vendor/preact-htm.js";

const PAGE = 10; // items that PageUp and PageDown pass

/**
 * @param {number} count of the items
 * @param {() => number} chosen the index of the one that is shown by now, or -1: keys may come before
 *   the clicked item has been drawn
 * @param {(index: number) => any} choose
 * @returns `around`, the properties of the element around the list;
 *   `drawn`, to be called after drawing, which focuses the chosen link;
 *   `enter`, which gives the focus to the list, where Tab stops in it
 */
export function useArrows(count, chosen, choose) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const wanted = useRef(-1); // the index of the item that is to have the focus

  function drawn() {
    if (wanted.current < 0) return;
    const link = list.current?.querySelector(`[data-index="${wanted.current}"] a[aria-current]`);
    if (!(link instanceof HTMLElement)) return;
    link.focus({ preventScroll: true });
    wanted.current = -1;
  }

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    if (event.target instanceof HTMLSelectElement) return; // its own keys
    const typing = event.target instanceof HTMLInputElement;
    const next = destination(event.key, chosen(), count);
    if (next === null || !count || event.altKey || event.metaKey || event.ctrlKey) return;
    if (typing && !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const index = Math.min(count - 1, Math.max(0, next));
    if (!typing) wanted.current = index;
    choose(index);
    drawn();
  }

  function enter() {
    const stop = list.current?.querySelector(".windowed[tabindex='0'], .windowed [tabindex='0']");
    if (stop instanceof HTMLElement) stop.focus();
  }
  return { around: { ref: list, onKeyDown }, drawn, enter };
}

/** @param {string} key @param {number} chosen @param {number} count @returns {number | null} */
function destination(key, chosen, count) {
  switch (key) {
    case "ArrowDown": return chosen + 1;
    case "ArrowUp": return chosen - 1;
    case "PageDown": return chosen + PAGE;
    case "PageUp": return chosen - PAGE;
    case "Home": return 0;
    case "End": return count - 1;
    default: return null;
  }
}

/** True if Tab stops at a link: at the one that is shown, or the first. @param {number} index @param {number} chosen */
export const tabIndex = (index, chosen) => (index === Math.max(0, chosen) ? 0 : -1);
