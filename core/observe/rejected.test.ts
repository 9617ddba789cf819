import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { RejectedLine } from "../../contract/rpc/metrics.ts";
import { INGEST_FIGURE_LIMITS, IngestFigures, newestOfBatch } from "./ingest-figures.ts";
import { MemoryStore } from "./memory-store.ts";
import { RejectedLog } from "./rejected.ts";
import { batchOf, NOON } from "./testing.ts";

const line = (change: Partial<RejectedLine> = {}): RejectedLine => ({
  protocol: "native",
  keyId: "key",
  rejected: 1,
  reason: "value-invalid",
  at: NOON,
  example: "m{}",
  detail: "is no number",
  ...change,
});

describe("the inspector of refused samples", () => {
  it("[MT306] shows the newest first, and lines of the same kind within a minute as one", () => {
    const log = new RejectedLog();
    log.note([line(), line({ reason: "metric-invalid" })], NOON);
    log.note([line({ rejected: 4, example: "n{}" })], NOON + 59_999);
    log.note([line()], NOON + 120_000);
    expect(log.lines(NOON + 120_000).map(({ at, reason, count, example }) => [at - NOON, reason, count, example])).toEqual([
      [120_000, "value-invalid", 1, "m{}"],
      [59_999, "value-invalid", 5, "n{}"],
      [0, "metric-invalid", 1, "m{}"],
    ]);
    expect(log.totals(NOON + 120_000)).toEqual([
      { reason: "value-invalid", count: 6 },
      { reason: "metric-invalid", count: 1 },
    ]);
  });

  it("[MT306] keeps a bounded number of lines of bounded length, for a day", () => {
    const log = new RejectedLog();
    for (let i = 0; i <= METRIC_LIMITS.rejectedKept; i++) log.note([line({ keyId: `k${i}`, example: "x".repeat(600) })], NOON);
    const lines = log.lines(NOON);
    expect([lines.length, lines.at(-1)?.keyId, lines[0]?.example.length]).toEqual([METRIC_LIMITS.rejectedKept, "k1", 500]);
    expect(log.totals(NOON)).toEqual([{ reason: "value-invalid", count: METRIC_LIMITS.rejectedKept + 1 }]);
    expect(log.lines(NOON + METRIC_LIMITS.rejectedMs)).toHaveLength(METRIC_LIMITS.rejectedKept);
    expect(log.lines(NOON + METRIC_LIMITS.rejectedMs + 1)).toEqual([]);
    expect(log.totals(NOON + METRIC_LIMITS.rejectedMs + 3_600_001)).toEqual([]);
  });

  it("[MT307] is written down in one row, and only when something is new", () => {
    const store = new MemoryStore();
    const log = new RejectedLog();
    log.save(store);
    expect(store.rowsWritten).toBe(0);
    for (let i = 0; i < 50; i++) log.note([line({ keyId: `k${i}` })], NOON);
    log.save(store);
    log.save(store);
    expect(store.rowsWritten).toBe(1);
    const again = new RejectedLog();
    again.load(store);
    expect(again.lines(NOON)).toEqual(log.lines(NOON));
    expect(again.totals(NOON)).toEqual(log.totals(NOON));
  });
});

describe("figures of what comes in", () => {
  it("[MT308] are by protocol and key, minute by minute for an hour, with the median lag of the last minutes", () => {
    const figures = new IngestFigures();
    const source = { protocol: "remote-write", keyId: "key" } as const;
    for (const [i, lagMs] of [100, 5_000, 300].entries())
      figures.note(source, { samples: 10, rejected: i, newestAt: NOON + i - lagMs }, NOON + i);
    figures.note(source, { samples: 1, rejected: 0, newestAt: undefined }, NOON + 60_000);
    expect(figures.list(NOON + 60_000)).toEqual([
      {
        ...source,
        minutes: [
          { minuteMs: NOON, samples: 30, requests: 3, rejected: 3 },
          { minuteMs: NOON + 60_000, samples: 1, requests: 1, rejected: 0 },
        ],
        lagMs: 300,
      },
    ]);
    expect(figures.list(NOON + 400_000)).toMatchObject([{ lagMs: null }]);
    expect(figures.list(NOON + 60 * 60_000)).toMatchObject([{ minutes: [{ minuteMs: NOON + 60_000 }] }]);
    expect(figures.list(NOON + 61 * 60_000)).toEqual([]);
  });

  it("[MT308] are of a bounded number of keys; the one that is silent for longest makes room", () => {
    const figures = new IngestFigures();
    const note = (keyId: string) => figures.note({ protocol: "native", keyId }, { samples: 1, rejected: 0, newestAt: NOON }, NOON);
    for (let i = 0; i < INGEST_FIGURE_LIMITS.senders; i++) note(`k${i}`);
    note("k0");
    note("new");
    const keys = figures.list(NOON).map(({ keyId }) => keyId);
    expect([keys.length, keys.includes("k0"), keys.includes("k1"), keys.includes("new")]).toEqual([100, true, false, true]);
  });

  it("[MT308] know a batch's newest sample without decoding it", () => {
    const samples = [3, 9, 5].map((at) => ({ metric: "m", at: NOON + at, value: 1 }));
    expect(newestOfBatch(batchOf(samples))).toBe(NOON + 9);
    expect(newestOfBatch(batchOf([]))).toBeUndefined();
    expect(newestOfBatch(batchOf(samples).subarray(0, 40))).toBeUndefined();
  });
});
