import type { BoardRule } from "../../../contract/leaderboards.ts";
import type { Reason, Verdict } from "../../../contract/leaderboard-scores.ts";

/** What the rules look at. Times are epoch milliseconds. */
export interface JudgedRun {
  /** The score or delta as it was sent. */
  readonly score: number;
  readonly occurredAt: number;
  /** The server's time now. */
  readonly now: number;
  /** When the player's last score happened. */
  readonly lastAt: number | undefined;
  readonly durationMs: number | undefined;
  /** The run that was named; `unknown`: one that never was, or somebody else's. */
  readonly run: { readonly startedAt: number } | "unknown" | undefined;
  /** Median duration of the board's own runs; undefined while there are too few. */
  readonly typicalMs: () => number | undefined;
}

/** A client's clock against ours: so much longer than our own measure a run may say that it took. */
const CLOCK_SLACK_MS = 1_000;

/**
 * Holds a run against the board's rules.
 * @returns the worst verdict, and a reason for each rule that acted, in the order of the rules
 */
export function judge(rules: readonly BoardRule[], run: JudgedRun): { readonly verdict: Verdict; readonly reasons: readonly Reason[] } {
  const reasons: Reason[] = [];
  for (const rule of rules) {
    const detail = faultOf(rule, run);
    if (detail !== undefined) reasons.push({ rule: rule.type, action: rule.action, detail });
  }
  const acted = new Set(reasons.map(({ action }) => action));
  return {
    verdict: acted.has("reject") ? "rejected" : acted.has("quarantine") ? "quarantined" : acted.has("flag") ? "flagged" : "accepted",
    reasons,
  };
}

/** What the rule has against the run, in words; undefined: nothing. */
function faultOf(rule: BoardRule, run: JudgedRun): string | undefined {
  switch (rule.type) {
    case "max-score":
      return run.score > rule.max ? `A run's score of ${run.score} is above ${rule.max}.` : undefined;
    case "run":
      return runFault(run);
    case "interval": {
      if (run.lastAt === undefined) return undefined;
      const sinceMs = Math.abs(run.occurredAt - run.lastAt);
      return sinceMs < rule.minMs
        ? `It comes ${sinceMs} ms from the player's last score; at least ${rule.minMs} ms belong between.`
        : undefined;
    }
    case "duration": {
      const tookMs = durationOf(run);
      const typicalMs = rule.typicalMs ?? run.typicalMs();
      if (tookMs === undefined || typicalMs === undefined) return undefined;
      const inside = tookMs >= rule.min * typicalMs && tookMs <= rule.max * typicalMs;
      return inside ? undefined : `It took ${tookMs} ms; ${rule.min} to ${rule.max} times ${typicalMs} ms are usual.`;
    }
    case "points-per-second": {
      const tookMs = durationOf(run);
      if (tookMs === undefined) return undefined;
      // Without a duration above zero any points at all are too many.
      const fast = run.score * 1_000 > rule.max * tookMs;
      return fast ? `${run.score} points in ${tookMs} ms are more than ${rule.max} a second.` : undefined;
    }
  }
}

function runFault({ run, durationMs, now }: JudgedRun): string | undefined {
  if (run === undefined) return "It names no run; begin one before the round.";
  if (run === "unknown") return "The player has no such run.";
  const sinceMs = now - run.startedAt;
  if (durationMs === undefined || durationMs <= sinceMs + CLOCK_SLACK_MS) return undefined;
  return `It says ${durationMs} ms, and the run began ${sinceMs} ms ago.`;
}

/** As sent; of a run that says nothing, what our own clock says: leaving it out must not pass by the rules. */
function durationOf({ durationMs, run, now }: JudgedRun): number | undefined {
  if (durationMs !== undefined) return durationMs;
  return run === undefined || run === "unknown" ? undefined : Math.max(0, now - run.startedAt);
}
