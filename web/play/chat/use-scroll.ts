import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Heights } from "../../lib/heights.ts";

/** Rows drawn at most, and pixels above and below what is in sight that are drawn too. */
const DRAWN = 60;
const AROUND_PX = 600;
const GUESS_PX = 48;
/** So near to the end counts as there. */
const END_PX = 40;

export interface ScrolledRows {
  /** The first row to draw, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Pixels of the rows above and below. */
  readonly before: number;
  readonly after: number;
  readonly atEnd: boolean;
  readonly scroller: (element: HTMLElement | null) => void;
  /** Each drawn row's element, by its key. */
  readonly row: (key: string) => (element: HTMLElement | null) => void;
  readonly toEnd: () => void;
  readonly toRow: (index: number) => void;
}

/**
 * A list that grows at both ends under a reader: it stays at its end while the reader is there, and what is being read stays where it is
 * when older rows come or rows change their height.
 * @param onTop called when the beginning comes near
 */
export function useScroll(keys: readonly string[], onTop: () => void, onBottom: () => void): ScrolledRows {
  const heights = useMemo(() => new Heights(GUESS_PX), []);
  const shown = useSignal({ from: 0, to: 0 });
  const atEnd = useSignal(true);
  const state = useRef({
    element: null as HTMLElement | null,
    keys: [] as readonly string[],
    sticks: true,
    anchor: undefined as Anchor | undefined,
    onTop,
    onBottom,
  });
  // Listeners live as long as the list, and what they call is of the newest drawing.
  state.current.onTop = onTop;
  state.current.onBottom = onBottom;
  const rows = useRef(new Map<string, HTMLElement>());

  if (state.current.keys !== keys) {
    state.current.anchor = anchorOf(state.current, heights);
    heights.setRows(keys);
    state.current.keys = keys;
    const at = state.current.anchor ? keys.indexOf(state.current.anchor.key) : -1;
    // What is being read is drawn where it will be, not what comes into its old place.
    const top = at === -1 ? undefined : heights.startOf(at) - (state.current.anchor?.above ?? 0);
    shown.value = windowOf(state.current, heights, top);
  }

  const place = () => {
    const { element, sticks, anchor } = state.current;
    if (!element) return;
    if (sticks) element.scrollTop = element.scrollHeight;
    else if (anchor) {
      const index = keys.indexOf(anchor.key);
      if (index !== -1) element.scrollTop = heights.startOf(index) - anchor.above;
    }
    state.current.anchor = undefined;
  };
  const look = () => {
    const { element } = state.current;
    if (!element) return;
    const next = windowOf(state.current, heights);
    const now = shown.value;
    if (next.from !== now.from || next.to !== now.to) shown.value = next;
    if (element.scrollTop < 2 * element.clientHeight) state.current.onTop();
    if (element.scrollHeight - element.scrollTop < 3 * element.clientHeight) state.current.onBottom();
  };

  const sizes = useMemo(
    () =>
      new ResizeObserver((entries) => {
        const { element, keys: now } = state.current;
        if (!element) return;
        const top = element.scrollTop;
        let shift = 0;
        for (const { target } of entries) {
          if (!(target instanceof HTMLElement) || !target.isConnected) continue;
          const index = Number(target.dataset["index"]);
          if (now[index] !== target.dataset["key"]) continue;
          const start = heights.startOf(index);
          const change = heights.measure(index, target.offsetHeight);
          if (start < top) shift += change; // it is above what is being read: that must not move
        }
        if (state.current.sticks) element.scrollTop = element.scrollHeight;
        else if (shift !== 0) element.scrollTop = top + shift;
        look();
      }),
    [],
  );
  useEffect(() => () => sizes.disconnect(), []);

  // What was just drawn is measured before anybody sees it.
  useLayoutEffect(() => {
    const { element } = state.current;
    let shift = 0;
    const top = element?.scrollTop ?? 0;
    for (const [key, row] of rows.current) {
      const index = Number(row.dataset["index"]);
      if (keys[index] !== key) continue;
      const start = heights.startOf(index);
      const change = heights.measure(index, row.offsetHeight);
      if (start < top && !state.current.anchor) shift += change;
    }
    if (state.current.sticks || state.current.anchor) place();
    else if (shift !== 0 && element) element.scrollTop = top + shift;
    look();
  });

  const scroller = useMemo(
    () => (element: HTMLElement | null) => {
      state.current.element?.removeEventListener("scroll", scrolled);
      state.current.element = element;
      element?.addEventListener("scroll", scrolled, { passive: true });
    },
    [],
  );
  function scrolled(): void {
    const { element } = state.current;
    if (!element) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
    state.current.sticks = near;
    if (atEnd.value !== near) atEnd.value = near;
    look();
  }
  const row = useMemo(() => {
    const made = new Map<string, (element: HTMLElement | null) => void>();
    return (key: string) => {
      let take = made.get(key);
      if (!take) {
        take = (element) => {
          const before = rows.current.get(key);
          if (before) sizes.unobserve(before);
          if (element) {
            rows.current.set(key, element);
            sizes.observe(element);
          } else {
            rows.current.delete(key);
            made.delete(key);
          }
        };
        made.set(key, take);
      }
      return take;
    };
  }, []);

  const { from, to } = shown.value;
  const last = Math.min(to, keys.length);
  return {
    from: Math.min(from, last),
    to: last,
    before: heights.startOf(Math.min(from, last)),
    after: Math.max(0, heights.total - heights.startOf(last)),
    atEnd: atEnd.value,
    scroller,
    row,
    toEnd: () => {
      state.current.sticks = true;
      const { element } = state.current;
      if (element) element.scrollTop = element.scrollHeight;
    },
    toRow: (index) => {
      const { element } = state.current;
      if (!element) return;
      state.current.sticks = false;
      element.scrollTop = heights.startOf(index) - element.clientHeight / 3;
    },
  };
}

/** The row at the top of what is in sight, and how many pixels of the list above it are in sight. */
interface Anchor {
  readonly key: string;
  readonly above: number;
}

interface Place {
  readonly element: HTMLElement | null;
  readonly keys: readonly string[];
  readonly sticks: boolean;
}

function anchorOf({ element, keys, sticks }: Place, heights: Heights): Anchor | undefined {
  if (!element || sticks || keys.length === 0) return undefined;
  const index = heights.indexAt(element.scrollTop);
  const key = keys[index];
  return key === undefined ? undefined : { key, above: heights.startOf(index) - element.scrollTop };
}

/** The rows around what is in sight. @param at where the list will be scrolled to, when not where it is */
function windowOf({ element, keys, sticks }: Place, heights: Heights, at?: number): { from: number; to: number } {
  const height = element?.clientHeight ?? 800;
  const top = sticks || !element ? heights.total - height : (at ?? element.scrollTop);
  let from = heights.indexAt(Math.max(0, top - AROUND_PX));
  let to = Math.min(keys.length, heights.indexAt(top + height + AROUND_PX) + 1);
  if (to - from > DRAWN) {
    // Very small rows: what is in sight comes first.
    const middle = heights.indexAt(top + height / 2);
    from = Math.max(0, Math.min(middle - DRAWN / 2, keys.length - DRAWN));
    to = Math.min(keys.length, from + DRAWN);
  }
  return { from, to };
}
