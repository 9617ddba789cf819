import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { delayToNextRound, phaseOf } from "./clock.ts";

describe("pacing of rounds", () => {
  it("[AG50] puts each round at the host's phase of the interval, so that every step of a chart gets one sample", () => {
    expect(delayToNextRound(10_000, 5_000, 1_500, undefined)).toBe(1_500);
    expect(delayToNextRound(11_500, 5_000, 1_500, 0)).toBe(5_000);
    expect(delayToNextRound(11_700, 5_000, 1_500, 0)).toBe(4_800);
    expect(delayToNextRound(11_400, 5_000, 1_500, 0)).toBe(5_100);
  });

  it("[AG50] waits between half an interval and one and a half from round to round, wherever the wall clock jumps", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e14, max: 1e14 }),
        fc.integer({ min: 1_000, max: 300_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (wallMs, intervalMs, share) => {
          const delay = delayToNextRound(wallMs, intervalMs, Math.floor(share * intervalMs), 0);
          expect(delay).toBeGreaterThanOrEqual(intervalMs / 2);
          expect(delay).toBeLessThanOrEqual(intervalMs * 1.5);
        },
      ),
      { seed: 50 },
    );
  });

  it("[AG50] hosts differ in phase, none of them near the edge of a step", () => {
    const phases = Array.from({ length: 200 }, (_, i) => phaseOf(`host-${i}`, 5_000));
    expect(Math.min(...phases)).toBeGreaterThanOrEqual(750);
    expect(Math.max(...phases)).toBeLessThanOrEqual(4_250);
    expect(new Set(phases.map((phase) => Math.floor(phase / 500))).size).toBeGreaterThanOrEqual(7);
    expect(phaseOf("host-1", 5_000)).toBe(phaseOf("host-1", 5_000));
  });
});
