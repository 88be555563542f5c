/**
 * A long list of which only the items in view are in the document.
 *
 * CSS's `content-visibility: auto` is no substitute: with 20,000 items in the document, the first
 * drawing takes seconds and each later one half a second, instead of 15 milliseconds.
 */

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-htm.js";

const OVERSCAN = 400; // pixels above and below the view that are in the document too

/**
 * Items may be of any height: one that has not been in view yet counts as `estimate` pixels, and so
 * does one that is undefined, because it is not known yet.
 * The items in view stay in place while items come and go above; a list that is at the
 * end that it is to `follow` stays there.
 * @param {{
 *   items: any[], keyOf: (item: any) => string | number, render: (item: any, index: number) => any,
 *   estimate: number, label: string, follow?: "start" | "end" | "neither", show?: {key: any, at: any, top?: boolean},
 *   drawn?: () => void, seen?: (first: number, last: number) => void,
 * }} props `show`: bring that item into view, or to its top, once for each different `at`;
 *   `drawn`: called whenever what is in the document has changed. A list of links is reached by the one
 *   that is shown, or the first; while that is not in the document, and any other list, is itself a
 *   stop for Tab; `seen`: told the places of the first and the last that are in it.
 */
export function WindowedList({ items, keyOf, render, estimate, label, follow = "start", show, drawn, seen }) {
  const view = useRef(/** @type {HTMLElement | null} */ (null));
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const heights = useRef(new Map());
  /** The item at the top of the view, and how much of it is above; null at an end that the list follows. */
  const anchor = useRef(/** @type {{key: string | number, inset: number} | null} */ (null));
  const shown = useRef(undefined);
  const [, redraw] = useState(0);

  /** @param {number} index */
  const keyAt = (index) => (items[index] === undefined ? index : keyOf(items[index]));
  /** @param {string | number} key */
  const placeOf = (key) => items.findIndex((item) => item !== undefined && keyOf(item) === key);

  // The heights of vanished items are forgotten now and then.
  if (heights.current.size > 2 * items.length + 100) {
    const known = items.filter((item) => item !== undefined).map(keyOf);
    heights.current = new Map(known.map((key) => [key, heights.current.get(key)]));
  }
  const offsets = new Float64Array(items.length + 1);
  for (let i = 0; i < items.length; i++) {
    offsets[i + 1] = offsets[i] + (heights.current.get(keyAt(i)) ?? estimate);
  }
  const total = offsets[items.length];
  const height = view.current?.clientHeight ?? 800;
  const top = followed(view.current, anchor.current, follow) ? total - height : place();
  const first = Math.max(0, indexAt(offsets, top - OVERSCAN));
  const last = Math.min(items.length, indexAt(offsets, top + height + OVERSCAN) + 1);

  function place() {
    if (!view.current) return 0;
    const { current } = anchor;
    if (!current) return view.current.scrollTop;
    const index = placeOf(current.key);
    return index < 0 ? view.current.scrollTop : offsets[index] + current.inset;
  }

  const stop = Math.max(0, show ? placeOf(show.key) : 0);
  const { activeElement } = document;
  const focused = list.current?.contains(activeElement) ? /** @type {HTMLElement} */ (activeElement) : null;

  // For the functions that run once they have been drawn.
  const box = () => /** @type {HTMLElement} */ (view.current);
  const all = () => /** @type {HTMLElement} */ (list.current);

  useLayoutEffect(() => {
    let changed = false;
    for (const child of /** @type {Iterable<HTMLElement>} */ (all().children)) {
      const item = items[Number(child.dataset.index)];
      if (item === undefined) continue;
      const key = keyOf(item);
      const measured = child.getBoundingClientRect().height;
      if (Math.abs((heights.current.get(key) ?? -1) - measured) > 0.5) {
        heights.current.set(key, measured);
        changed = true;
      }
    }
    if (Math.abs(box().scrollTop - top) > 1) box().scrollTop = Math.max(0, top);
    if (changed) redraw((n) => n + 1);
    // An element that was moved in the document has lost the focus.
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    drawn?.();
  });

  useLayoutEffect(() => {
    if (!jumped()) seen?.(first, last - 1);
  });

  /** True if what is to be shown had to be brought into view, where all is drawn again. */
  function jumped() {
    if (!show || show.at === shown.current) return false;
    const index = placeOf(show.key);
    if (index < 0) return false;
    shown.current = show.at;
    const { scrollTop } = box();
    if (!show.top && offsets[index] >= scrollTop && offsets[index + 1] <= scrollTop + height) return false;
    box().scrollTop = Math.max(0, offsets[index] - (show.top ? 0 : height / 3));
    remember();
    redraw((n) => n + 1);
    return true;
  }

  useEffect(() => {
    const observer = new ResizeObserver(() => redraw((n) => n + 1));
    observer.observe(box());
    observer.observe(all()); // an item may grow by itself
    return () => observer.disconnect();
  }, []);

  function remember() {
    const { scrollTop, clientHeight, scrollHeight } = box();
    const atRest =
      (follow === "end" && scrollTop + clientHeight >= scrollHeight - 4) || (follow === "start" && scrollTop <= 0);
    const index = indexAt(offsets, scrollTop);
    anchor.current =
      atRest || items[index] === undefined
        ? null
        : { key: keyOf(items[index]), inset: scrollTop - offsets[index] };
  }

  function scrolled() {
    if (!view.current) return; // the event comes a frame later, perhaps after the list has gone
    remember();
    redraw((n) => n + 1);
  }

  return html`
    <div
      class="windowed"
      ref=${view}
      onScroll=${scrolled}
      tabindex=${drawn && first <= stop && stop < last ? -1 : 0}
      role="group"
      aria-label=${label}
    >
      <div class="windowed-all" style=${{ height: `${total}px` }}>
        <ol ref=${list} role="list" style=${{ transform: `translateY(${offsets[first]}px)` }}>
          ${items.slice(first, last).map(
            (item, i) => html`
              <li
                key=${keyAt(first + i)}
                data-index=${first + i}
                aria-setsize=${items.length}
                aria-posinset=${first + i + 1}
              >
                ${item === undefined ? html`<div style=${{ height: `${estimate}px` }}></div>` : render(item, first + i)}
              </li>
            `,
          )}
        </ol>
      </div>
    </div>
  `;
}

const followed = (view, anchor, follow) => follow === "end" && (!view || !anchor);

/** The index of the item at a height in pixels. */
function indexAt(offsets, height) {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle] <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}
