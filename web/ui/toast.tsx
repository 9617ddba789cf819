import { signal } from "@preact/signals";
import { X } from "lucide";
import { Button } from "./button.tsx";
import { type Tone, StateMark } from "./state-badge.tsx";

interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
  readonly undo?: () => void;
}

/** How long an act can be taken back. */
const UNDO_MS = 10_000;
const READ_MS = 5_000;

const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

function drop(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Says what happened, at the foot of the page. With `undo` it offers to take it back for 10 s. @returns what takes the words away before */
export function toast(text: string, more: { tone?: Tone; undo?: () => void } = {}): () => void {
  const id = ++lastId;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone: more.tone ?? "ok", ...(more.undo && { undo: more.undo }) }];
  setTimeout(() => drop(id), more.undo || more.tone === "critical" ? UNDO_MS : READ_MS);
  return () => drop(id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text, undo }) => (
        <div key={id} class="toast">
          <StateMark tone={tone} />
          <span>{text}</span>
          {undo && (
            <Button
              kind="quiet"
              onClick={() => {
                drop(id);
                undo();
              }}
            >
              Undo
            </Button>
          )}
          <Button kind="quiet" icon={X} label="Dismiss" onClick={() => drop(id)} />
        </div>
      ))}
    </div>
  );
}
