import { describe, expect, it } from "vitest";
import { fuzz as frames } from "../fuzz/room-frames.ts";

describe("what reads what others send to a room", () => {
  it("[RM250] frames, whatever is in them, never throw; malformed ones are answered, and whoever reads everything has every event once", () => {
    const { acked, refused, malformed, closed, slept, events } = frames(20_261_120, 6_000);
    expect(Math.min(acked, refused, malformed, closed, slept, events)).toBeGreaterThan(50);
  });
});
