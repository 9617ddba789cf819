import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBatch } from "../../contract/metric-batch.ts";
import { bucketsOn, GRID_BUCKETS, gridFor } from "./exponential-grid.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { readWriteRequest } from "./remote-write-read.ts";
import { type ProtobufWriter, STALE_BYTES, writeRequest } from "./remote-write-testing.ts";
import { TenantSeries } from "./series-cache.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const WINDOW = { oldestMs: NOON - 86_400_000, newestMs: NOON + 600_000 };

function read(write: (histogram: ProtobufWriter) => unknown, tenant = new TenantSeries()) {
  const batch = new IngestBatch(tenant);
  readWriteRequest(writeRequest([{ labels: { __name__: "h", job: "x" }, histograms: [write] }]), WINDOW, tenant.labels, batch);
  const view = decodeBatch(batch.encode(false).bytes);
  if (!view) throw new Error("no batch");
  const values = new Float64Array(view.valueBits.buffer, view.valueBits.byteOffset, view.count);
  const samples = Object.fromEntries(
    Array.from({ length: view.count }, (_, i) => {
      const stale = view.valueBits[2 * i] === 2 && view.valueBits[2 * i + 1] === 0x7ff00000;
      const [metric = "", , , , le] = JSON.parse(view.definitions[(view.series[i] ?? 0) - 0x80000000] ?? "[]") as string[];
      return [le === undefined ? metric : `le ${le}`, stale ? "stale" : values[i]];
    }),
  );
  return { samples, rejected: batch.rejected };
}

const spans = (histogram: ProtobufWriter, field: number, ...list: readonly [number, number][]) => {
  for (const [offset, length] of list) histogram.message(field, (span) => span.sint(1, offset).varint(2, length));
};
const head = (histogram: ProtobufWriter, schema: number, count = 10) =>
  histogram.varint(1, count).double(3, 18.4).sint(4, schema).varint(15, NOON);

