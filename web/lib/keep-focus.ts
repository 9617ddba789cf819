import { effect } from "@preact/signals";
import { place } from "./location.ts";

/** Who takes the focus when what had it is gone: a modal question, else the open drawer, else the page. */
const HEIRS = ["dialog[open]", ".drawer", "#main"];

function focusHeir(): void {
  for (const heir of HEIRS) {
    const element = document.querySelector<HTMLElement>(heir);
    if (element) return element.focus({ preventScroll: true });
  }
}

/**
 * Keeps the focus on something: a button that its own act removes, a row that is gone or moved, a page that was left would
 * each drop it, and a person without a mouse would have to start from the top.
 */
export function startKeepingFocus(): void {
  let last: HTMLElement | null = null;
  const nowhere = () => document.activeElement === null || document.activeElement === document.body;
  document.addEventListener("focusin", ({ target }) => (last = target instanceof HTMLElement ? target : null));
  // A press on the empty page takes the focus away on purpose.
  document.addEventListener("pointerdown", () => (last = null));
  new MutationObserver(() => {
    if (!last || !nowhere()) return;
    if (last.isConnected) last.focus({ preventScroll: true });
    else focusHeir();
  }).observe(document.body, { childList: true, subtree: true });

  let path: string | undefined;
  effect(() => {
    const left = path;
    path = place.value.path;
    if (left !== undefined && left !== path && nowhere()) focusHeir();
  });
}
