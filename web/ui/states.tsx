import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { CircleAlert, Lock, RotateCw } from "lucide";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Icon } from "./icon.tsx";

/** Grey shapes where content will be, only once waiting becomes noticeable. */
export function Skeleton({ rows = 3, shape = "row" }: { rows?: number; shape?: "row" | "card" | "chart" | "plot" }) {
  const shown = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (shown.value = true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`skeleton ${shape}${shown.value ? " shown" : ""}`} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} />
      ))}
    </div>
  );
}

/** What would be here, and the one thing that fills it. */
export function EmptyState({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="blank">
      <h2>{title}</h2>
      {children && <div class="muted">{children}</div>}
      {action && <div class="actions">{action}</div>}
    </div>
  );
}

export interface Failure {
  readonly title: string;
  readonly detail: string;
  readonly requestId?: string | undefined;
}

/** Reasons come as whole sentences from the server and as fragments from the client. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? "" : "."}`;
}

/** What failed, how to try again, and what to quote when asking for help. */
export function ErrorState({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  return (
    <div class="blank error" role="alert">
      <h2>
        <Icon of={CircleAlert} /> {failure.title}
      </h2>
      <p>{sentence(failure.detail)}</p>
      <div class="actions">
        {onRetry && (
          <Button icon={RotateCw} onClick={onRetry}>
            Try again
          </Button>
        )}
        {failure.requestId && (
          <span class="request-id">
            Request <code>{failure.requestId}</code> <CopyButton text={failure.requestId} label="Copy the request id" />
          </span>
        )}
      </div>
    </div>
  );
}

/** Whose role would see it. */
export function ForbiddenState({ title, seenBy }: { title: string; seenBy: string }) {
  return (
    <div class="blank">
      <h2>
        <Icon of={Lock} /> {title}
      </h2>
      <p class="muted">{seenBy}</p>
    </div>
  );
}

/** A line above data that is old or not whole: what is missing, why, and for how long. */
export function Notice({ tone, children }: { tone: "warn" | "info"; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role="status">
      {children}
    </div>
  );
}
