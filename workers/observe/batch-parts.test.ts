import { describe, expect, it } from "vitest";
import { BATCH_LIMITS, decodeBatch } from "../../contract/metric-batch.ts";
import { readExtras, writeExtras } from "../../contract/metric-extras.ts";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import type { BatchPart } from "./batch-parts.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { placeOf, sourceOf } from "./placement.ts";
import { TenantSeries } from "./series-cache.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const DAY_MS = 86_400_000;

function viewOf(batch: IngestBatch, part: BatchPart, withReferences = false) {
  const view = decodeBatch(batch.encode(withReferences, part).bytes);
  if (!view) throw new Error("no batch");
  return view;
}

/** Place, and the key and time of every sample, of each part. */
function partsOf(batch: IngestBatch, shards: number, whole?: "hours") {
  return batch.parts(shards, NOON, whole).map((part) => {
    const { count, definitions, series, baseMs, offsetsMs } = viewOf(batch, part);
    const samples = Array.from(
      { length: count },
      (_, i) => [definitions[(series[i] ?? 0) - 0x80000000] ?? "", baseMs + (offsetsMs[i] ?? 0)] as const,
    );
    return { place: part.place, turn: part.turn, samples };
  });
}

describe("what goes to which shard", () => {
  it("[MT121] is decided by host, else by job and instance, else by the series", () => {
    const tenant = new TenantSeries();
    const source = (labels: Record<string, string>, metric = "m") => sourceOf(tenant.find(metric, labels).key);
    expect(source({ host: "a", job: "x", instance: "1" })).toBe(source({ host: "a", job: "y" }, "n"));
    expect(source({ job: "x", instance: "1", a: "b" })).toBe(source({ job: "x", instance: "1" }, "n"));
    expect(source({ job: "x", instance: "1" })).not.toBe(source({ job: "x", instance: "2" }));
    expect(source({ host: "x" })).not.toBe(source({ job: "x", instance: "x" }));
    // A job alone is no source: all of it would lie in one shard.
    expect(source({ job: "x", a: "1" })).not.toBe(source({ job: "x", a: "2" }));
    expect(source({ a: "1" })).not.toBe(source({ a: "2" }));
    const places = Array.from({ length: 400 }, (_, i) => placeOf(tenant.find("m", { host: `h${i}` }), 4));
    for (const place of [0, 1, 2, 3]) expect(places.filter((one) => one === place).length).toBeGreaterThan(60);
    expect(places[7]).toBe(rendezvousPlace(sourceOf(tenant.find("m", { host: "h7" }).key), 4));
  });

  it("[MT121] takes a number that another shard gave for none when the series moves", () => {
    const tenant = new TenantSeries();
    const moved = Array.from({ length: 50 }, (_, i) => tenant.find("m", { host: `h${i}` })).find((series) => placeOf(series, 8) !== 0);
    if (!moved) throw new Error("none moves");
    placeOf(moved, 1);
    Object.assign(moved, { ref: 7, dictionary: 9 });
    expect(placeOf(moved, 1)).toBe(0);
    expect(moved.ref).toBe(7);
    expect(placeOf(moved, 8)).toBeGreaterThan(0);
    expect([moved.ref, moved.dictionary]).toEqual([0, 0]);
  });

  it("[MT122] divides a batch by place, every sample once and in order, with the references of each shard", () => {
    const tenant = new TenantSeries();
    const batch = new IngestBatch(tenant);
    for (let i = 0; i < 100; i++) batch.add(i, tenant.find("m", { host: `h${i % 20}` }), NOON + i, i);
    const parts = partsOf(batch, 4);
    expect(new Set(parts.map(({ place }) => place)).size).toBe(parts.length);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.flatMap(({ samples }) => samples.map(([, at]) => at)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => NOON + i),
    );
    for (const { place, samples } of parts) {
      for (const [key] of samples) expect(rendezvousPlace(sourceOf(key), 4)).toBe(place);
      expect(samples.map(([, at]) => at)).toEqual(samples.map(([, at]) => at).toSorted((a, b) => a - b));
    }
    // Each shard has numbers of its own.
    for (const part of batch.parts(4, NOON)) {
      for (const [i, series] of batch.encode(false, part).defined.entries())
        Object.assign(series, { ref: i + 1, dictionary: 100 + part.place });
    }
    for (const part of batch.parts(4, NOON)) {
      const view = viewOf(batch, part, true);
      expect([view.dictionary, view.definitions]).toEqual([100 + part.place, []]);
    }
  });

  it("[MT123] goes in parts of what one batch may hold, and of times that lie close enough", () => {
    const tenant = new TenantSeries();
    const series = tenant.find("m", {});
    const full = new IngestBatch(tenant);
    for (let i = 0; i < BATCH_LIMITS.samples; i++) full.add(i, series, NOON, i);
    expect(full.parts(1, NOON)).toEqual([{ place: 0, turn: 0 }]);
    full.add(0, series, NOON, 1);
    expect(partsOf(full, 1).map(({ turn, samples }) => [turn, samples.length])).toEqual([
      [0, BATCH_LIMITS.samples],
      [1, 1],
    ]);
    const wide = new IngestBatch(tenant);
    for (let day = 0; day < 90; day++) wide.add(day, series, NOON - day * DAY_MS, day);
    for (const whole of [undefined, "hours"] as const) {
      const parts = partsOf(wide, 1, whole);
      expect(parts.length).toBeLessThan(7);
      expect(parts.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(90);
    }
  });

  it("[MT123] never has an hour of a series of an import in two parts, whatever the order of its points", () => {
    const tenant = new TenantSeries();
    const batch = new IngestBatch(tenant);
    const hours = 30;
    for (let i = 0; i < 90_000; i++) batch.add(i, tenant.find("m", { n: `${i % 5}` }), NOON - ((i * 7_919) % (hours * 3_600)) * 1_000, i);
    const parts = partsOf(batch, 1, "hours");
    expect(parts.length).toBe(3);
    const seen = new Map<string, number>();
    for (const [turn, { samples }] of parts.entries()) {
      for (const [key, at] of samples) {
        const window = `${key} ${Math.floor(at / 3_600_000)}`;
        expect(seen.get(window) ?? turn).toBe(turn);
        seen.set(window, turn);
      }
    }
    expect(parts.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(90_000);
  });
});

describe("extras of a batch", () => {
  const metadata = { metric: "m", type: "counter", unit: "", help: "x" } as const;
  const exemplar = { at: NOON, value: 1, traceId: "a", spanId: "", labels: {} };

  it("[MT120] travel behind the definitions to the shard of their series, and are absent when there are none", () => {
    const tenant = new TenantSeries();
    const batch = new IngestBatch(tenant);
    const [a, b] = [tenant.find("m", { host: "a" }), tenant.find("m", { host: "c" })];
    batch.add(0, a, NOON, 1);
    expect(readExtras(viewOf(batch, { place: 0, turn: 0 }))).toEqual({});
    batch.add(1, b, NOON, 2);
    batch.metadata(metadata);
    batch.exemplar(b, exemplar);
    batch.exemplar(a, { ...exemplar, value: Number.NaN });
    const parts = batch.parts(1, NOON);
    expect(parts.map((part) => readExtras(viewOf(batch, part)))).toEqual([
      { metadata: [metadata], exemplars: [{ series: 0x80000001, ...exemplar }] },
    ]);
    const shards = 16;
    expect(placeOf(a, shards)).not.toBe(placeOf(b, shards));
    const extras = batch.parts(shards, NOON).map((part) => [part.place, readExtras(viewOf(batch, part))?.exemplars?.length ?? 0]);
    expect(extras).toEqual([
      [a.place, 0],
      [b.place, 1],
    ]);
  });

  it("[MT120] go alone when there are no samples, with the reference of a known series or not at all", () => {
    const tenant = new TenantSeries();
    const series = tenant.find("m", {});
    const batch = new IngestBatch(tenant);
    expect(batch.parts(1, NOON)).toEqual([]);
    batch.exemplar(series, exemplar);
    batch.metadata(metadata);
    expect(batch.parts(3, NOON).map((part) => readExtras(viewOf(batch, part, true)))).toEqual([{ metadata: [metadata] }]);
    placeOf(series, 1);
    Object.assign(series, { ref: 5, dictionary: 6 });
    const [part] = batch.parts(1, NOON);
    if (!part) throw new Error("no part");
    const view = viewOf(batch, part, true);
    expect([view.dictionary, readExtras(view)?.exemplars]).toEqual([6, [{ series: 5, ...exemplar }]]);
  });

  it("[MT120] are cut to what a batch may carry, and what was cut is said later", () => {
    const tenant = new TenantSeries();
    const batch = new IngestBatch(tenant);
    for (let i = 0; i < 4_000; i++) batch.metadata({ metric: `m${i}`, type: "gauge", unit: "", help: "\u0001".repeat(500) });
    const [part] = batch.parts(1, NOON);
    const { bytes, metadata: said } = batch.encode(true, part);
    expect(decodeBatch(bytes)?.extras.length).toBeLessThanOrEqual(BATCH_LIMITS.extrasBytes);
    expect(said.length).toBeGreaterThan(100);
    expect(said.length).toBeLessThan(1_000);
  });

  it("[MT120] [MT11] that are none, or name a series that the batch does not define, are refused", () => {
    const view = {
      count: 0,
      dictionary: 0,
      baseMs: 0,
      offsetsMs: new Int32Array(0),
      valueBits: new Uint32Array(0),
      series: new Uint32Array(0),
      definitions: ["a"],
    };
    const extras = (bytes: Uint8Array) => readExtras({ ...view, extras: bytes });
    expect(extras(writeExtras({ exemplars: [{ series: 0x80000000, ...exemplar }] }) ?? new Uint8Array(0))).toBeDefined();
    expect(extras(writeExtras({ exemplars: [{ series: 0x80000001, ...exemplar }] }) ?? new Uint8Array(0))).toBeUndefined();
    for (const text of ["{", "[]", '{"metadata":[{}]}', "\u0000"]) expect(extras(new TextEncoder().encode(text))).toBeUndefined();
    expect(extras(Uint8Array.of(0xff))).toBeUndefined();
  });
});
