import fc from "fast-check";
import { expect, it } from "vitest";
import { gcra, type Rate } from "./gcra.ts";

const rates = fc.record({
  perPeriod: fc.integer({ min: 1, max: 50 }),
  intervalMs: fc.integer({ min: 1, max: 2_000 }),
  burst: fc.integer({ min: 1, max: 20 }),
});
const gaps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 100 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  ),
  {
    minLength: 1,
    maxLength: 120,
    size: "max",
  },
);

function rateOf(drawn: { perPeriod: number; intervalMs: number; burst: number }): Rate {
  return { perPeriod: drawn.perPeriod, periodMs: drawn.perPeriod * drawn.intervalMs, burst: drawn.burst };
}

function arrivals(gapList: readonly number[]): number[] {
  let at = 1_000_000;
  return gapList.map((gap) => (at += gap));
}

it("[KT52] no window of any length admits more than its share plus one burst", () => {
  let refused = 0;
  fc.assert(
    fc.property(rates, gaps, (drawn, gapList) => {
      const rate = rateOf(drawn);
      const admitted: number[] = [];
      let tat: number | undefined;
      for (const now of arrivals(gapList)) {
        const verdict = gcra(rate, tat, now);
        tat = verdict.tat;
        if (verdict.allowed) admitted.push(now);
        else refused += 1;
      }
      // One expectation for all windows: thousands of them cost more than what they look at.
      const overfull = admitted.flatMap((from, i) =>
        admitted.filter((until, j) => j >= i && j - i + 1 > rate.burst + Math.floor((until - from) / drawn.intervalMs)),
      );
      expect(overfull).toEqual([]);
    }),
    { seed: 52, numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(1_000);
});

it("[KT52] it admits exactly what a bucket of tokens, counted one by one, admits", () => {
  fc.assert(
    fc.property(rates, gaps, (drawn, gapList) => {
      const rate = rateOf(drawn);
      // The oracle counts whole milliseconds of credit: an interval's worth buys one unit, a burst's worth is the most.
      const full = drawn.intervalMs * rate.burst;
      let credit = full;
      let last: number | undefined;
      let tat: number | undefined;
      for (const now of arrivals(gapList)) {
        credit = Math.min(full, credit + (now - (last ?? now)));
        last = now;
        const expected = credit >= drawn.intervalMs;
        if (expected) credit -= drawn.intervalMs;
        const verdict = gcra(rate, tat, now);
        tat = verdict.tat;
        expect(verdict.allowed).toBe(expected);
        expect(verdict.remaining).toBe(Math.floor(credit / drawn.intervalMs));
      }
    }),
    { seed: 53, numRuns: 500 },
  );
});

it("[KT53] a refusal says when to come back: then it is allowed, a millisecond earlier it is not", () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 0, max: 5_000 }), (drawn, wait) => {
      const rate = rateOf(drawn);
      let tat: number | undefined;
      for (let i = 0; i < rate.burst; i++) tat = gcra(rate, tat, 1_000).tat;
      const now = 1_000 + Math.min(wait, drawn.intervalMs - 1);
      const refused = gcra(rate, tat, now);
      expect(refused.allowed).toBe(false);
      expect(gcra(rate, refused.tat, now + refused.retryAfterMs).allowed).toBe(true);
      if (refused.retryAfterMs > 1) expect(gcra(rate, refused.tat, now + refused.retryAfterMs - 1).allowed).toBe(false);
    }),
    { seed: 54, numRuns: 300 },
  );
});

it("[KT53] a burst may be taken in one piece, and one more may not", () => {
  const rate: Rate = { perPeriod: 5, periodMs: 60_000, burst: 10 };
  expect(gcra(rate, undefined, 0, 10)).toEqual({ allowed: true, tat: 120_000, retryAfterMs: 0, remaining: 0 });
  expect(gcra(rate, undefined, 0, 11).allowed).toBe(false);
});

it("[KT53] a clock that was set back shuts a bucket for no longer than an empty one needs", () => {
  const rate: Rate = { perPeriod: 1, periodMs: 1_000, burst: 3 };
  expect(gcra(rate, 9_999_999, 0)).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
});
