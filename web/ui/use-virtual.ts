import { elementScroll, observeElementOffset, observeElementRect, type VirtualItem, Virtualizer } from "@tanstack/virtual-core";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";

export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  /** Pixels of rows above and below what is drawn. */
  readonly before: number;
  readonly after: number;
  readonly scrollTo: (index: number) => void;
}

/** The rows of a long list that can be seen, and a few around them. */
export function useVirtual(count: number, rowHeight: number, scroller: () => HTMLElement | null): VirtualRows {
  const drawn = useSignal(0);
  const held = useRef<Virtualizer<HTMLElement, Element>>(undefined);
  const options = {
    count,
    getScrollElement: scroller,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => void drawn.value++,
  };
  const virtual = (held.current ??= new Virtualizer<HTMLElement, Element>(options));
  virtual.setOptions(options);
  useEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  void drawn.value;

  const items = virtual.getVirtualItems();
  const total = virtual.getTotalSize();
  return {
    items,
    before: items[0]?.start ?? 0,
    after: Math.max(0, total - (items.at(-1)?.end ?? 0)),
    scrollTo: (index) => virtual.scrollToIndex(index),
  };
}
