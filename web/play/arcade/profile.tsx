import { Star } from "lucide";
import { formatWhen, NOTHING, plural } from "../../lib/format.ts";
import { now } from "../../lib/clock.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { ErrorState, Skeleton } from "../../ui/states.tsx";
import { When } from "../../ui/when.tsx";
import type { UserBoards } from "../../../sdk/user.ts";
import { friends, toggleFriend } from "./friends.ts";

/** Somebody's figures on this board, and their last runs. */
export function Profile({ api, board, player, onClose }: { api: UserBoards; board: string; player: string; onClose: () => void }) {
  const stats = useResource(`${board}\n${player}`, async (signal) => await api.player(board, player, { signal }));
  const starred = friends.value.includes(player);
  const known = stats.data.value;
  const name = known?.name ?? player;
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? NOTHING : value.toLocaleString("en", { maximumFractionDigits: 1 });
  return (
    <Drawer
      title={name}
      label={`Player ${name}`}
      onClose={onClose}
      foot={
        <Button icon={Star} pressed={starred} onClick={() => toggleFriend(player)}>
          {starred ? "A friend" : "Star as a friend"}
        </Button>
      }
    >
      {stats.error.value && !known && (
        <ErrorState failure={{ title: "This player could not be read", detail: stats.error.value.detail }} onRetry={stats.reload} />
      )}
      {!known && !stats.error.value && <Skeleton rows={4} />}
      {known && (
        <>
          <section>
            <dl class="facts">
              <dt>Runs</dt>
              <dd>{number(known.runs)}</dd>
              <dt>Best</dt>
              <dd>{number(known.best)}</dd>
              <dt>Mean</dt>
              <dd>{number(known.mean)}</dd>
              <dt>All points</dt>
              <dd>{number(known.total)}</dd>
              <dt>Streak</dt>
              <dd>{plural(known.streakDays, "day")}</dd>
              <dt>First seen</dt>
              <dd>{known.firstSeenAt === null ? NOTHING : formatWhen(Date.parse(known.firstSeenAt), now.value)}</dd>
            </dl>
          </section>
          {known.recent.length > 0 && (
            <section>
              <h3>Last runs</h3>
              <ul class="feed">
                {known.recent.map(({ submissionId, score, at }) => (
                  <li key={submissionId}>
                    <span class="rank-score">{score.toLocaleString("en")}</span>
                    <span class="muted">
                      <When at={at} />
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Drawer>
  );
}
