import { useSignal } from "@preact/signals";
import type { PlayerStats } from "../../../contract/leaderboard-reads.ts";
import type { BoardView } from "../../../contract/leaderboards.ts";
import { NOTHING, plural } from "../../lib/format.ts";
import { place } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState, Skeleton } from "../../ui/states.tsx";
import { type Tone, StateBadge } from "../../ui/state-badge.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { nameOf, scoreWords, windowWords } from "./board-words.ts";
import { readSet } from "./ranking-tab.tsx";
import { RunHistory } from "./run-history.tsx";
import { RunsTable } from "./runs-table.tsx";

const STATE_TONES: Record<PlayerStats["state"], Tone> = { active: "ok", suspended: "warn", banned: "critical" };
const NO_POPULATION = { median: null, p99: null };

function number(value: number | null): string {
  return value === null ? NOTHING : scoreWords(Math.round(value * 100) / 100);
}

function Figures({ of }: { of: PlayerStats }) {
  const facts = [
    ["State", <StateBadge tone={STATE_TONES[of.state]} word={of.state} />],
    ...(of.suspendedUntil === null ? [] : [["Until", <When at={of.suspendedUntil} />] as const]),
    ["Runs that count", of.runs.toLocaleString("en")],
    ["Best", number(of.best)],
    ["Mean", number(of.mean)],
    ["All points", number(of.total)],
    ["Streak", plural(of.streakDays, "day")],
    ["First seen", <When at={of.firstSeenAt} />],
    ["Last seen", <When at={of.lastSeenAt} />],
    ["Id", <code>{of.player}</code>],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** Somebody on this board: where they stand, their figures and last runs, and the way to forget them. */
export function PlayerDrawer({ board: { board }, player, onClose }: { board: BoardView; player: string; onClose: () => void }) {
  const set = readSet(place.value.search);
  const read = useResource(`player:${board}:${player}`, (signal) => api.leaderboards.player(board, player, { signal }), 10_000);
  const standing = useResource(
    `standing:${board}:${player}:${set.window}:${set.partition}`,
    (signal) => api.leaderboards.rank(board, player, set, { signal }),
    10_000,
  );
  const erasing = useSignal(false);
  const of = read.data.value;
  const rank = standing.data.value;
  const name = of ? nameOf(of) : player;
  return (
    <Drawer
      title={name}
      label={`Player ${name}`}
      onClose={onClose}
      foot={
        of &&
        can("leaderboards:manage") && (
          <Button kind="danger" onClick={() => (erasing.value = true)}>
            Erase the player
          </Button>
        )
      }
    >
      {!of && read.error.value?.status === 404 && (
        <EmptyState title="Nobody of this id has a score here">They may have been erased, or the address is mistyped.</EmptyState>
      )}
      {!of && read.error.value && read.error.value.status !== 404 && (
        <PageError failure={failureOf(read.error.value, "The player could not be read")} onRetry={read.reload} />
      )}
      {!of && !read.error.value && <Skeleton rows={5} />}
      {of && (
        <>
          {rank && (
            <p>
              {rank.rank === null
                ? `No rank in “${windowWords(rank.window)}”.`
                : `Rank ${rank.rank.toLocaleString("en")} of ${rank.total.toLocaleString("en")} in “${windowWords(rank.window)}”${rank.partition ? `, ${rank.partition}` : ""}.`}
            </p>
          )}
          <Figures of={of} />
          {of.recent.length > 0 && (
            <section>
              <h3>Last runs</h3>
              <RunHistory runs={of.recent} population={NO_POPULATION} />
              <RunsTable runs={of.recent} label={`Last runs of ${name}`} />
            </section>
          )}
        </>
      )}
      {erasing.value && of && (
        <Confirm
          title={`Erase ${name}`}
          typed={player}
          verb="Erase the player"
          onClose={() => (erasing.value = false)}
          act={async () => {
            await api.leaderboards.erasePlayer(board, player);
            toast(`${name} is erased from this board.`);
            onClose();
          }}
        >
          <p>
            Their {plural(of.runs, "run")}, ranks in every window, cases and rewards on this board go, and their lines in archives.
            Everybody behind them moves up. This cannot be undone.
          </p>
        </Confirm>
      )}
    </Drawer>
  );
}
