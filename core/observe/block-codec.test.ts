import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STALE_BITS } from "../../contract/metric-limits.ts";
import { ByteReader, ByteWriter, CorruptBlock } from "./bits.ts";
import { MAX_BLOCK_POINTS, readBlock, writeBlock } from "./block-codec.ts";
import { PointBuffer } from "./points.ts";

type Bits = readonly [low: number, high: number];

function bitsOf(value: number): Bits {
  const words = new Uint32Array(new Float64Array([value]).buffer);
  return [words[0] ?? 0, words[1] ?? 0];
}

function bufferOf(points: readonly (readonly [at: number, bits: Bits])[]): PointBuffer {
  const buffer = new PointBuffer(4);
  for (const [at, [low, high]] of points) buffer.push(at, low, high);
  return buffer;
}

function encode(buffer: PointBuffer): Uint8Array {
  const writer = new ByteWriter(8);
  writeBlock(writer, buffer.columns, 0, buffer.count);
  return writer.view().slice();
}

function listOf(buffer: PointBuffer): [number, Bits][] {
  const { at, bits } = buffer.columns;
  return Array.from({ length: buffer.count }, (_, i) => [at[i] ?? 0, [bits[2 * i] ?? 0, bits[2 * i + 1] ?? 0]]);
}

function decode(bytes: Uint8Array): [number, Bits][] {
  const out = new PointBuffer(4);
  readBlock(new ByteReader(bytes), out);
  return listOf(out);
}

const word = fc.integer({ min: 0, max: 0xffffffff });
const anyBits = fc.oneof(
  fc.double({ noNaN: true }).map(bitsOf),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map(bitsOf),
  fc.integer({ min: -10_000, max: 10_000 }).map((n) => bitsOf(n / 100)),
  fc.constantFrom(bitsOf(0), bitsOf(-0), bitsOf(2 ** 49), bitsOf(2 ** 53 + 2), bitsOf(1e-12), [STALE_BITS.low, STALE_BITS.high] as const),
  fc.tuple(word, word),
);
const gaps = fc.oneof(
  fc.constant(5_000),
  fc.integer({ min: 1, max: 60_000 }),
  fc.integer({ min: 4_990, max: 5_010 }),
  fc.integer({ min: 1, max: 2 ** 40 }),
);
const points = fc
  .tuple(fc.integer({ min: -(2 ** 40), max: 2 ** 41 }), fc.array(fc.tuple(gaps, anyBits), { minLength: 1, maxLength: 200 }))
  .map(([first, rest]) => {
    let at = first;
    return rest.map(([gap, bits]) => [(at += gap), bits] as const);
  });

describe("the block codec", () => {
  it("[MT20] gives back every time and every bit of every value", () => {
    fc.assert(
      fc.property(points, (list) => {
        expect(decode(encode(bufferOf(list)))).toEqual(list);
      }),
      { seed: 20, numRuns: 400 },
    );
  });

  it("[MT20] gives back gauges, counters and decimals of one kind", () => {
    const steady = fc
      .constantFrom(0, 1, 3, 12)
      .chain((digits) =>
        fc
          .array(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), { minLength: 1, maxLength: 300 })
          .map((values) => values.map((value) => value / 10 ** digits)),
      );
    const rising = fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 300 }).map((steps) => {
      let total = 0;
      return steps.map((step) => (total += step));
    });
    fc.assert(
      fc.property(fc.oneof(steady, rising), (values) => {
        const list = values.map((value, i) => [1_763_600_000_000 + i * 5_000, bitsOf(value)] as const);
        expect(decode(encode(bufferOf(list)))).toEqual(list);
      }),
      { seed: 21, numRuns: 300 },
    );
  });

  it("[MT21] meets hostile bytes with CorruptBlock or some points, never more than the limit", () => {
    let refused = 0;
    fc.assert(
      fc.property(points, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), (list, flips, cut) => {
        const bytes = encode(bufferOf(list)).slice();
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        try {
          expect(decode(bytes.subarray(0, cut % (bytes.length + 1))).length).toBeLessThanOrEqual(MAX_BLOCK_POINTS);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBlock);
          refused++;
        }
      }),
      { seed: 22, numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(300);
  });

  it("[MT21] refuses a declared count above the limit before it makes room", () => {
    const writer = new ByteWriter();
    writer.varint(MAX_BLOCK_POINTS + 1);
    writer.bytes(new Uint8Array(40));
    expect(() => decode(writer.view())).toThrow(CorruptBlock);
  });

  it("[MT20] takes less than 1.5 bytes a point for a regular integer gauge and under 2 bits for a constant", () => {
    const gauge = bufferOf(Array.from({ length: 360 }, (_, i) => [i * 5_000, bitsOf(1_000 + ((i * 7) % 50))] as const));
    expect(encode(gauge).length / 360).toBeLessThan(1.5);
    const constant = bufferOf(Array.from({ length: 360 }, (_, i) => [i * 5_000, bitsOf(0.1 + 0.2)] as const));
    expect(encode(constant).length).toBeLessThan(24);
  });
});
