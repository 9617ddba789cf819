import { describe, expect, it } from "vitest";
import { proveRooms } from "./rooms.ts";

describe("a room under kill -9", () => {
  it("[RC52] keeps every acknowledged message once and at its place, killed after a commit, after a send and while its events are consumed", async () => {
    const report = await proveRooms({ kills: 3, acksPerKill: 700, seed: 20261120, log: () => undefined });
    expect(report.faults).toEqual([]);
    // The run was no idle one: all failpoints were met, each after enough acknowledgements, and followers came back.
    expect(report.kills.map(({ failpoint }) => failpoint)).toEqual(["committed", "sent", "consuming"]);
    expect(report.acks).toBeGreaterThan(2_000);
    expect(report.messages).toBeGreaterThan(1_900);
    expect(report.events).toBeGreaterThan(5_000);
    expect(report.recovered + report.refused).toBeGreaterThanOrEqual(30);
  });
});
