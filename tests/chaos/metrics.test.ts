import { describe, expect, it } from "vitest";
import { proveMetrics } from "./metrics.ts";

describe("metric ingest under kill -9", () => {
  it(
    "[MT90] keeps every acknowledged sample exactly once, killed in a group commit, in a seal and in a rollup",
    { timeout: 600_000 },
    async () => {
      const report = await proveMetrics({ kills: 3, acksPerKill: 1_000, seed: 20261120, log: () => undefined });
      expect(report.lost).toEqual([]);
      expect(report.altered).toEqual([]);
      // The run was no idle one: all failpoints were met, each after enough acknowledgements, and everything was looked for.
      expect(report.kills.map(({ failpoint }) => failpoint)).toEqual(["committed", "rolling", "sealing"]);
      for (const { acks } of report.kills) expect(acks).toBeGreaterThanOrEqual(1_000);
      expect(report.checked).toBe(report.acknowledged * 20);
      expect(report.minutes).toBeGreaterThan(1_000);
    },
  );
});
