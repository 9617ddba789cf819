import { describe, expect, it } from "vitest";
import type { Storage } from "../../../../contract/metric-catalog.ts";
import { bytesPerPoint, storageHead, tierRows } from "./storage-words.ts";

const tier = (name: "raw" | "minute" | "hour", points: number, bytes: number, oldestAt: number | null = null) => ({
  tier: name,
  keptMs: 86_400_000,
  points,
  bytes,
  rows: 1,
  oldestAt,
  newestAt: oldestAt === null ? null : oldestAt + 5,
});
const shard = (number: number, tiers: Storage["shards"][number]["tiers"], unsealedPoints = 0) => ({
  shard: number,
  series: 10,
  unsealedPoints,
  logBytes: 0,
  headBytes: 0,
  rowsWritten: 3,
  databaseBytes: 2_048,
  tiers,
});

describe("storage", () => {
  it("[UI90] adds tiers up over shards, from the oldest point to the newest", () => {
    const storage = {
      shards: [shard(0, [tier("hour", 1, 5), tier("raw", 100, 150, 20)]), shard(1, [tier("raw", 300, 450, 10), tier("minute", 0, 0)])],
    };
    expect(tierRows(storage)).toEqual([
      { tier: "raw", keptMs: 86_400_000, points: 400, bytes: 600, rows: 2, oldestAt: 10, newestAt: 25 },
      { tier: "minute", keptMs: 86_400_000, points: 0, bytes: 0, rows: 1, oldestAt: null, newestAt: null },
      { tier: "hour", keptMs: 86_400_000, points: 1, bytes: 5, rows: 1, oldestAt: null, newestAt: null },
    ]);
    expect(storageHead(storage)).toEqual({
      tone: "ok",
      headline: "401 points in 4 KiB",
      detail: "1.5 B per raw point, 10.7 times smaller than plain",
    });
  });

  it("[UI90] says nothing of bytes per point before anything is packed", () => {
    expect(bytesPerPoint({ points: 0, bytes: 0 })).toBeNull();
    expect(storageHead({ shards: [shard(0, [tier("raw", 0, 0)], 50)] })).toMatchObject({
      headline: "50 points in 2 KiB",
      detail: expect.stringMatching(/^nothing is packed yet/),
    });
    expect(storageHead({ shards: [] })).toMatchObject({ tone: "muted", headline: "Nothing is kept yet" });
  });
});
