import fc from "fast-check";
import { followersMissNothing, type Seen } from "../../core/live/hub-model.ts";

/** The live protocol against a naive reader. @throws with the shrunk steps that broke it */
export function fuzz(seed: number, runs: number): void {
  const seen: Seen = { events: 0, reported: 0, slow: 0, slept: 0, unsent: 0, exact: 0 };
  fc.assert(followersMissNothing(seen), { seed, numRuns: runs });
  console.log(`live: ${JSON.stringify(seen)}`);
}
