import type { Submission } from "../../../contract/leaderboard-reads.ts";
import { unscale } from "../../../core/live/leaderboard/scores.ts";
import type { LogRow } from "./log.ts";

/** Fields of a row, or of a case's run, that a submission is shown by. */
export type ShownRow = Pick<LogRow, "seq" | "at" | "score" | "verdict" | "reasons" | "durationMs" | "removed"> & {
  /** When it happened, which of history is long before it came; absent: as it came. */
  readonly occurredAt?: number;
};

/** Whether the row is a submission, and not a change that was made without one. */
export function isSubmission(row: ShownRow): row is ShownRow & { readonly score: number; readonly verdict: Submission["verdict"] } {
  return row.score !== null && row.verdict !== null;
}

/** A submission as reviewers see it. @param id of `BoardLog.idOf` */
export function submissionView(
  row: ShownRow & { readonly score: number; readonly verdict: Submission["verdict"] },
  of: { readonly id: string; readonly player: string; readonly name: string | null; readonly decimals: number },
): Submission {
  return {
    submissionId: of.id,
    player: of.player,
    name: of.name,
    score: unscale(row.score, of.decimals),
    verdict: row.verdict,
    reasons: [...row.reasons],
    durationMs: row.durationMs,
    at: new Date(row.occurredAt ?? row.at).toISOString(),
    removed: row.removed,
  };
}
