import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { pressReviewKey, type ReviewScene, type ReviewState } from "./review-machine.ts";

interface KeysDeps {
  readonly root: RefObject<HTMLElement | null>;
  readonly note: RefObject<HTMLInputElement | null>;
  readonly state: Signal<ReviewState>;
  readonly scene: () => ReviewScene;
  readonly confirm: () => void;
  readonly undo: () => void;
}

/** Hears the keys of the queue wherever the focus is, but where letters are typed and over what is open. */
export function useReviewKeys(deps: KeysDeps): void {
  const latest = useRef(deps);
  latest.current = deps;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open], .drawer")) return;
      const { root, note, state, scene, confirm, undo } = latest.current;
      if (!hears(event, root.current, note.current)) return;
      if (event.target === note.current && event.key === "Escape") {
        root.current?.focus({ preventScroll: true });
        return;
      }
      const pressed = pressReviewKey(state.value, event.key, scene());
      if (!pressed) return;
      event.preventDefault();
      state.value = pressed.state;
      if (pressed.effect === "confirm") confirm();
      if (pressed.effect === "undo") undo();
      if (pressed.effect === "note") note.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** Whether a key is for the queue: a field keeps its letters, and Enter belongs to a link or a button unless it is one of the queue's own. */
function hears({ key, target }: KeyboardEvent, root: HTMLElement | null, note: HTMLElement | null): boolean {
  if (!(target instanceof HTMLElement)) return true;
  if (target === note) return key === "Enter" || key === "Escape";
  const field = target.closest("input, textarea, select");
  if (field && !(field instanceof HTMLInputElement && field.type === "checkbox")) return false;
  if (key !== "Enter") return true;
  const own = target.closest("a, button, summary");
  return own === null || (own.classList.contains("keyed") && root?.contains(own) === true);
}
