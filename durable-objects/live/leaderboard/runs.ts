import type { RunReply } from "../../../contract/leaderboard-scores.ts";

/** A run that is open: begun, and neither used nor forgotten. Times are epoch milliseconds. */
export interface OpenRun {
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** Runs by which a player's time is measured on our clock. Each is used once. */
export interface Runs {
  /** @param runId made of `now`, so that ids sort by time */
  start(player: string, runId: string, now: number): RunReply;
  find(player: string, runId: string): OpenRun | undefined;
  /** The run is over, whatever became of its score. */
  use(player: string, runId: string): void;
  /** @returns how many went */
  forget(player: string): number;
}
