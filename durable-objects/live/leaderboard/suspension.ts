import { accept, type Outcome } from "../../../contract/problems.ts";
import type { SetChange, SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { REVIEW_LIMITS, stateUnder } from "../../../core/live/leaderboard/review-cases.ts";
import { compareKeys } from "../../../core/live/leaderboard/scores.ts";
import { correctionRow } from "./correction-row.ts";
import type { KeptBans } from "./kept-bans.ts";
import type { BoardParts } from "./parts.ts";
import type { PlayerRow } from "./players.ts";
import { openSets, rebuildPlayer } from "./rebuild.ts";
import type { ReviewStore } from "./sql-reviews.ts";
import type { BoardSet } from "./windows.ts";

/** Named so in the shell: `timers: { suspensions: … }`. */
export const SUSPENSION_TIMER = "suspensions";

/** What became of a player's entries: changes of rankings that everybody sees. */
export type Corrected = readonly { readonly set: BoardSet; readonly change: SetChange }[];

/** An entry as it is to be, and the ranking's shadow where there is one. */
interface Wanted {
  readonly set: BoardSet;
  readonly shadow: BoardSet | undefined;
  readonly key: SortKey | undefined;
}

/**
 * Who is held back, and where their entries are. Entries of a suspended player lie in the shadow of each ranking, so that counts of what
 * everybody sees are exact; a timer brings them back.
 */
export class Suspensions {
  readonly #parts: BoardParts;
  readonly #cases: ReviewStore;
  readonly #bans: KeptBans;

  constructor(parts: BoardParts, cases: ReviewStore, bans: KeptBans) {
    this.#parts = parts;
    this.#cases = cases;
    this.#bans = bans;
  }

  /**
   * Brings a player to what the decisions that stand make of them: row, entries, log and timer. In a transaction.
   * @param runsChanged whether runs came to count or ceased to: then the entries are rebuilt from the log, else moved as they are
   * @param figures the row's figures as they are to become; `best` is that of the rebuild
   * @returns `score-out-of-range` of a rebuild, before anything is written
   */
  settle(
    player: string,
    now: number,
    runsChanged: boolean,
    figures: (row: PlayerRow, best: number | null) => PlayerRow = (row) => row,
  ): Outcome<Corrected> {
    const { players, windows } = this.#parts;
    const rebuilt = runsChanged ? rebuildPlayer(this.#parts, player) : undefined;
    if (rebuilt && !rebuilt.ok) return rebuilt;
    const { state, until } = stateUnder(this.#cases.standing(player), now);
    const shadows = new Map(windows.open().flatMap((set) => (set.shadow ? [[nameOf(set), set] as const] : [])));
    const changes = openSets(windows).flatMap((set) => {
      const shadow = shadows.get(nameOf(set));
      const key = rebuilt ? rebuilt.value.entries.get(set.id)?.key : this.#entryOf(set, shadow, player);
      return this.#place(player, { set, shadow, key }, state !== "active");
    });
    const held = players.find(player) ?? newcomer(player, now);
    const row = rebuilt ? figures(held, rebuilt.value.best) : held;
    players.put({ ...row, state, suspendedUntil: until }, held);
    if (state === "suspended" && until !== null) this.#cases.suspend(player, until);
    else this.#cases.release(player);
    this.#arm();
    this.#log(player, now);
    return accept(changes);
  }

  /** Ends suspensions that are over, and tells: the timer's handler. */
  end(now: number): void {
    const { kit, live } = this.#parts;
    const over = kit.transaction(() => {
      const players = this.#cases.ending(now, REVIEW_LIMITS.endings);
      const ended = players.map((player) => ({ player, changes: this.#endOf(player, now) }));
      this.#bans.drop(now);
      this.#arm(true);
      return ended;
    });
    for (const { player, changes } of over) if (changes.length > 0) live.tell({ type: "correction", player, changes });
  }

  /** Ends one player's suspension when it is over, without waiting for the timer: before a score of theirs is looked at. In a transaction. */
  lift(player: string, now: number): Corrected {
    const row = this.#parts.players.find(player);
    const over = row?.state === "suspended" && row.suspendedUntil !== null && row.suspendedUntil <= now;
    return over ? this.#endOf(player, now) : [];
  }

  /** What holds back a player who was erased. */
  keptBan(player: string, now: number): Pick<PlayerRow, "state" | "suspendedUntil"> | undefined {
    return this.#bans.find(player, now);
  }

  /**
   * Erasure: forgets all but that the player is held back, of which a digest stays.
   * @param lifts whether not even that: they may come back
   */
  forget(player: string, now: number, lifts: boolean): void {
    const { state, until } = stateUnder(this.#cases.standing(player), now);
    if (lifts) this.#bans.lift(player);
    else if (state !== "active") this.#bans.keep(player, until);
    this.#cases.release(player);
    this.#arm();
  }

  /** @param again whether the timer is running out just now: then it is gone unless it is set, even to where it was */
  #arm(again = false): void {
    const { timers } = this.#parts.kit;
    const next = earlier(this.#cases.nextEnd(), this.#bans.nextEnd());
    if (!again && next === timers.get(SUSPENSION_TIMER)) return;
    if (next === undefined) timers.clear(SUSPENSION_TIMER);
    else timers.set(SUSPENSION_TIMER, next);
  }

  #endOf(player: string, now: number): Corrected {
    const { kit, players } = this.#parts;
    const name = players.find(player)?.name ?? null;
    const settled = this.settle(player, now, false);
    if (!settled.ok) throw new Error(`a suspension's end was refused: ${settled.problem.slug}`); // only a rebuild can be
    const board = kit.address.name;
    const data = { board, reviewId: null, cause: "ended", personal: { player, name } };
    kit.outbox.emit({ type: "meridian.player.cleared", subject: `leaderboard/${board}`, data });
    return settled.value;
  }

  #entryOf(set: BoardSet, shadow: BoardSet | undefined, player: string): SortKey | undefined {
    const { sets } = this.#parts;
    return sets.find(set.id, player) ?? (shadow && sets.find(shadow.id, player));
  }

  /** Puts an entry into the ranking or into its shadow, and takes it out of the other. */
  #place(player: string, { set, shadow, key }: Wanted, hidden: boolean): Corrected {
    const there = hidden && key ? (shadow ?? this.#parts.windows.shadowOf(set)) : shadow;
    if (there) this.#bring(there.id, player, hidden ? key : undefined);
    const change = this.#bring(set.id, player, hidden ? undefined : key);
    return change ? [{ set, change }] : [];
  }

  #bring(set: number, player: string, key: SortKey | undefined): SetChange | undefined {
    const { sets } = this.#parts;
    const before = sets.find(set, player);
    if (before === undefined ? key === undefined : key !== undefined && compareKeys(before, key) === 0) return undefined;
    return key === undefined ? sets.remove(set, player) : sets.put(set, key);
  }

  #log(player: string, now: number): void {
    const { log, sets } = this.#parts;
    const changes = sets.takeChanges();
    if (changes !== undefined) log.append(correctionRow(player, now), changes);
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Names of windows and partitions have no blank. */
function nameOf({ window, partition }: BoardSet): string {
  return `${window} ${partition ?? ""}`;
}

/** Of a player of whom nothing is kept yet. */
function newcomer(player: string, now: number): PlayerRow {
  const figures = { runs: 0, total: 0, best: null, streakDays: 0, lastDay: 0, milestone: null };
  return { player, name: null, state: "active", suspendedUntil: null, ...figures, firstAt: now, lastAt: now };
}
