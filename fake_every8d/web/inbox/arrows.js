/** Going through a list of links with the arrow keys: the list is one stop for Tab. */

import { useEffect, useRef } from "./vendor/preact-htm.js";

/**
 * @param {number} count of the items
 * @param {number} chosen the index of the one that is shown, or -1
 * @param {(index: number) => void} choose
 * @returns what the element around the links takes as its properties
 */
export function useArrows(count, chosen, choose) {
  const list = useRef(null);
  useEffect(() => {
    const { activeElement } = document;
    if (activeElement.matches("a") && list.current?.contains(activeElement)) {
      list.current.querySelector("a[aria-current]")?.focus({ preventScroll: true });
    }
  }, [chosen]);

  function onKeyDown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !count || event.altKey || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    choose(Math.min(count - 1, Math.max(0, chosen + step)));
  }
  return { ref: list, onKeyDown };
}

/** Whether Tab stops at a link: at the one that is shown, or the first. */
export const tabIndex = (index, chosen) => (index === Math.max(0, chosen) ? 0 : -1);
