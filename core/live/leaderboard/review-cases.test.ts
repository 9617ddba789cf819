import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUpheld, isWorthTelling, populationOf, REVIEW_LIMITS, severityOf, type Standing, stateUnder, worse } from "./review-cases.ts";

describe("cases", () => {
  it("[LB82] the worst run and each doubling of runs raise the severity, and only on the side where a score wins", () => {
    expect(severityOf("desc", 12, 1)).toBe(13);
    expect(severityOf("desc", 12, 3)).toBe(14);
    expect(severityOf("asc", -12, 1)).toBe(13);
    expect(severityOf("asc", 12, 1)).toBe(1);
    expect(severityOf("desc", null, 1)).toBe(1);
    expect(severityOf("desc", 30, 1)).toBeGreaterThan(severityOf("desc", 3, REVIEW_LIMITS.caseRuns));
    expect([worse("desc", 3, 9), worse("asc", 3, 9)]).toEqual([9, 3]);
  });

  it("[LB82] a case of a thousand runs is told ten times", () => {
    const told = Array.from({ length: REVIEW_LIMITS.caseRuns }, (_, i) => i + 1).filter(isWorthTelling);
    expect(told).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    expect(isWorthTelling(0)).toBe(false);
  });

  it("[LB83] a player is what the severest decision that stands makes of them", () => {
    const until = (end: number): Standing => ({ decision: "suspend", until: end });
    const ban: Standing = { decision: "ban", until: null };
    const clear: Standing = { decision: "clear", until: null };
    expect(stateUnder([], 5)).toEqual({ state: "active", until: null });
    expect(stateUnder([clear, until(5)], 5)).toEqual({ state: "active", until: null });
    expect(stateUnder([until(6)], 5)).toEqual({ state: "suspended", until: 6 });
    expect(stateUnder([until(6), clear, until(9), until(2)], 5)).toEqual({ state: "suspended", until: 9 });
    expect(stateUnder([until(9), ban, clear], 5)).toEqual({ state: "banned", until: null });
  });

  it("[LB83] the order of decisions does not matter", () => {
    const standing = fc.record({
      decision: fc.constantFrom("ban", "suspend", "clear"),
      until: fc.option(fc.nat(20)),
    }) as fc.Arbitrary<Standing>;
    fc.assert(
      fc.property(fc.array(standing, { maxLength: 6 }), fc.nat(20), (decisions, now) => {
        expect(stateUnder(decisions.toReversed(), now)).toEqual(stateUnder(decisions, now));
      }),
      { seed: 83, numRuns: 300 },
    );
  });

  it("[LB83] a rule is upheld when the player is held back or a suspicious run goes", () => {
    expect([isUpheld("ban", 0), isUpheld("suspend", 0), isUpheld("clear", 1), isUpheld("clear", 0)]).toEqual([true, true, true, false]);
  });

  it("[LB80] an empty population has no figures", () => {
    expect(populationOf(undefined, (scaled) => scaled)).toEqual({ runs: 0, median: null, p90: null, p99: null, mad: null });
  });
});
