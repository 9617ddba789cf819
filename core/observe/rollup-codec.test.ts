import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter, CorruptBlock } from "./bits.ts";
import { PointBuffer } from "./points.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { MAX_ROLLUP_WINDOWS, readRollups, writeRollups } from "./rollup-codec.ts";
import { sumPoints } from "./rollup-sums.ts";

const STEP = 60_000;
type Window = readonly [at: number, sum: number, samples: number, min: number, max: number, last: number, increase: number];

function bufferOf(windows: readonly Window[]): RollupBuffer {
  const buffer = new RollupBuffer(4);
  for (const [at, sum, samples, min, max, last, increase] of windows) {
    const columns = buffer.reserve(1);
    const i = buffer.count++;
    Object.entries({ at, sum, samples, min, max, last, increase }).forEach(([name, value]) => {
      columns[name as keyof typeof columns][i] = value; // the names above are those of the columns
    });
  }
  return buffer;
}

function encode(buffer: RollupBuffer): Uint8Array {
  const writer = new ByteWriter(8);
  writeRollups(writer, buffer.columns, 0, buffer.count, STEP);
  return writer.view().slice();
}

function listOf(buffer: RollupBuffer): Window[] {
  const { at, sum, samples, min, max, last, increase } = buffer;
  return Array.from({ length: buffer.count }, (_, i) => [
    at[i] ?? 0,
    sum[i] ?? 0,
    samples[i] ?? 0,
    min[i] ?? 0,
    max[i] ?? 0,
    last[i] ?? 0,
    increase[i] ?? 0,
  ]);
}

function decode(bytes: Uint8Array): Window[] {
  const out = new RollupBuffer(4);
  readRollups(new ByteReader(bytes), STEP, out);
  return listOf(out);
}

const number = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -1_000, max: 1_000_000 }),
  fc.integer({ min: -10_000, max: 10_000 }).map((n) => n / 100),
  fc.constantFrom(0, -0, 2 ** 49, 2 ** 53, 1e-12, Number.POSITIVE_INFINITY),
);
const windows = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2_000 })),
      fc.oneof(
        fc.tuple(number, fc.integer({ min: 0, max: 60 }), number, number, number, fc.oneof(number, fc.constant(Number.NaN))),
        number.map((value) => [value * 12, 12, value, value, value, Number.NaN] as const),
        fc.nat(1_000_000).map((n) => [n * 12, 12, n, n + 5, n + 5, 5] as const),
      ),
    ),
    { minLength: 1, maxLength: 200 },
  )
  .map((list) => {
    let at = 1_700_000_040_000;
    return list.map(([gap, rest]): Window => [(at += gap * STEP), ...rest]);
  });

/** Windows of a counter scraped every 5 s, that begins anew once. */
function counter(count: number, resetAt = -1): RollupBuffer {
  const points = new PointBuffer();
  const bits = new Uint32Array(2);
  const value = new Float64Array(bits.buffer);
  let total = 1_000;
  for (let i = 0; i < count * 12; i++) {
    total = i === resetAt ? 0 : total + ((i * 7) % 11);
    value[0] = total;
    points.push(1_700_000_040_000 + i * 5_000, bits[0] ?? 0, bits[1] ?? 0);
  }
  const out = new RollupBuffer();
  sumPoints(points.columns, 0, points.count, { stepMs: STEP, rising: "total", before: 990 }, out);
  return out;
}

describe("the rollup codec", () => {
  it("[MT170] gives back every window and every bit of its figures", () => {
    let chained = 0;
    fc.assert(
      fc.property(windows, (list) => {
        const decoded = decode(encode(bufferOf(list)));
        expect(decoded).toEqual(list);
        for (const [i, window] of decoded.entries()) window.forEach((figure, column) => expect(figure).toBe(list[i]?.[column]));
        chained++;
      }),
      { seed: 170, numRuns: 600 },
    );
    expect(chained).toBe(600);
  });

  it("[MT170] gives back a counter with a reset, the most windows of a block, and a part of a buffer", () => {
    const one = counter(240, 777);
    expect(decode(encode(one))).toEqual(listOf(one));
    const most = counter(MAX_ROLLUP_WINDOWS);
    expect(decode(encode(most))).toEqual(listOf(most));
    const writer = new ByteWriter();
    writeRollups(writer, one.columns, 100, 40, STEP);
    expect(decode(writer.view().slice())).toEqual(listOf(one).slice(100, 140));
  });

  it("[MT171] has the bytes that rows of earlier versions have", () => {
    const hex = (buffer: RollupBuffer) => Buffer.from(encode(buffer)).toString("hex");
    const constant = Array.from({ length: 60 }, (_, i): Window => [1_700_000_040_000 + i * STEP, 60, 12, 5, 5, 5, Number.NaN]);
    expect(hex(bufferOf(constant))).toMatchInlineSnapshot(`"3c96aac10d000100c5c62560606000"`);
    expect(hex(counter(6))).toMatchInlineSnapshot(`"0696aac10d002100c5c4641f0ff038e0e1f1f76023d81d5acda5610001004050400000000000"`);
    expect(hex(bufferOf([[1_700_000_040_000, Math.PI, 1, Math.PI, Math.PI, Math.PI, Number.NaN]]))).toMatchInlineSnapshot(
      `"0196aac10d000ec280ff400921fb54442d18"`,
    );
    expect(
      hex(
        bufferOf([
          [0, -1.5, 2, -1, -0.5, -0.5, -1.5],
          [STEP * 5, 3, 1, 3, 3, 3, 3],
        ]),
      ),
    ).toMatchInlineSnapshot(`"020001010411014380d12478c89424e06000"`);
  });

  it("[MT172] ends in CorruptBlock, or in windows within the limit, for bytes that no writer of ours made", () => {
    const seen = { refused: 0, read: 0 };
    const good = [encode(counter(60, 100)), encode(bufferOf([[STEP, Math.PI, 3, 1, Math.E, 2, 5]]))];
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.constantFrom(...good), fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 6 }))
        .map(([block, flips]) => {
          const bytes = block.slice();
          for (const [at, value] of flips) bytes[at % bytes.length] = value;
          return bytes;
        }),
      fc.tuple(fc.constantFrom(...good), fc.nat(300)).map(([block, cut]) => block.subarray(0, cut % block.length)),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        const out = new RollupBuffer(4);
        try {
          readRollups(new ByteReader(bytes), STEP, out);
          seen.read++;
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBlock);
          seen.refused++;
        }
        expect(out.count).toBeLessThanOrEqual(MAX_ROLLUP_WINDOWS);
        expect(out.at.length).toBeLessThanOrEqual(2 * MAX_ROLLUP_WINDOWS);
      }),
      { seed: 172, numRuns: 3_000 },
    );
    expect(seen.refused).toBeGreaterThan(500);
    expect(seen.read).toBeGreaterThan(50);
  });

  it("[MT173] takes a fraction of a byte for windows of a constant, and 4 bytes for those of a counter", () => {
    const constant = Array.from({ length: 240 }, (_, i): Window => [1_700_000_040_000 + i * STEP, 60, 12, 5, 5, 5, Number.NaN]);
    expect(encode(bufferOf(constant)).length / 240).toBeLessThan(0.15);
    expect(encode(counter(240)).length / 240).toBeLessThan(4);
  });
});
