import { describe, expect, it } from "vitest";
import { proveSpine } from "./spine.ts";

describe("the event spine under kill -9", () => {
  it(
    "[EV29] has every acknowledged change in the history exactly once, killed at each failpoint of an event's way",
    { timeout: 600_000 },
    async () => {
      const report = await proveSpine({ kills: 3, acksPerKill: 2_000, seed: 20261120, log: () => undefined });
      expect(report.missing).toEqual([]);
      expect(report.repeated).toEqual([]);
      expect(report.events).toBe(report.made);
      // The run was no idle one: each kill came at its failpoint after a good number of acknowledgements.
      expect(report.kills.map((kill) => kill.failpoint)).toEqual(["committed", "sent", "consuming"]);
      expect(report.acknowledged).toBeGreaterThan(6_000);
      expect(report.made - report.acknowledged).toBeLessThan(200);
    },
  );
});
