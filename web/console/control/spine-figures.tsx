import type { SpineStatus } from "../../../contract/events.ts";
import { formatDuration, formatValue, NOTHING } from "../../lib/format.ts";

function age(ms: number | null): string {
  return ms === null ? NOTHING : formatDuration(ms);
}

/** Where events wait on their way: in the objects that emitted them, in the queue, or given up on. */
export function SpineFigures({ status }: { status: SpineStatus }) {
  const { outbox, queue, deadLetters } = status;
  const perObject = outbox.objects
    .filter(({ depth }) => depth > 0)
    .map(({ name, depth }) => `${name}: ${depth}`)
    .join("\n");
  const figures = [
    ["In outboxes", formatValue(outbox.depth, "count"), perObject || "no object holds an event back"],
    ["Oldest in outboxes", age(outbox.oldestAgeMs), "how long the oldest has waited to be sent or confirmed"],
    ["In the queue", formatValue(queue.backlog, "count"), queue.name],
    ["Oldest in the queue", age(queue.oldestAgeMs), "how long the oldest has waited to be consumed"],
    ["Dead letters", formatValue(deadLetters, "count"), "given up on and not replayed since"],
  ] as const;
  return (
    <>
      <dl class="key-figures">
        {figures.map(([name, value, more], i) => (
          <div key={i} title={more}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {outbox.unanswered.length > 0 && (
        <p class="muted">Not counted, because they did not answer in time: {outbox.unanswered.join(", ")}.</p>
      )}
    </>
  );
}
