import { describe, expect, it } from "vitest";
import { runTopicModel, type TopicRun } from "./network-model-testing.ts";

describe("topics over a bad network", () => {
  it("[TP1] reach every follower whole and in order, or it is told", () => {
    const sum: Partial<Record<keyof TopicRun, number>> = {};
    for (let seed = 1; seed <= 40; seed++) {
      let run: TopicRun;
      try {
        run = runTopicModel(seed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      for (const [name, count] of Object.entries(run)) sum[name as keyof TopicRun] = (sum[name as keyof TopicRun] ?? 0) + count; // keys of a run
    }
    // Not vacuous: all that can happen did.
    expect(Math.min(...Object.values(sum)), JSON.stringify(sum)).toBeGreaterThan(20);
  });
});
