import type { Reason } from "../../../contract/leaderboard-scores.ts";
import type { PlayerRow } from "./players.ts";

/** What a submission tells the reviewers' side; inside the submission's transaction. */
export interface Suspicion {
  readonly seq: number;
  readonly player: string;
  /** Scaled score of the run. */
  readonly score: number;
  readonly verdict: "flagged" | "quarantined";
  readonly reasons: readonly Reason[];
  readonly durationMs: number | null;
  readonly at: number;
}

export interface Reviews {
  /** Opens or extends the player's case. */
  suspect(suspicion: Suspicion): void;
  /** A run that counts, an imported one too: one more of the population, by seeded reservoir. Writes nothing per run. After its row is in the log. */
  sample(run: { readonly seq: number; readonly score: number; readonly durationMs: number | null }): void;
  /** A row of the log that neither counts nor is suspicious, such as a rejected one: keeps the population close to the log's end. */
  passed(seq: number): void;
  /** Rows are about to leave the log: brings the kept population up to its end. Inside a transaction. */
  settle(): void;
  /** Ends the player's suspension where it is over and the timer has not come to it. Inside a transaction. */
  lift(player: string, now: number): void;
  /** What holds back a player of whom nothing is kept but that: who was banned, then erased. */
  keptBan(player: string, now: number): Pick<PlayerRow, "state" | "suspendedUntil"> | undefined;
  /** Cases that nobody has decided. */
  openCases(): number;
  /** Median duration of the population; undefined below 100 runs. */
  typicalDurationMs(): number | undefined;
  /** Forgets memory: after a transaction was undone. */
  reset(): void;
}
