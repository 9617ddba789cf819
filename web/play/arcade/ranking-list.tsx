import { useLayoutEffect, useRef } from "preact/hooks";
import { Star } from "lucide";
import type { Entry } from "../../../contract/leaderboard-reads.ts";
import { plural } from "../../lib/format.ts";
import { Icon } from "../../ui/icon.tsx";
import { useSlidingRows } from "../../ui/use-sliding-rows.ts";
import { useVirtual } from "../../ui/use-virtual.ts";
import { friends, toggleFriend } from "./friends.ts";
import { entryAt, type RankPages } from "./rank-pages.ts";

const ROW_PX = 44;

interface RowsProps {
  readonly own: string | undefined;
  readonly open: (player: string) => void;
}

/** All ranks to the last, of which only those in sight are drawn and fetched. */
export function RankingList({ pages, need, ...rows }: RowsProps & { pages: RankPages; need: (first: number, last: number) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtual(pages.total, ROW_PX, () => scroller.current);
  const first = virtual.items[0]?.index ?? 0;
  const last = virtual.items.at(-1)?.index ?? 20;
  useLayoutEffect(() => need(first, last), [first, last, pages.total]);
  const shown = virtual.items.map(({ index }) => ({ place: index, entry: entryAt(pages, index) }));
  return (
    <div ref={scroller} class="ranks-scroller" tabIndex={0} role="region" aria-label={`Ranking of ${plural(pages.total, "player")}`}>
      <div style={{ height: `${virtual.before}px` }} />
      <Rows shown={shown} {...rows} />
      <div style={{ height: `${virtual.after}px` }} />
    </div>
  );
}

/** A short list: friends, or who was found. */
export function ShortList({ entries, ...rows }: RowsProps & { entries: readonly Entry[] }) {
  return (
    <div class="ranks-scroller short">
      <Rows shown={entries.map((entry) => ({ place: entry.rank - 1, entry }))} {...rows} />
    </div>
  );
}

function Rows({ shown, own, open }: RowsProps & { shown: readonly { readonly place: number; readonly entry: Entry | undefined }[] }) {
  const order = shown.map(({ place, entry }) => entry?.player ?? `place ${place}`);
  const list = useSlidingRows<HTMLOListElement>(order);
  const moves = useMoves(shown.flatMap(({ entry }) => (entry ? [entry] : [])));
  return (
    <ol ref={list} class="ranks">
      {shown.map(({ place, entry }) =>
        entry ? (
          <Row key={entry.player} entry={entry} move={moves.get(entry.player)} isOwn={entry.player === own} open={open} />
        ) : (
          <li key={`place ${place}`} class="rank-row waiting" aria-hidden="true" />
        ),
      )}
    </ol>
  );
}

type Move = "up" | "down";

/** Who stands better or worse than when they were last drawn. */
function useMoves(entries: readonly Entry[]): ReadonlyMap<string, Move> {
  const before = useRef(new Map<string, number>());
  const moves = new Map<string, Move>();
  for (const { player, rank } of entries) {
    const was = before.current.get(player);
    if (was !== undefined && was !== rank) moves.set(player, rank < was ? "up" : "down");
  }
  useLayoutEffect(() => {
    before.current = new Map(entries.map(({ player, rank }) => [player, rank]));
  });
  return moves;
}

function Row({ entry, move, isOwn, open }: { entry: Entry; move: Move | undefined; isOwn: boolean; open: (player: string) => void }) {
  const starred = friends.value.includes(entry.player);
  const name = entry.name ?? entry.player;
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (!move || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const colour = `var(--${move === "up" ? "ok" : "critical"})`;
    row.current?.animate([{ boxShadow: `inset 3px 0 ${colour}` }, { boxShadow: "inset 3px 0 transparent" }], { duration: 2_000 });
  }, [entry.rank]);
  return (
    <li ref={row} class={`rank-row${entry.rank <= 3 ? ` medal-${entry.rank}` : ""}${isOwn ? " own" : ""}`}>
      <span class="rank">{entry.rank.toLocaleString("en")}</span>
      <button type="button" class="rank-name" onClick={() => open(entry.player)}>
        {name}
        {isOwn && <span class="muted"> (you)</span>}
      </button>
      <span class="rank-score">{entry.score.toLocaleString("en")}</span>
      <button
        type="button"
        class="rank-star"
        aria-pressed={starred}
        aria-label={starred ? `Remove the star of ${name}` : `Star ${name} as a friend`}
        title={starred ? "Remove the star" : "Star as a friend"}
        onClick={() => toggleFriend(entry.player)}
      >
        <Icon of={Star} />
      </button>
    </li>
  );
}
