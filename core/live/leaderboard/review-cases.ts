import type { Decision } from "../../../contract/leaderboard-reads.ts";
import type { RobustSummary } from "../../stats/robust.ts";

/** Bounds of the review queue and of what it shows. */
export const REVIEW_LIMITS = {
  /** Runs of one case: a decision looks at each. The next run opens another case. */
  caseRuns: 1_000,
  /** Suspicious runs and runs of the history that one case of a list shows, and that a case by itself does. */
  listed: { suspicious: 10, history: 30 },
  alone: { suspicious: 200, history: 200 },
  /** Bins of the population's picture. */
  bins: 24,
  /** Below this a deviation says nothing. */
  populationMin: 30,
  /** Below this there is no typical duration. */
  durationsMin: 100,
  /** The population is kept each so many rows of the log, so that a cold start reads at most as many. */
  keepEvery: 5_000,
  /** Its figures are reckoned anew when more than this part of it has changed. */
  staleFraction: 0.01,
  /** A decided case is forgotten after this, unless its decision still stands. */
  decidedMs: 90 * 86_400_000,
  /** Suspensions that end in one run of the timer; each moves rows of one player. */
  endings: 50,
  /** Cases that one run of the timer forgets, each with up to `caseRuns` runs. */
  forgotten: 5,
  /** Runs that a player's figures show. */
  recent: 20,
} as const;

/** The population's seed: FNV-1a over the UTF-16 units of the object's name, 32 bits. */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** How far out a score is on the side where it would win; 0 on the other, and while nobody can say. */
export function winningDistance(order: "asc" | "desc", robustZ: number | null): number {
  return Math.max(0, (order === "desc" ? robustZ : robustZ === null ? null : -robustZ) ?? 0);
}

/** The queue's order: deviations of the worst run, and one more for each doubling of suspicious runs, so that persistence weighs without drowning a single absurd score. */
export function severityOf(order: "asc" | "desc", robustZ: number | null, runs: number): number {
  return winningDistance(order, robustZ) + Math.log2(1 + runs);
}

/** The better of two scores is the worse suspicion. */
export function worse(order: "asc" | "desc", a: number, b: number): number {
  return order === "desc" ? Math.max(a, b) : Math.min(a, b);
}

/** A case's runs are told at 1, 2, 4, 8, …: a player who scores without end costs few events. */
export function isWorthTelling(runs: number): boolean {
  return runs > 0 && Number.isInteger(Math.log2(runs));
}

export type PlayerState = "active" | "suspended" | "banned";
/** A decision as far as it holds the player back. */
export interface Standing {
  readonly decision: Decision["decision"];
  /** Epoch milliseconds. */
  readonly until: number | null;
}

/**
 * What a player is under all decisions that stand: a ban outweighs everything, then the latest end that is still to come. So clearing one
 * case does not lift what another one holds.
 */
export function stateUnder(decisions: readonly Standing[], now: number): { readonly state: PlayerState; readonly until: number | null } {
  if (decisions.some(({ decision }) => decision === "ban")) return { state: "banned", until: null };
  const ends = decisions.flatMap(({ decision, until }) => (decision === "suspend" && until !== null && until > now ? [until] : []));
  return ends.length === 0 ? { state: "active", until: null } : { state: "suspended", until: Math.max(...ends) };
}

/** Whether a decision says that the case's rules were right: it holds the player back or takes a suspicious run away. */
export function isUpheld(decision: Decision["decision"], removedSuspicious: number): boolean {
  return decision !== "clear" || removedSuspicious > 0;
}

/** What reviewers see of the population. */
export function populationOf(
  summary: RobustSummary | undefined,
  unscale: (scaled: number) => number,
): { runs: number; median: number | null; p90: number | null; p99: number | null; mad: number | null } {
  if (!summary) return { runs: 0, median: null, p90: null, p99: null, mad: null };
  return {
    runs: summary.count,
    median: unscale(summary.median),
    p90: unscale(summary.p90),
    p99: unscale(summary.p99),
    mad: unscale(summary.mad),
  };
}
