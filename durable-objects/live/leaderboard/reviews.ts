import type { Reason } from "../../../contract/leaderboard-scores.ts";

/** What a submission tells the reviewers' side; inside the submission's transaction. */
export interface Suspicion {
  readonly seq: number;
  readonly player: string;
  /** Scaled score of the run. */
  readonly score: number;
  readonly verdict: "flagged" | "quarantined";
  readonly reasons: readonly Reason[];
  readonly at: number;
}

export interface Reviews {
  /** Opens or extends the player's case. */
  suspect(suspicion: Suspicion): void;
  /** A run that counts: one more of the population, by seeded reservoir. Writes nothing per run. */
  sample(run: { readonly seq: number; readonly score: number; readonly durationMs: number | null }): void;
  /** Median duration of the population; undefined below 100 runs. */
  typicalDurationMs(): number | undefined;
}
