import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seriesKey } from "../../contract/metric-key.ts";
import { CorruptBlock } from "./bits.ts";
import { BlockIndex } from "./block-index.ts";
import { BLOCK_ROW_LIMITS, type PackedRow, readDirectory, readRow, RowPacker } from "./block-rows.ts";
import { DICTIONARY_ROW_BYTES, packDefinitions, unpackDefinitions } from "./dictionary-rows.ts";
import { PointBuffer } from "./points.ts";

/** Points that compress badly: random bits. */
function noise(count: number, firstAt = 0): PointBuffer {
  const points = new PointBuffer(count);
  for (let i = 0; i < count; i++)
    points.push(firstAt + i * 5_000, Math.imul(i + 1, 0x9e3779b1) >>> 0, (0x3ff00000 + (Math.imul(i, 0x85ebca6b) >>> 12)) >>> 0);
  return points;
}

function pack(series: readonly (readonly [ref: number, points: PointBuffer])[]): PackedRow[] {
  const rows: PackedRow[] = [];
  const packer = new RowPacker((row) => rows.push(row));
  for (const [ref, points] of series) packer.add(ref, points);
  packer.finish();
  return rows;
}

describe("packed rows", () => {
  it("[MT25] hold up to 64 neighbouring series and at most 64 KiB", () => {
    const small = pack(Array.from({ length: 130 }, (_, i) => [i + 1, noise(5)] as const));
    expect(small.map(({ firstRef, lastRef }) => [firstRef, lastRef])).toEqual([
      [1, 64],
      [65, 128],
      [129, 130],
    ]);
    const large = pack(Array.from({ length: 20 }, (_, i) => [i + 1, noise(1_500)] as const));
    expect(large.length).toBeGreaterThan(2);
    for (const { body } of [...small, ...large]) expect(body.length).toBeLessThanOrEqual(BLOCK_ROW_LIMITS.bytes);
  });

  it("[MT25] split a series that is too long for one block, and give all of it back", () => {
    const rows = pack([[3, noise(20_000)]]);
    const out = new PointBuffer();
    for (const row of rows) readRow(row, 3, out);
    expect(out.count).toBe(20_000);
    for (const { body } of rows) expect(body.length).toBeLessThanOrEqual(BLOCK_ROW_LIMITS.bytes);
    const [first] = rows;
    const last = rows.at(-1);
    expect([first?.minAt, last?.maxAt]).toEqual([0, 19_999 * 5_000]);
  });

  it("[MT25] know the newest time of each series, so that a restart does not take a silent one for a live one", () => {
    const [row] = pack([
      [1, noise(3)],
      [2, noise(5)],
    ]);
    expect([...readDirectory(row?.directory ?? new Uint8Array())].map(({ ref, behindMs }) => [ref, (row?.maxAt ?? 0) - behindMs])).toEqual([
      [1, 10_000],
      [2, 20_000],
    ]);
  });

  it("[MT21] that were changed are refused or read within their bytes", () => {
    const [row] = pack(Array.from({ length: 5 }, (_, i) => [i + 1, noise(30)] as const));
    if (!row) throw new Error("no row");
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), fc.boolean(), (at, value, inBody) => {
        const changed = { directory: row.directory.slice(), body: row.body.slice() };
        const target = inBody ? changed.body : changed.directory;
        target[at % target.length] = value;
        try {
          for (const ref of [1, 3, 5]) readRow(changed, ref, new PointBuffer());
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBlock);
        }
      }),
      { seed: 21, numRuns: 800 },
    );
  });

  it("[MT25] are found by reference and range, in the order in which they were written", () => {
    const index = new BlockIndex();
    const row = (id: number, seal: number, firstRef: number, lastRef: number, minAt: number, maxAt: number) =>
      index.add({ id, seal, firstRef, lastRef, minAt, maxAt, through: 0, bytes: 10, points: 1 });
    row(1, 1, 1, 5, 0, 10);
    row(2, 1, 5, 5, 11, 20);
    row(3, 1, 6, 9, 0, 20);
    row(4, 2, 1, 9, 15, 30);
    const ids = (ref: number, from: number, end: number) => index.find(ref, from, end).map(({ id }) => id);
    expect(ids(5, 0, 100)).toEqual([1, 2, 4]);
    expect(ids(5, 0, 11)).toEqual([1]);
    expect(ids(7, 21, 100)).toEqual([4]);
    expect(ids(10, 0, 100)).toEqual([]);
    expect([index.rows, index.bytes, index.oldestAt(), index.earliestEnd()]).toEqual([4, 40, 0, 10]);
    expect(index.take(({ maxAt }) => maxAt < 20, 10).map(({ id }) => id)).toEqual([1]);
    expect(index.take(({ maxAt }) => maxAt < 21, 1).map(({ id }) => id)).toEqual([2]);
    expect(index.rows).toBe(2);
  });
});

describe("definitions", () => {
  it("[MT26] are packed, hundreds to a row, and read back", () => {
    const definitions = Array.from({ length: 2_000 }, (_, i) => ({
      ref: 3 * i + 1,
      key: seriesKey("host_cpu_used_ratio", { host: `web-${i}`, core: "all" }),
    }));
    const rows = packDefinitions(definitions);
    expect(rows.length).toBeLessThan(4);
    for (const { body } of rows) expect(body.length).toBeLessThan(DICTIONARY_ROW_BYTES + 300);
    expect(rows.flatMap(({ body }) => unpackDefinitions(body))).toEqual(definitions);
    expect(rows[0]?.firstRef).toBe(1);
    expect(packDefinitions([])).toEqual([]);
  });

  it("[MT26] that were cut are refused", () => {
    const [row] = packDefinitions([{ ref: 1, key: seriesKey("m", { a: "b" }) }]);
    expect(() => unpackDefinitions((row?.body ?? new Uint8Array()).subarray(0, 5))).toThrow(CorruptBlock);
  });
});
