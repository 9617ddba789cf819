import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Submission } from "../../../contract/leaderboard-reads.ts";
import { Card } from "../../ui/card.tsx";
import { When } from "../../ui/when.tsx";

/** What is being scored; held still while somebody reads it. */
export function Feed({ items, open }: { items: readonly Submission[]; open: (player: string) => void }) {
  const held = useSignal<readonly Submission[] | undefined>(undefined);
  const latest = useRef(items);
  latest.current = items;
  useEffect(() => {
    if (items.length === 0) held.value = undefined;
  }, [items.length]);
  const shown = held.value ?? items;
  const waiting = held.value ? items.findIndex(({ submissionId }) => submissionId === held.value?.[0]?.submissionId) : 0;
  return (
    <Card title="Just now" aside={waiting > 0 ? <span class="muted">{waiting} new</span> : undefined}>
      {shown.length === 0 ? (
        <p class="muted">Scores appear here as they come in.</p>
      ) : (
        <ul
          class="feed"
          onPointerEnter={() => (held.value = latest.current)}
          onPointerLeave={() => (held.value = undefined)}
          onFocusIn={() => (held.value ??= latest.current)}
          onFocusOut={() => (held.value = undefined)}
        >
          {shown.map(({ submissionId, player, name, score, at }) => (
            <li key={submissionId}>
              <button type="button" class="rank-name" onClick={() => open(player)}>
                {name ?? player}
              </button>
              <span class="rank-score">{score.toLocaleString("en")}</span>
              <span class="muted">
                <When at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
