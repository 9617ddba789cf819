import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { Check } from "lucide";
import { Icon } from "./icon.tsx";

interface MenuProps {
  /** What the closed button shows. */
  readonly button: ComponentChildren;
  readonly label: string;
  readonly class?: string;
  /** Gets a function that closes the menu. */
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button with a panel below it. Esc and a click elsewhere close it; arrows move between its items. */
export function Menu({ button, label, class: extra, children }: MenuProps) {
  const open = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open.value) return;
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) open.value = false;
    };
    document.addEventListener("pointerdown", onPointer);
    root.current?.querySelector<HTMLElement>(".menu-panel button, .menu-panel a, .menu-panel input")?.focus();
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [open.value]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open.value) return;
    if (event.key === "Escape") {
      event.preventDefault();
      open.value = false;
      trigger.current?.focus();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const items = [...(root.current?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    if (items.length === 0) return;
    event.preventDefault();
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
  };

  return (
    <div ref={root} class={`menu${extra ? ` ${extra}` : ""}`} onKeyDown={onKeyDown}>
      <button
        ref={trigger}
        type="button"
        class="button quiet"
        aria-label={label}
        title={label}
        aria-expanded={open.value}
        aria-haspopup="true"
        onClick={() => (open.value = !open.value)}
      >
        {button}
      </button>
      {open.value && <div class="menu-panel">{children(() => (open.value = false))}</div>}
    </div>
  );
}

interface MenuItemProps {
  readonly icon?: IconNode;
  readonly chosen?: boolean;
  readonly hint?: string;
  readonly onChoose: () => void;
  readonly children: ComponentChildren;
}

export function MenuItem({ icon, chosen, hint, onChoose, children }: MenuItemProps) {
  return (
    <button type="button" class="menu-item" aria-current={chosen ? "true" : undefined} onClick={onChoose}>
      {icon && <Icon of={icon} />}
      <span class="menu-words">{children}</span>
      {hint && <kbd>{hint}</kbd>}
      {chosen && <Icon of={Check} label="chosen" />}
    </button>
  );
}
