import { describe, expect, it } from "vitest";
import { DEFINED, encodeBatch } from "../../contract/metric-batch.ts";
import { type BatchExtras, writeExtras } from "../../contract/metric-extras.ts";
import { type Labels, seriesKey } from "../../contract/metric-key.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { listExemplars, listMetadata, listNames } from "./catalog-lists.ts";
import { EXEMPLAR_CHARS, ExemplarRing } from "./exemplars.ts";
import { MemoryStore } from "./memory-store.ts";
import { METADATA_LIMITS, MetadataTable } from "./metadata.ts";
import { NOON, TestShard, valueOf } from "./testing.ts";

let nextId = 0;

/** A batch of one sample for each series, with what travels beside them. */
function send(rig: TestShard, series: readonly { metric: string; labels?: Labels }[], extras: BatchExtras, at = NOON) {
  const bytes = writeExtras(extras);
  const batch = encodeBatch({
    count: series.length,
    dictionary: 0,
    atMs: new Float64Array(series.map(() => at)),
    valueBits: new Uint32Array(2 * series.length),
    series: new Uint32Array(series.map((_, i) => DEFINED + i)),
    definitions: series.map(({ metric, labels }) => seriesKey(metric, labels)),
    ...(bytes && { extras: bytes }),
  });
  return valueOf(rig.shard.commit([{ batch, id: `extras-${nextId++}` }], at)[0]);
}

const exemplar = (series: number, change: object = {}) => ({
  series: DEFINED + series,
  at: NOON,
  value: 0.25,
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  labels: { user: "ada" },
  ...change,
});
const counter = { metric: "requests", type: "counter", unit: "requests", help: "Requests." } as const;
const namesOf = (rig: TestShard) => valueOf(listNames({ limit: 10 }, rig.shard)).items;
const exemplarsOf = (rig: TestShard, ask: object = {}) => valueOf(listExemplars({ limit: 10, ...ask }, rig.shard)).items;

describe("metadata", () => {
  it("[MT303] comes with a batch, also one without samples, and outlives restarts and seals", () => {
    const rig = new TestShard();
    send(rig, [{ metric: "requests" }], {});
    send(rig, [], { metadata: [counter] });
    const expected = [{ metric: "requests", series: 1, type: "counter", unit: "requests", help: "Requests." }];
    expect(namesOf(rig)).toEqual(expected);
    rig.restart();
    expect(namesOf(rig)).toEqual(expected);
    rig.seal(NOON + 1);
    rig.restart();
    expect(namesOf(rig)).toEqual(expected);
    send(rig, [], { metadata: [{ ...counter, help: "Requests taken." }] }, NOON + 2);
    expect(namesOf(rig)).toMatchObject([{ help: "Requests taken." }]);
  });

  it("[MT303] of a histogram is that of the series it is stored as, and goes with a metric's last series", () => {
    const rig = new TestShard();
    const histogram = { metric: "latency", type: "histogram", unit: "seconds", help: "" } as const;
    send(rig, [{ metric: "latency_bucket", labels: { le: "1" } }, { metric: "latency_sum" }], { metadata: [histogram, counter] });
    expect(namesOf(rig).map(({ metric, type }) => [metric, type])).toEqual([
      ["latency_bucket", "histogram"],
      ["latency_sum", "histogram"],
    ]);
    expect(valueOf(listMetadata({ limit: 10 }, rig.shard))).toEqual({ items: [histogram], total: 1 });
    for (const slot of rig.shard.series.liveSlots()) rig.shard.close(slot);
    rig.shard.extras.save(rig.store, 10);
    expect(rig.shard.extras.metadata.size).toBe(0);
  });

  it("[MT303] is bounded: what is new beyond the limits is left out", () => {
    const table = new MetadataTable();
    for (let i = 0; i <= METADATA_LIMITS.metrics; i++) table.put({ metric: `m${i}`, type: "gauge", unit: "", help: "" });
    expect(table.size).toBe(METADATA_LIMITS.metrics);
    const long = new MetadataTable();
    for (let i = 0; i < 2_000; i++) long.put({ metric: String(i).padStart(4, "0"), type: "gauge", unit: "", help: "h".repeat(496) });
    expect(long.size).toBe(METADATA_LIMITS.chars / 500);
  });
});

