import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { X } from "lucide";
import { Button } from "./button.tsx";

interface DrawerProps {
  readonly title: ComponentChildren;
  readonly label: string;
  /** Usually goes to the address of the list behind. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly foot?: ComponentChildren;
}

/** The right-hand panel of one thing. The list behind stays usable; Esc closes; the focus returns to where it was. */
export function Drawer({ title, label, onClose, children, foot }: DrawerProps) {
  const element = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      close.current();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <div ref={element} class="drawer" role="dialog" aria-label={label} tabIndex={-1}>
      <header class="drawer-head">
        <h2>{title}</h2>
        <Button kind="quiet" icon={X} label="Close" onClick={onClose} />
      </header>
      <div class="drawer-body">{children}</div>
      {foot && <footer class="drawer-foot">{foot}</footer>}
    </div>
  );
}
