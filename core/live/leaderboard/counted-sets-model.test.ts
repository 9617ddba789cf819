import { expect, it } from "vitest";
import { mulberry } from "../../../tests/lib/random.ts";
import { fuzz } from "../../../tests/fuzz/leaderboard-ranks.ts";
import { MemoryEntries } from "./entries-testing.ts";
import { BUCKET_LIMITS } from "./loaded-set.ts";
import { runRankingModel, WORKLOADS } from "./ranking-model-testing.ts";

// The short form: small buckets, so that a few thousand changes split and unite them often. The long one is `npm run fuzz -- leaderboard-ranks`.
const SMALL = { split: 16, merge: 3, mergedMax: 12 };

it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))(
  "[LB8] ranks equal those of a sorted array and counts of buckets their rows (seed %i)",
  (seed) => {
    const workload = WORKLOADS[seed % WORKLOADS.length] ?? "zipf";
    const store = new MemoryEntries();
    const report = runRankingModel({
      store,
      transaction: (work) => store.transaction(work),
      random: mulberry(seed),
      operations: 1_500,
      workload,
      dense: seed % 3 === 0,
      limits: SMALL,
      players: 300,
      phases: 6,
    });
    expect(report.splits).toBeGreaterThan(20);
    expect(report.merges).toBeGreaterThan(0);
    expect(report.evictions).toBeGreaterThan(0);
    expect(report.undone).toBeGreaterThan(0);
    expect(report.checkpoints).toBeGreaterThan(2);
    expect(report.replayed).toBeGreaterThan(0);
  },
);

it("[LB8] buckets of the real size split and unite like small ones", () => {
  expect(BUCKET_LIMITS).toEqual({ split: 512, merge: 64, mergedMax: 384 });
  const { splits, merges } = fuzz(1, 10_000, 4);
  expect(splits).toBeGreaterThan(0);
  expect(merges).toBeGreaterThan(0);
});
