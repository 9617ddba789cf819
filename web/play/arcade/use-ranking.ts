import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { MeridianError } from "../../../sdk/errors.ts";
import type { RankPush } from "../../../contract/leaderboard-live.ts";
import type { Standing } from "../../../contract/leaderboard-reads.ts";
import { asError } from "../../lib/resource.ts";
import { atMostEvery } from "../../lib/at-most-every.ts";
import type { UserBoards } from "../../../sdk/user.ts";
import { type RankingOf, setOf } from "./boards.ts";
import { missingPages, NO_PAGES, PAGE_ROWS, type RankPages, withPage } from "./rank-pages.ts";

/** Lists ask anew at most this often, however much moves. */
const REFRESH_MS = 5_000;

export interface RankingState {
  readonly pages: Signal<RankPages>;
  /** One's own place; undefined until it is known, null for who is nobody. */
  readonly own: Signal<Standing | null | undefined>;
  readonly error: Signal<MeridianError | undefined>;
  /** Epoch milliseconds of the last good answer; 0 before the first. */
  readonly at: Signal<number>;
  /** Rows that are in sight now: their pages are fetched, and looked at again on refresh. */
  need(firstRow: number, lastRow: number): void;
  /** Something moved: asks again when it is time. */
  moved(): void;
  /** One's own place, told before it was asked for. */
  placed(push: RankPush): void;
}

function percentileOf(rank: number, total: number): number {
  return ((total - rank + 1) / total) * 100;
}

/** The pages of a ranking around what is in sight, and one's own standing, as fresh as five seconds allow. */
export function useRanking(api: UserBoards, of: RankingOf, player: string | undefined): RankingState {
  const key = [of.board, of.window, of.partition, player].join("\n");
  const state = useMemo(() => {
    const pages = signal(NO_PAGES);
    const own = signal<Standing | null | undefined>(player === undefined ? null : undefined);
    const error = signal<MeridianError | undefined>(undefined);
    const at = signal(0);
    const abort = new AbortController();
    const going = new Set<number>();
    let inSight: readonly [number, number] = [0, 20];
    const fail = (failure: unknown) => {
      if (!abort.signal.aborted) error.value = asError(failure);
    };
    const fetchPage = async (page: number) => {
      if (going.has(page)) return;
      going.add(page);
      try {
        const answer = await api.entries(
          of.board,
          { ...setOf(of), rank: page * PAGE_ROWS + 1, limit: PAGE_ROWS },
          { signal: abort.signal },
        );
        if (abort.signal.aborted) return;
        pages.value = withPage(pages.value, page, answer);
        error.value = undefined;
        at.value = Date.now();
      } catch (failure) {
        fail(failure);
      } finally {
        going.delete(page);
      }
    };
    const fetchOwn = async () => {
      if (player === undefined) return;
      try {
        const standing = await api.rank(of.board, player, setOf(of), { signal: abort.signal });
        if (!abort.signal.aborted) own.value = standing;
      } catch (failure) {
        fail(failure);
      }
    };
    const refresh = () => {
      if (abort.signal.aborted || document.hidden) return;
      for (let page = Math.floor(inSight[0] / PAGE_ROWS); page <= Math.floor(inSight[1] / PAGE_ROWS); page++) void fetchPage(page);
      void fetchOwn();
    };
    return {
      pages,
      own,
      error,
      at,
      abort,
      refresh,
      need: (first: number, last: number) => {
        inSight = [first, last];
        for (const page of missingPages(pages.value, first, last)) void fetchPage(page);
      },
      moved: atMostEvery(REFRESH_MS, refresh),
      placed: ({ rank, total, score }: RankPush) => {
        const known = own.value;
        if (rank === null || score === null || !known?.entry) return void fetchOwn(); // it came, or it went: the rest of it is asked for
        own.value = { ...known, rank, total, percentile: percentileOf(rank, total), entry: { ...known.entry, rank, score } };
      },
    };
  }, [key]);
  useEffect(() => {
    state.moved();
    return () => state.abort.abort();
  }, [state]);
  return state;
}