describe("exemplars", () => {
  it("[MT304] are found by metric, matchers and time, the newest first, also after restarts and seals", () => {
    const rig = new TestShard();
    const series = [
      { metric: "latency_bucket", labels: { le: "1", host: "a" } },
      { metric: "latency_bucket", labels: { le: "1", host: "b" } },
    ];
    send(rig, series, { exemplars: [exemplar(0), exemplar(1, { at: NOON + 5 }), exemplar(0)] });
    const expected = [
      { metric: "latency_bucket", series: { le: "1", host: "b" }, at: NOON + 5, labels: { user: "ada" } },
      { metric: "latency_bucket", series: { le: "1", host: "a" }, at: NOON, value: 0.25, traceId: exemplar(0).traceId },
    ];
    for (const again of [() => {}, () => rig.restart(), () => rig.seal(NOON + 9), () => rig.restart()]) {
      again();
      expect(exemplarsOf(rig)).toMatchObject(expected);
      expect(exemplarsOf(rig)).toHaveLength(2);
    }
    expect(exemplarsOf(rig, { metric: "other" })).toEqual([]);
    expect(exemplarsOf(rig, { matchers: [{ label: "host", op: "=", value: "a" }] })).toHaveLength(1);
    expect(exemplarsOf(rig, { startMs: NOON + 1 })).toHaveLength(1);
    expect(exemplarsOf(rig, { endMs: NOON + 4 })).toHaveLength(1);
    expect(exemplarsOf(rig, { limit: 1 })).toHaveLength(1);
  });

  it("[MT304] of a series that was refused or is gone are none", () => {
    const rig = new TestShard({ maxSeries: 1 });
    send(rig, [{ metric: "a" }, { metric: "b" }], { exemplars: [exemplar(0), exemplar(1)] });
    expect(exemplarsOf(rig).map(({ metric }) => metric)).toEqual(["a"]);
    expect(rig.shard.extras.exemplars.size).toBe(1);
    for (const slot of rig.shard.series.liveSlots()) rig.shard.close(slot);
    expect(exemplarsOf(rig)).toEqual([]);
  });

  it("[MT304] are the newest of a bounded number and of bounded text", () => {
    const ring = new ExemplarRing();
    for (let i = 0; i <= METRIC_LIMITS.exemplars; i++) ring.add({ ...exemplar(0), series: 1, at: i, traceId: "", spanId: "", labels: {} });
    expect(ring.size).toBe(METRIC_LIMITS.exemplars);
    expect([...ring.all()][0]?.at).toBe(1);
    const long = new ExemplarRing();
    for (let i = 0; i < 2_000; i++) long.add({ ...exemplar(0), at: i, traceId: "", spanId: "", labels: { a: "x".repeat(511) } });
    expect(long.size).toBe(Math.floor(EXEMPLAR_CHARS / (64 + 512)));
  });

  it("[MT304] whose letters take more than a row lose their older half, and never stop the shard", () => {
    const ring = new ExemplarRing();
    const store = new MemoryStore();
    for (let i = 0; i < 2_000; i++) ring.add({ ...exemplar(0), at: i, traceId: "", spanId: "", labels: { a: "\u0001".repeat(500) } });
    ring.save(store);
    const again = new ExemplarRing();
    again.load(store);
    expect(again.size).toBeGreaterThan(ring.size / 4);
    expect([...again.all()].at(-1)?.at).toBe(1_999);
  });

  it("[MT305] that cannot be read leave the samples of their batch as good as they are", () => {
    const rig = new TestShard();
    const batch = encodeBatch({
      count: 1,
      dictionary: 0,
      atMs: new Float64Array([NOON]),
      valueBits: new Uint32Array(2),
      series: new Uint32Array([DEFINED]),
      definitions: [seriesKey("m", undefined)],
      extras: new TextEncoder().encode('{"exemplars":[{"series":-1}]}'),
    });
    expect(valueOf(rig.shard.commit([{ batch, id: "odd" }], NOON)[0])).toMatchObject({ accepted: 1 });
    rig.restart();
    expect(rig.points("m")).toEqual([[NOON, 0]]);
  });
});
