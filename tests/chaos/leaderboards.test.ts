import { describe, expect, it } from "vitest";
import { proveLeaderboards } from "./leaderboards.ts";

describe("a leaderboard under kill -9", () => {
  it(
    "[LB121] keeps every acknowledged score exactly once, killed after a commit, in an import, in a closing, in an archive and after a send",
    { timeout: 600_000 },
    async () => {
      const report = await proveLeaderboards({ kills: 5, acksPerKill: 300, seed: 20261120, log: () => undefined });
      expect(report.faults).toEqual([]);
      // The run was no idle one: all failpoints were met, each after enough acknowledgements, and windows have closed.
      expect(report.kills.map(({ failpoint }) => failpoint)).toEqual(["committed", "importing", "closing", "archiving", "sent"]);
      for (const { acks } of report.kills) expect(acks).toBeGreaterThanOrEqual(300);
      expect(report.closed).toBeGreaterThanOrEqual(2);
      expect(report.rows).toBeGreaterThan(10_000);
      expect(report.lookups).toBeGreaterThan(300);
      expect(report.grants).toBeGreaterThan(500);
    },
  );
});
