import * as z from "zod";
import { MAX_EVENT_BYTES } from "../../../contract/events.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { allGiven, type Grant, partsOfGrants, type Prize, prizesOf, wonBy } from "../../../core/live/leaderboard/prizes.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { standingsOf } from "../../../core/live/leaderboard/standings.ts";
import type { BoardParts } from "./parts.ts";
import type { RewardStore } from "./rewards.ts";
import type { WindowRow } from "./sql-windows.ts";
import type { BoardSet } from "./windows.ts";

/** Entries read at once. */
const PAGE_ROWS = 1_000;
/** What a ranking costs of a slice beyond its rows, so that a window of many empty partitions is sliced too. */
const SET_ROWS = 50;

const progressSchema = z.object({
  /** The ranking it is at, and the last entry that was looked at. */
  set: z.number(),
  after: z.object({ inv: z.number(), sub: z.number(), at: z.number(), player: z.string() }).nullable(),
});
type Progress = z.infer<typeof progressSchema>;

/**
 * Grants the rewards of a frozen window, a slice at a time: rows, events and how far it came are one transaction, so that after a crash
 * it goes on where it was, and nobody is given anything twice.
 */
export class Rewarding {
  readonly #parts: BoardParts;
  readonly #rewards: RewardStore;

  constructor(parts: BoardParts, rewards: RewardStore) {
    this.#parts = parts;
    this.#rewards = rewards;
  }

  /** Whether the board gives anything in windows of this kind. */
  any(row: WindowRow): boolean {
    return this.#parts.book.config().rewards.some(({ window }) => window === row.kind);
  }

  /**
   * The next slice. In a transaction.
   * @param sets the window's rankings by rising id, shadows left out
   * @returns how far it came, as JSON, or null when all is given
   */
  slice(row: WindowRow, sets: readonly BoardSet[], now: number): string | null {
    let progress: Progress = row.progress === null ? { set: 0, after: null } : progressSchema.parse(JSON.parse(row.progress));
    let rows: number = LEADERBOARD_LIMITS.sliceRows;
    for (const set of sets) {
      if (set.id < progress.set) continue;
      let after = set.id === progress.set ? progress.after : null;
      const prizes = prizesOf(this.#parts.book.config().rewards, row.kind, this.#parts.sets.total(set.id));
      rows -= SET_ROWS;
      for (;;) {
        progress = { set: set.id, after };
        if (rows <= 0) return JSON.stringify(progress);
        const page = this.#page(set, after);
        rows -= page.length;
        if (this.#givePage(set, page, prizes, now)) break;
        after = page.at(-1) ?? null;
      }
      progress = { set: set.id + 1, after: null };
    }
    return null;
  }

  #page({ id }: BoardSet, after: SortKey | null): SortKey[] {
    const { sets } = this.#parts;
    return after === null ? sets.pageAt(id, 0, PAGE_ROWS) : sets.pageFrom(id, after, "forward", PAGE_ROWS);
  }

  /** @returns whether nobody further behind wins anything */
  #givePage(set: BoardSet, page: readonly SortKey[], prizes: readonly Prize[], now: number): boolean {
    const { sets, book } = this.#parts;
    const [first] = page;
    if (!first) return true;
    const standings = standingsOf(sets, set.id, sets.placeOf(set.id, first), page, book.config().ranking);
    const granted = new Map<string, Grant[]>();
    for (const [index, standing] of standings.entries()) {
      const player = page[index]?.player ?? "";
      for (const reward of wonBy(prizes, standing)) {
        const grant = { player, reward, rank: standing.rank };
        if (!this.#rewards.grant({ ...grant, window: set.window, partition: set.partition }, now)) continue;
        const given = granted.get(reward);
        if (given) given.push(grant);
        else granted.set(reward, [grant]);
      }
    }
    for (const [reward, grants] of granted) this.#tell(set, reward, grants);
    const last = standings.at(-1);
    return page.length < PAGE_ROWS || (last !== undefined && allGiven(prizes, last));
  }

  #tell({ window, partition }: BoardSet, reward: string, grants: readonly Grant[]): void {
    const { kit } = this.#parts;
    const board = kit.address.name;
    for (const part of partsOfGrants(grants, LEADERBOARD_LIMITS.eventPlayers, EVENT_BYTES)) {
      const players = part.map(({ player, rank }) => ({ player, rank }));
      kit.outbox.emit({
        type: "meridian.reward.granted",
        subject: `leaderboard/${board}`,
        data: { board, window, partition, reward, count: players.length, personal: { players } },
      });
    }
  }
}

/** Of the players of one event; the rest is for everything else that it says. */
const EVENT_BYTES = MAX_EVENT_BYTES - 4 * 1024;
