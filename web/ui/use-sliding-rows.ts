import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const SLIDE_MS = 150;

/**
 * Lets the children of a list slide to their new places when their order changes: where each was is measured before, and it
 * starts from there (the "FLIP" technique, Paul Lewis, 2015). Not for those who asked for less motion.
 */
export function useSlidingRows<E extends HTMLElement>(order: readonly string[]): RefObject<E | null> {
  const list = useRef<E>(null);
  const places = useRef(new Map<Element, { left: number; top: number }>());
  useLayoutEffect(() => {
    const before = places.current;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
    const after = new Map<Element, { left: number; top: number }>();
    const children = [...(list.current?.children ?? [])].filter((child) => child instanceof HTMLElement);
    // All are measured before any is moved, so that the page is laid out once.
    for (const child of children) after.set(child, { left: child.offsetLeft, top: child.offsetTop });
    for (const child of children) {
      const was = before.get(child);
      const is = after.get(child);
      if (still || !was || !is || (was.left === is.left && was.top === is.top)) continue;
      const from = `translate(${was.left - is.left}px, ${was.top - is.top}px)`;
      child.animate([{ transform: from }, { transform: "none" }], { duration: SLIDE_MS, easing: "ease-out" });
    }
    places.current = after;
  }, [order]);
  return list;
}
