import { describe, expect, it } from "vitest";
import { type RoomRun, runRoomModel } from "./network-model-testing.ts";

describe("a room over a bad network", () => {
  it("[RC15] has every acknowledged message with every follower exactly once and in order, or has said that it does not", () => {
    const sum: Partial<Record<keyof RoomRun, number>> = {};
    for (let seed = 1; seed <= 60; seed++) {
      for (const [name, count] of Object.entries(runRoomModel(seed))) {
        const key = name as keyof RoomRun; // of a RoomRun
        sum[key] = (sum[key] ?? 0) + count;
      }
    }
    // Not vacuous: all that can happen did.
    expect(Math.min(...Object.values(sum)), JSON.stringify(sum)).toBeGreaterThanOrEqual(10);
    expect(sum.acked, JSON.stringify(sum)).toBeGreaterThan(1_000);
  });

  it("[RC8] closes followers of a log that began anew, also when its next event has the next offset (found by seed 4629)", () => {
    expect(runRoomModel(4_629).refused).toBeGreaterThan(0);
  });
});