describe("a native histogram", () => {
  it("[MT112] becomes cumulative buckets at its own bounds, the lowest from its lower bound, and zero", () => {
    // Schema 0: powers of two. Buckets (0.5, 1] 2, (1, 2] 3, then a gap to (8, 16] 1; zero bucket of 1; negative [-2, -1) 3.
    const { samples } = read((histogram) => {
      head(histogram, 0).double(5, 0.001).varint(6, 1);
      spans(histogram, 8, [1, 1]);
      histogram.packedSints(9, [3]);
      spans(histogram, 11, [0, 2], [2, 1]);
      histogram.packedSints(12, [2, 1, -2]);
    });
    expect(samples).toEqual({
      "le -1": 3,
      "le 0.001": 4,
      "le 0.5": 4,
      "le 1": 6,
      "le 2": 9,
      "le 4": 9,
      "le 8": 9,
      "le 16": 10,
      "le +Inf": 10,
      h_count: 10,
      h_sum: 18.4,
    });
  });

  it("[MT112] takes counts as doubles, and bounds of its own", () => {
    const floats = read((histogram) => {
      histogram.double(2, 3.5).double(3, 1).sint(4, 0).varint(15, NOON);
      spans(histogram, 11, [1, 2]);
      histogram.packedDoubles(13, [1.5, 2]);
    });
    expect(floats.samples).toEqual({ "le 0": 0, "le 1": 0, "le 2": 1.5, "le 4": 3.5, "le +Inf": 3.5, h_count: 3.5, h_sum: 1 });
    const custom = read((histogram) => {
      head(histogram, -53);
      spans(histogram, 11, [0, 1], [1, 2]);
      histogram.packedSints(12, [4, -2, 2]).packedDoubles(16, [0.1, 0.5, 1]);
    });
    expect(custom.samples).toEqual({ "le 0.1": 4, "le 0.5": 4, "le 1": 6, "le +Inf": 10, h_count: 10, h_sum: 18.4 });
  });

  it("[MT112] is halved in resolution until 160 buckets hold it, and loses no value", () => {
    const side = fc.uniqueArray(fc.tuple(fc.integer({ min: -300_000, max: 300_000 }), fc.nat(1_000)), {
      maxLength: 400,
      size: "max",
      selector: ([i]) => i,
    });
    const made = ([...pairs]: readonly (readonly [number, number])[]) => {
      pairs.sort(([a], [b]) => a - b);
      return { offset: -1, indexes: pairs.map(([index]) => index), counts: pairs.map(([, count]) => count) };
    };
    let halved = 0;
    fc.assert(
      fc.property(side, side, fc.integer({ min: -4, max: 8 }), fc.nat(5), (positive, negative, schema, zeroCount) => {
        const sides = { positive: made(positive), negative: made(negative) };
        const count = [...positive, ...negative].reduce((sum, [, n]) => sum + n, zeroCount);
        const histogram = { scale: schema, count, zeroThreshold: 1e-100, zeroCount, ...sides };
        const buckets = bucketsOn(gridFor(histogram, undefined), histogram);
        expect(buckets.length).toBeLessThanOrEqual(GRID_BUCKETS);
        if (positive.length + negative.length > GRID_BUCKETS) halved++;
        for (const [i, one] of buckets.entries()) {
          const before = buckets[i - 1];
          if (before) expect(one.bound > before.bound && one.count >= before.count).toBe(true);
        }
        // Nothing is lost on the way: every positive value is counted by the first bound that is as large as its bucket's.
        const upper = (index: number) => 2 ** (index * 2 ** -schema);
        const below = count - sides.positive.counts.reduce((sum, n) => sum + n, 0);
        for (const one of buckets.filter(({ bound }) => bound >= 1 && bound < Infinity)) {
          const reached = sides.positive.counts.reduce(
            (sum, n, i) => sum + (upper(sides.positive.indexes[i] ?? 0) <= one.bound ? n : 0),
            0,
          );
          expect(one.count).toBe(below + reached);
        }
        expect(buckets.at(-1)).toEqual({ bound: Infinity, count });
      }),
      { seed: 112, numRuns: 200 },
    );
    expect(halved).toBeGreaterThan(20);
  });

  it("[MT112] ends all of its series when it is stale, and tells bounds on that it no longer has", () => {
    const tenant = new TenantSeries();
    const wide = (histogram: ProtobufWriter) => {
      head(histogram, 0);
      spans(histogram, 11, [1, 1], [4, 1]);
      histogram.packedSints(12, [4, 2]);
    };
    const narrow = (histogram: ProtobufWriter) => {
      head(histogram, 0, 4);
      spans(histogram, 11, [1, 1]);
      histogram.packedSints(12, [4]);
    };
    const first = read(wide, tenant).samples;
    expect(first).toMatchObject({ "le 1": 0, "le 2": 4, "le 32": 4, "le 64": 10 });
    const kept = { "le 0": 0, "le 1": 0, "le 2": 4, "le 4": 4, "le 8": 4, "le 16": 4, "le 32": 4, "le 64": 4 };
    expect(read(narrow, tenant).samples).toEqual({ ...kept, "le +Inf": 4, h_count: 4, h_sum: 18.4 });
    const stale = read((histogram) => histogram.double(3, STALE_BYTES).varint(15, NOON), tenant).samples;
    expect(stale).toEqual(Object.fromEntries(Object.keys(first).map((name) => [name, "stale"])));
  });

  it("[MT112] is refused and counted when its kind is unknown or it contradicts itself", () => {
    const bad: ((histogram: ProtobufWriter) => unknown)[] = [
      (histogram) => head(histogram, 9),
      (histogram) => head(histogram, -5),
      (histogram) => {
        head(histogram, 0);
        spans(histogram, 11, [0, 3]);
        histogram.packedSints(12, [1, 1]);
      },
      (histogram) => {
        head(histogram, 0);
        spans(histogram, 11, [0, 4_000_000_000]);
      },
      (histogram) => {
        head(histogram, 0);
        spans(histogram, 11, [0, 1], [-3, 1]);
        histogram.packedSints(12, [1, 1]);
      },
      (histogram) => {
        head(histogram, 0);
        spans(histogram, 11, [0, 1]);
        histogram.packedSints(12, [-1]);
      },
      (histogram) => {
        head(histogram, -53);
        spans(histogram, 11, [0, 1]);
        histogram.packedSints(12, [1]).packedDoubles(16, [2, 1]);
      },
    ];
    for (const write of bad) {
      const { samples, rejected } = read(write);
      expect([samples, rejected.map(({ reason }) => reason)]).toEqual([{}, ["histogram-unsupported"]]);
    }
  });
});
