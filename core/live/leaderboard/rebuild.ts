import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { SortKey } from "./ranked-sets.ts";
import { compareKeys, scoreOf, sortKeyOf } from "./scores.ts";

/** A run that counts, as far as it decides an entry. */
export interface CountedRun {
  /** Scaled score; of a `sum` board the delta. */
  readonly score: number;
  readonly subscore: number | null;
  /** When it happened, epoch milliseconds. */
  readonly at: number;
}

type Rules = Pick<BoardConfig, "order" | "subscore" | "operator">;

/**
 * What a run makes of a player's entry. A submission, a rebuild and the folding of old rows into a base all go through here, so that a
 * replay of the log ends where the scores themselves had ended.
 * @param before the entry so far; the very same object comes back when the run changes nothing
 * @returns undefined when a sum leaves what can be kept exactly
 */
export function applyRun(rules: Rules, player: string, before: SortKey | undefined, run: CountedRun): SortKey | undefined {
  const key = sortKeyOf(rules, player, run.score, run.subscore, run.at);
  if (before === undefined) return key;
  switch (rules.operator) {
    case "best":
      return compareKeys(key, before) < 0 ? key : before;
    case "latest":
      // One that happened earlier than the newest comes too late; of the same moment the one taken last counts.
      return run.at < before.at ? before : key;
    case "sum":
      return run.score === 0 ? before : sum(rules, player, before, run);
  }
}

/** The sum has been what it is since the newest of its runs, whose subscore it carries. */
function sum(rules: Rules, player: string, before: SortKey, run: CountedRun): SortKey | undefined {
  const old = scoreOf(rules, before);
  const total = old.scaled + run.score;
  if (Math.abs(total) > LEADERBOARD_LIMITS.scoreMax) return undefined;
  const newer = run.at >= before.at;
  return sortKeyOf(rules, player, total, newer ? run.subscore : old.subscore, Math.max(before.at, run.at));
}

/** A player's entry from its base, or nothing, and the runs that still count, in the log's order. */
export type Rebuilt = { readonly ok: true; readonly key: SortKey | undefined } | { readonly ok: false };

/** @returns not ok when a sum leaves, on its way, what can be kept exactly: then it never was such a sum */
export function replay(rules: Rules, player: string, base: SortKey | undefined, runs: Iterable<CountedRun>): Rebuilt {
  let key = base;
  for (const run of runs) {
    key = applyRun(rules, player, key, run);
    if (key === undefined) return { ok: false };
  }
  return { ok: true, key };
}
