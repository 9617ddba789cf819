import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BATCH_LIMITS, decodeBatch, DEFINED, definitionCount, encodeBatch } from "./metric-batch.ts";
import { parseSeriesKey, plainMetric, seriesKey } from "./metric-key.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const word = fc.integer({ min: 0, max: 0xffffffff });
const batch = fc
  .record({ definitions: fc.uniqueArray(fc.string({ unit: "grapheme" }), { maxLength: 5 }), dictionary: word })
  .chain(({ definitions, dictionary }) =>
    fc
      .array(fc.tuple(fc.integer({ min: -86_400_000, max: 600_000 }), word, word, fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.nat()), {
        minLength: definitions.length,
        maxLength: 30,
      })
      .map((rows) => ({
        count: rows.length,
        dictionary,
        definitions,
        atMs: Float64Array.from(rows, ([offset]) => NOW + offset),
        valueBits: Uint32Array.from(rows.flatMap(([, low, high]) => [low, high])),
        series: Uint32Array.from(rows, ([, , , ref, i]) =>
          definitions.length > 0 && i % 2 === 0 ? DEFINED + (i % definitions.length) : ref,
        ),
      })),
  );

describe("the encoding of a batch", () => {
  it("[MT10] gives back every sample, every bit of every value, and every definition", () => {
    fc.assert(
      fc.property(batch, fc.nat(7), (columns, shift) => {
        const encoded = encodeBatch(columns);
        const moved = new Uint8Array(encoded.length + shift);
        moved.set(encoded, shift);
        const view = decodeBatch(moved.subarray(shift));
        expect(view).toBeDefined();
        if (!view) return;
        expect([view.count, view.dictionary, view.definitions]).toEqual([columns.count, columns.dictionary, columns.definitions]);
        expect(Array.from(view.offsetsMs, (offset) => view.baseMs + offset)).toEqual([...columns.atMs]);
        expect([...view.valueBits]).toEqual([...columns.valueBits]);
        expect([...view.series]).toEqual([...columns.series]);
        expect(definitionCount(encoded)).toBe(columns.definitions.length);
      }),
      { seed: 10, numRuns: 300 },
    );
  });

  it("[MT11] meets hostile bytes with undefined or a batch whose every index is in range", () => {
    let refused = 0;
    fc.assert(
      fc.property(batch, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(), (columns, flips, cut) => {
        const bytes = encodeBatch(columns);
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        const view = decodeBatch(cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes);
        if (!view) refused++;
        else for (const entry of view.series) expect(entry < DEFINED || entry - DEFINED < view.definitions.length).toBe(true);
      }),
      { seed: 11, numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it("[MT11] checks declared sizes before it makes room for them", () => {
    const bytes = encodeBatch({
      count: 0,
      dictionary: 0,
      definitions: [],
      atMs: new Float64Array(),
      valueBits: new Uint32Array(),
      series: new Uint32Array(),
    });
    const words = new Uint32Array(bytes.buffer);
    words[1] = 0xfffffff0;
    expect(decodeBatch(bytes)).toBeUndefined();
    words[1] = 0;
    words[2] = 0x40000000;
    expect(decodeBatch(bytes)).toBeUndefined();
    expect(decodeBatch(new Uint8Array(BATCH_LIMITS.bytes + 1))).toBeUndefined();
  });

  it("[MT11] refuses to encode times that lie further apart than it can say", () => {
    const columns = { count: 2, dictionary: 0, definitions: [], valueBits: new Uint32Array(4), series: new Uint32Array(2) };
    expect(() => encodeBatch({ ...columns, atMs: Float64Array.of(0, 2 ** 31) })).toThrow(RangeError);
    expect(() => encodeBatch({ ...columns, atMs: Float64Array.of(0, 2 ** 31 - 1) })).not.toThrow();
  });
});

describe("the key of a series", () => {
  it("[MT12] is the same whatever the order of the labels, and with labels of no value", () => {
    expect(seriesKey("m", { b: "2", a: "1", c: "" })).toBe(seriesKey("m", { a: "1", b: "2" }));
    expect(seriesKey("m", {})).toBe(seriesKey("m", undefined));
    expect(seriesKey("m", { a: "1" })).not.toBe(seriesKey("m", { a: "2" }));
  });

  it("[MT12] names a quoted metric like the plain one", () => {
    expect(plainMetric('"my.metric"')).toBe("my.metric");
    expect(plainMetric('"a\\"b\\\\c\\nd"')).toBe('a"b\\c\nd');
    expect(seriesKey('"cpu"', undefined)).toBe(seriesKey("cpu", undefined));
  });

  it("[MT12] gives metric and labels back, and refuses a text that is no key", () => {
    const text = fc.string({ unit: "binary", minLength: 1 }).filter((value) => !value.startsWith('"'));
    fc.assert(
      fc.property(text, fc.dictionary(text, text), (metric, labels) => {
        expect(parseSeriesKey(seriesKey(metric, labels))).toEqual({ metric, labels: { ...labels } });
      }),
      { seed: 12, numRuns: 50 },
    );
    for (const bad of ["", "{}", "[]", '["m","a"]', '["m",1,2]', "nonsense"]) expect(parseSeriesKey(bad)).toBeUndefined();
  });
});
