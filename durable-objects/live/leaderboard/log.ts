import type { Reason, Verdict } from "../../../contract/leaderboard-scores.ts";
import type { ChangeSource } from "../../../core/live/leaderboard/ranked-sets.ts";

/** `import` counts like a score; `correction` is a reviewer's, a ban's, an erasure's or a closing's change. */
export type LogKind = "score" | "import" | "correction";

/** One row of the log; also how an R2 segment of it is written. */
export interface LogRow {
  /** Rises by one; the object's own order of everything. */
  readonly seq: number;
  readonly kind: LogKind;
  readonly player: string;
  /** Epoch milliseconds when the server took it, and when it happened (decides the window). */
  readonly at: number;
  readonly occurredAt: number;
  /** Scaled; of a `sum` board the delta. Null in a correction. */
  readonly score: number | null;
  readonly subscore: number | null;
  readonly verdict: Verdict | null;
  readonly reasons: readonly Reason[];
  readonly durationMs: number | null;
  readonly runId: string | null;
  /** Values of partitions. */
  readonly partitions: readonly string[];
  readonly metadata: string | null;
  /** Taken back by a reviewer. */
  readonly removed: boolean;
}

/**
 * The board's log. A submission's id is a UUIDv7 whose last 48 bits are its `seq`, so no index finds it. Rows older than
 * `LEADERBOARD_LIMITS.logMs` leave for R2 and fold into their players' bases.
 */
export interface BoardLog extends ChangeSource {
  /** @param changes what `sets.takeChanges()` gave in this transaction @returns the row's seq and submission id */
  append(row: Omit<LogRow, "seq">, changes: Uint8Array | undefined): { readonly seq: number; readonly submissionId: string };
  lastSeq(): number;
  find(submissionId: string): LogRow | undefined;
  /** Of one player, newest first. */
  ofPlayer(player: string, limit: number): LogRow[];
  /** Of one player, oldest first, all that still counts: for a rebuild. */
  counting(player: string): Iterable<LogRow>;
  newest(limit: number): LogRow[];
  /** The newest scores that count, looked for among the newest `LEADERBOARD_LIMITS.sliceRows` rows. */
  newestCounting(limit: number): LogRow[];
  after(seq: number, limit: number): LogRow[];
  mark(seq: number, change: { readonly verdict?: Verdict; readonly removed?: boolean }): void;
  /** Rows up to this one are not in the object any more: they cannot be taken back. 0 when all are. */
  archivedUpTo(): number;
  /** Takes rows up to this one away, the oldest first, after their copies were read back. @returns how many went; fewer than `limit`: none is left */
  drop(upTo: number, limit: number): number;
  /**
   * Takes a player's rows away: erasure. Rows whose changes are not in a checkpoint yet stay for the counts, without anything about the
   * run; only the id is left in them until they leave with the others.
   * @param upTo only rows up to this one, which a checkpoint holds already
   * @returns how many went or were emptied
   */
  forget(player: string, limit: number, upTo?: number): number;
  /** Rows, and about how many bytes they take, told from the newest of them. */
  size(): { readonly rows: number; readonly bytes: number };
  idOf(row: Pick<LogRow, "seq" | "at">): string;
}
