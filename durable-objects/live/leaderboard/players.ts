/** What a board keeps of a player, over all windows. Times are epoch milliseconds, scores scaled. */
export interface PlayerRow {
  readonly player: string;
  readonly name: string | null;
  readonly state: "active" | "suspended" | "banned";
  readonly suspendedUntil: number | null;
  readonly runs: number;
  readonly total: number;
  readonly best: number | null;
  /** Consecutive days with a score, and the last of them as days since 1970 in the board's zone. */
  readonly streakDays: number;
  readonly lastDay: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The best of the first 100, 10 and 1 of `all` that the player was ever in; null before the first. */
  readonly milestone: number | null;
}

export interface PlayerStore {
  find(player: string): PlayerRow | undefined;
  /** One write per submission. @param held the row as it was found in the same transaction */
  put(row: PlayerRow, held: PlayerRow | undefined): void;
  names(players: readonly string[]): ReadonlyMap<string, string>;
  /** Players whose name begins so, without case, in order. */
  byName(prefix: string, limit: number): readonly PlayerRow[];
  remove(player: string): void;
}
