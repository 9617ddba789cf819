import { describe, expect, it } from "vitest";
import { fuzz as frames } from "../fuzz/leaderboard-frames.ts";
import { fuzz as redis } from "../fuzz/leaderboard-redis.ts";
import { fuzz as scores } from "../fuzz/leaderboard-scores.ts";

describe("what reads what others send to a leaderboard", () => {
  it("[LB122] batches and imports, whatever their bytes, are read as the schemas would and never throw", () => {
    const { batches, scores: read, faults, refused, lines, imported } = scores(20_261_120, 4_000);
    expect(Math.min(batches, read, faults, refused, imported, lines - imported)).toBeGreaterThan(500);
  });

  it("[LB122] commands of Redis, whatever their words, are answered by buckets as by sorted arrays, and errors change nothing", () => {
    const { results, errors, bodies, refused } = redis(20_261_120, 4_000);
    expect(Math.min(results, errors, bodies, refused)).toBeGreaterThan(300);
  });

  it("[LB122] frames of sockets, whatever is in them, never throw, and whoever reads everything has the board's top", () => {
    const { subscribed, refused, closed, slept, pushes, equal } = frames(20_261_120, 6_000);
    expect(Math.min(subscribed, refused, closed, slept, pushes, equal)).toBeGreaterThan(100);
  });
});
