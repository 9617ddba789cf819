import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterCommit, commitDelayMs, GROUP_COMMIT, isOverfull, NOTHING_PAID } from "./group-commit.ts";
import { MAX_ROW_BYTES } from "./store.ts";

const one = { requests: 1, bytes: 100 };
const full = { requests: 1, bytes: GROUP_COMMIT.fullBytes };

/** When rows are written by a shard that is asked at these times. */
function rowsOf(arrivals: readonly number[]): number[] {
  let paidTo = NOTHING_PAID;
  const rows: number[] = [];
  for (let i = 0; i < arrivals.length;) {
    const arrival = arrivals[i] ?? 0;
    const at = arrival + commitDelayMs(one, paidTo, arrival);
    paidTo = afterCommit(paidTo, at);
    rows.push(at);
    while (i < arrivals.length && (arrivals[i] ?? 0) <= at) i++;
  }
  return rows;
}

describe("group commit", () => {
  it("[MT23] commits the first request after a pause at once, and two more; then requests share a row", () => {
    expect(commitDelayMs(one, NOTHING_PAID, 1_000)).toBe(0);
    const second = afterCommit(NOTHING_PAID, 1_000);
    expect(commitDelayMs(one, second, 1_000)).toBe(0);
    const spent = afterCommit(afterCommit(second, 1_000), 1_000);
    expect(commitDelayMs(one, spent, 1_000)).toBe(GROUP_COMMIT.everyMs);
    expect(commitDelayMs(one, spent, 1_000 + GROUP_COMMIT.everyMs - 1)).toBe(1);
    expect(commitDelayMs(one, spent, 1_000 + GROUP_COMMIT.everyMs)).toBe(0);
  });

  it("[MT23] writes at most two rows a second over any three seconds and more, whenever requests come", () => {
    let busiest = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(20, 700, 5_000), fc.nat(100), fc.nat(400)), { minLength: 1, maxLength: 8 }), (runs) => {
        const gaps = runs.flatMap(([most, share, count]) =>
          Array.from({ length: count }, (_, i) => (most * ((share * (i + 1)) % 101)) / 100),
        );
        let at = 0;
        const rows = rowsOf(gaps.map((gap) => (at += gap)));
        for (const [i, from] of rows.entries()) {
          for (const seconds of [3, 4, 10]) {
            const within = rows.slice(i).filter((row) => row < from + 1_000 * seconds).length;
            if (seconds === 3) busiest = Math.max(busiest, within);
            expect(within).toBeLessThanOrEqual(2 * seconds);
          }
        }
      }),
      { seed: 23, numRuns: 60 },
    );
    expect(busiest).toBe(6);
  });

  it("[MT23] writes a full row at once, which leaves no debt to the small ones behind it", () => {
    let paidTo = NOTHING_PAID;
    for (let i = 0; i < 50; i++) {
      expect(commitDelayMs(full, paidTo, 1_000 + i)).toBe(0);
      paidTo = afterCommit(paidTo, 1_000 + i);
    }
    expect(commitDelayMs({ requests: 1, bytes: GROUP_COMMIT.fullBytes - 1 }, paidTo, 1_050)).toBeLessThanOrEqual(GROUP_COMMIT.everyMs);
    expect(commitDelayMs(one, paidTo, 1_050)).toBeGreaterThan(0);
    expect(GROUP_COMMIT.fullBytes).toBeLessThan(MAX_ROW_BYTES);
  });

  it("[MT23] waits no longer than the pace after a clock went back", () => {
    expect(commitDelayMs(one, 1_000_000, 0)).toBe(GROUP_COMMIT.everyMs);
    expect(afterCommit(1_000_000, 0)).toBe(GROUP_COMMIT.burst * GROUP_COMMIT.everyMs);
  });

  it("[MT330] has room for exactly so many requests", () => {
    expect(isOverfull({ requests: GROUP_COMMIT.requests - 1, bytes: 0 })).toBe(false);
    expect(isOverfull({ requests: GROUP_COMMIT.requests, bytes: 0 })).toBe(true);
  });
});
