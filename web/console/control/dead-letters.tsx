import { useSignal } from "@preact/signals";
import { RotateCcw } from "lucide";
import type { DeadLetter } from "../../../contract/events.ts";
import { plural } from "../../lib/format.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { eventWords } from "./event-words.ts";

const COLUMNS: readonly [Column<DeadLetter>, ...Column<DeadLetter>[]] = [
  { key: "type", title: "Event", value: ({ type }) => type, cell: ({ type }) => (type === null ? "unreadable message" : eventWords(type)) },
  { key: "subject", title: "About", wide: true, value: ({ subject }) => subject },
  { key: "reason", title: "Why", value: ({ reason }) => reason },
  { key: "attempts", title: "Attempts", number: true, wide: true, value: ({ attempts }) => attempts },
  { key: "failed", title: "Given up", number: true, value: ({ failedAt }) => failedAt, cell: ({ failedAt }) => <When at={failedAt} /> },
];

/** Messages that were given up on, and their second chance. Absent while there are none. */
export function DeadLetters({ count, onReplayed }: { count: number; onReplayed: () => void }) {
  // The count is part of the key: a new dead letter is listed when the status first counts it.
  const letters = useResource(`dead-letters:${count > 0}:${count}`, async (signal) =>
    count === 0 ? [] : (await api.deadLetters.list({ limit: 200 }, { signal })).items,
  );
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const busy = useSignal(false);
  if (count === 0) return null;
  if (!letters.data.value && letters.error.value) {
    return <PageError failure={failureOf(letters.error.value, "The dead letters could not be read")} onRetry={letters.reload} />;
  }
  const waiting = letters.data.value?.filter(({ replayedAt, failedAt }) => replayedAt === null || replayedAt < failedAt) ?? [];
  const chosen = waiting.filter(({ id }) => selected.value.has(id));

  const replay = async () => {
    busy.value = true;
    const results = await Promise.allSettled(chosen.map(({ id }) => api.deadLetters.replay(id)));
    const failures = results.flatMap((result) => (result.status === "rejected" ? [asError(result.reason)] : []));
    const sent = results.length - failures.length;
    if (sent > 0) toast(`${plural(sent, "dead letter")} went back into the queue.`);
    if (failures[0]) toast(`${plural(failures.length, "dead letter")} could not be replayed: ${failures[0].detail}`, { tone: "critical" });
    selected.value = new Set();
    busy.value = false;
    letters.reload();
    onReplayed();
  };

  return (
    <section class="section">
      <h2>Dead letters</h2>
      <Table
        name="dead-letters"
        label="Dead letters"
        columns={COLUMNS}
        rows={waiting}
        id={({ id }) => id}
        {...(can("events:replay") && { selection: { ids: selected.value, onChange: (ids) => (selected.value = ids) } })}
        bar={
          can("events:replay") && (
            <Button
              kind={chosen.length > 0 ? "primary" : "plain"}
              icon={RotateCcw}
              disabled={chosen.length === 0}
              busy={busy.value}
              onClick={() => void replay()}
            >
              {chosen.length === 0 ? "Select some to replay" : `Replay ${plural(chosen.length, "dead letter")}`}
            </Button>
          )
        }
      />
    </section>
  );
}
