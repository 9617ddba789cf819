import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs, retrying, type RetryPolicy } from "./retry.ts";

const POLICY: RetryPolicy = { baseMs: 50, capMs: 1_000, attempts: 4 };

async function run(failures: number, retryable: (error: unknown) => boolean = () => true, random = () => 0.999) {
  const slept: number[] = [];
  let calls = 0;
  const work = async () => {
    calls += 1;
    if (calls <= failures) throw new Error(`failure ${calls}`);
    return "done";
  };
  const deps = { sleep: async (ms: number) => void slept.push(ms), random };
  const result = await retrying(POLICY, deps, retryable, work).catch((error: unknown) => (error instanceof Error ? error.message : error));
  return { slept, calls, result };
}

it("[KT61] work is tried until it succeeds, with delays that double below a cap", async () => {
  expect(await run(0)).toEqual({ slept: [], calls: 1, result: "done" });
  expect(await run(3)).toEqual({ slept: [49, 99, 199], calls: 4, result: "done" });
});

it("[KT61] after the last attempt, or an error that is not to be retried, the error itself is thrown", async () => {
  expect(await run(9)).toMatchObject({ calls: 4, result: "failure 4" });
  expect(await run(9, () => false)).toEqual({ slept: [], calls: 1, result: "failure 1" });
});

it("[KT62] jitter is full: from nothing up to, but not reaching, the bound of the attempt", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const delay = backoffMs(POLICY, attempt, random);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(Math.min(POLICY.capMs, POLICY.baseMs * 2 ** attempt));
      expect(Number.isInteger(delay)).toBe(true);
    }),
    { seed: 62, numRuns: 500 },
  );
  expect(backoffMs(POLICY, 30, 0)).toBe(0);
});
