import type { Review, Submission } from "../../../contract/leaderboard-reads.ts";

/** Geometry of what a case shows, in parts of a picture from 0 to 1, the origin at the bottom left. */

export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly run: Submission;
}

/** Runs over time; one alone stands in the middle. @param top the score at the upper edge */
export function historyDots(runs: readonly Submission[], top: number): Dot[] {
  const times = runs.map(({ at }) => Date.parse(at));
  const from = Math.min(...times);
  const span = Math.max(...times) - from;
  return runs.map((run, i) => ({
    x: span === 0 ? 0.5 : ((times[i] ?? from) - from) / span,
    y: Math.max(0, Math.min(1, run.score / (top || 1))),
    run,
  }));
}

/** The score at the upper edge of a history: what was scored and what the population's best do, with room above. */
export function historyTop(runs: readonly Submission[], population: Pick<Review["population"], "p99">): number {
  return Math.max(1e-9, population.p99 ?? 0, ...runs.map(({ score }) => score)) * 1.08;
}

export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The population as bars and the player's runs as marks on one axis, which reaches to the farthest of them. Heights are logarithmic: a
 * single run far out is to be seen beside thousands in the middle.
 */
export function histogramPicture(
  { from, to, counts }: NonNullable<Review["histogram"]>,
  scores: readonly number[],
): { readonly low: number; readonly high: number; readonly bars: Bar[]; readonly marks: number[] } {
  const low = Math.min(from, ...scores);
  const high = Math.max(to, ...scores);
  const span = high - low || 1;
  const step = (to - from) / Math.max(1, counts.length);
  const most = Math.log1p(Math.max(1, ...counts));
  return {
    low,
    high,
    bars: counts.map((count, i) => ({
      x: (from + i * step - low) / span,
      width: step === 0 ? 1 : step / span,
      height: Math.log1p(count) / most,
      count,
      from: from + i * step,
      to: from + (i + 1) * step,
    })),
    marks: scores.map((score) => (score - low) / span),
  };
}

/** Runs of a case as they are listed: suspicious ones first, each once, the newest first. */
export function runsOf({ suspicious, history }: Pick<Review, "suspicious" | "history">): readonly Submission[] {
  const newest = (runs: readonly Submission[]) => runs.toSorted((a, b) => b.at.localeCompare(a.at));
  const known = new Set(suspicious.map(({ submissionId }) => submissionId));
  return [...newest(suspicious), ...newest(history.filter(({ submissionId }) => !known.has(submissionId)))];
}
