import type { WindowView } from "../../../contract/leaderboard-reads.ts";
import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import type { Outcome } from "../../../contract/problems.ts";

/** One ranking: a window, for all or for one partition; `shadow` holds entries of suspended players, who alone see them. */
export interface BoardSet {
  readonly id: number;
  readonly kind: WindowKind;
  /** `all`, `daily:2026-11-20`, … */
  readonly window: string;
  readonly partition: string | null;
  readonly shadow: boolean;
}

/** Which rankings there are. Opens them when the first score comes, closes, rewards, archives and deletes them by timers. */
export interface BoardWindows {
  /**
   * Rankings that a score of this moment enters, opened where they were not. `window-closed` when one of them lies behind the grace.
   * An import enters those that can still be ranked in, closed or not, and leaves out the others; its closed windows are archived anew.
   * `invalid-parameter`: a partition that the board does not have, or a time ahead of the server's clock by more than the grace.
   */
  entering(occurredAt: number, partitions: readonly string[], now: number, how: "score" | "import"): Outcome<readonly BoardSet[]>;
  /** Of the rankings that a score of this moment entered those that still are here, shadows left out; opens none. For a rebuild. */
  entered(occurredAt: number, partitions: readonly string[]): readonly BoardSet[];
  /** The ranking named in a question, or undefined when there is none: nobody scored in it, or it is long gone. */
  named(window: string, partition: string | undefined, now: number): BoardSet | undefined;
  /** Whether there is such a day, week, month or season at all: `daily`, or a full name of one; whatever happened in it. */
  exists(window: string): boolean;
  /** `daily` as the current day's full name. */
  fullName(window: string, now: number): string;
  /** The shadow twin; opened when needed. */
  shadowOf(set: BoardSet): BoardSet;
  /** An erasure took entries out of a closed window: it is archived anew, so that the player goes there too. In a transaction. */
  disturbed(window: string, now: number): void;
  /** Every ranking with entries that may still change (open and in grace), shadows too. */
  open(): readonly BoardSet[];
  all(): readonly BoardSet[];
  list(now: number): readonly WindowView[];
  /** Forgets memory, and what was to be told: after a transaction was undone. */
  reset(): void;
}
