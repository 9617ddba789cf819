import { MemoryEntries } from "../../core/live/leaderboard/entries-testing.ts";
import { BUCKET_LIMITS } from "../../core/live/leaderboard/loaded-set.ts";
import { type ModelReport, runRankingModel, WORKLOADS } from "../../core/live/leaderboard/ranking-model-testing.ts";
import { mulberry } from "../lib/random.ts";

/**
 * Counted buckets of the real size beside a sorted array: this seed and the ones after it, each with so many operations, in four workloads
 * by turns, every second pair with distinct scores counted as well.
 * @param runs operations of each seed @throws with the seed when an answer differs, or when nothing was split or united
 * @returns what happened over all seeds
 */
export function fuzz(seed: number, runs: number, seeds = 20): ModelReport {
  const sum: ModelReport = { splits: 0, merges: 0, evictions: 0, undone: 0, checkpoints: 0, drops: 0, replayed: 0, largest: 0 };
  for (let n = 0; n < seeds; n++) {
    const workload = WORKLOADS[n % WORKLOADS.length] ?? "zipf";
    try {
      const report = run(seed + n, runs, workload, n % 8 >= 4);
      for (const name of Object.keys(sum) as (keyof ModelReport)[]) sum[name] += report[name]; // its own keys
      if (runs >= 100_000 && (report.splits === 0 || report.merges === 0)) throw new Error("no bucket was split, or none was united");
    } catch (error) {
      throw new Error(`seed ${seed + n}, ${workload}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return sum;
}

function run(seed: number, operations: number, workload: (typeof WORKLOADS)[number], dense: boolean): ModelReport {
  const store = new MemoryEntries();
  const transaction = (work: () => void): void => store.transaction(work);
  // As many as changes reach several times over, so that buckets run empty when it shrinks.
  const players = Math.min(4_000, Math.ceil(operations / 8));
  const phases = operations < 50_000 ? 2 : 6;
  return runRankingModel({
    store,
    transaction,
    random: mulberry(seed),
    operations,
    workload,
    dense,
    limits: BUCKET_LIMITS,
    players,
    phases,
  });
}
