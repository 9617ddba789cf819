import { now } from "../lib/clock.ts";
import { formatExact, formatWhen, NOTHING } from "../lib/format.ts";

/** A moment: relative within a day, exact in the tooltip. */
export function When({ at, never = NOTHING }: { at: string | number | null; never?: string }) {
  if (at === null) return <span class="muted">{never}</span>;
  const ms = typeof at === "number" ? at : Date.parse(at);
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatExact(ms)}>
      {formatWhen(ms, now.value)}
    </time>
  );
}
