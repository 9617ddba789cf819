import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedProtobuf, ProtobufReader, WIRE } from "./protobuf.ts";
import { ProtobufWriter } from "./remote-write-testing.ts";

const reading = (...bytes: number[]) => new ProtobufReader(Uint8Array.from(bytes));

describe("the protobuf reader", () => {
  it("[MT110] reads the examples of the published encoding", () => {
    // https://protobuf.dev/programming-guides/encoding/
    const number = reading(0x08, 0x96, 0x01);
    expect([number.tag(), number.uint32(), number.tag()]).toEqual([(1 << 3) | WIRE.varint, 150, 0]);
    const text = reading(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67);
    expect([text.tag(), text.text(), text.tag()]).toEqual([(2 << 3) | WIRE.bytes, "testing", 0]);
    const nested = reading(0x1a, 0x03, 0x08, 0x96, 0x01);
    expect(nested.tag()).toBe((3 << 3) | WIRE.bytes);
    const outer = nested.enter();
    expect([nested.tag(), nested.uint32(), nested.tag()]).toEqual([8, 150, 0]);
    nested.leave(outer);
    expect(nested.tag()).toBe(0);
    const packed = reading(0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05);
    packed.tag();
    packed.enter();
    expect([packed.uint32(), packed.uint32(), packed.uint32(), packed.at]).toEqual([3, 270, 86_942, 8]);
    // -2 as int64 takes ten bytes; zigzag: 0, -1, 1, -2 and the ends of 32 bits.
    expect(reading(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).int64()).toBe(-2);
    expect(
      [[0], [1], [2], [3], [0xfe, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x0f]].map((bytes) => reading(...bytes).sint64()),
    ).toEqual([0, -1, 1, -2, 2_147_483_647, -2_147_483_648]);
  });

  it("[MT110] gives back every integer, double and text that is written", () => {
    const exact = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(
        exact,
        exact,
        fc.double(),
        fc.string({ unit: "grapheme" }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (a, b, c, d, e) => {
          const half = Math.trunc(b / 2); // its zigzag form stays exact
          const reader = new ProtobufReader(new ProtobufWriter().varint(1, a).sint(2, half).double(3, c).text(4, d).varint(5, e).done());
          reader.tag();
          expect(reader.int64()).toBe(a);
          reader.tag();
          expect(reader.sint64()).toBe(half);
          reader.tag();
          expect(reader.double()).toBe(c);
          reader.tag();
          expect(reader.text()).toBe(d);
          reader.tag();
          reader.varint();
          expect((BigInt(reader.high) << 32n) | BigInt(reader.low)).toBe(e);
          expect(reader.tag()).toBe(0);
        },
      ),
      { seed: 110, numRuns: 500 },
    );
  });

  it("[MT110] reads over every kind of field, groups too", () => {
    const bytes = [
      ...new ProtobufWriter().varint(1, 5).double(2, 1).text(3, "x").done(),
      0x25,
      1,
      2,
      3,
      4,
      0x2b,
      0x08,
      0x01,
      0x33,
      0x34,
      0x2c,
      0x08,
      0x07,
    ];
    const reader = reading(...bytes);
    for (let i = 0; i < 5; i++) reader.skip(reader.tag());
    expect([reader.tag(), reader.uint32(), reader.tag()]).toEqual([8, 7, 0]);
  });

  it("[MT110] throws that the bytes are malformed, and nothing else, wherever they end or lie", () => {
    for (const act of [
      () => reading(0x80).tag(),
      () => reading(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01).varint(),
      () => reading(0x00).tag(),
      () => reading(1, 2, 3).double(),
      () => reading(1, 2, 3).float(),
      () => reading(5, 1).enter(),
      () => reading(5, 1).text(),
      () => reading(0xff, 0xff, 0xff, 0xff, 0x0f).byteRange(),
      () => reading(2, 0xc3, 0x28).text(),
      () => reading(0).skip(0x0e),
      () => reading(0x08).skip(0x0b),
      () => reading(...Array.from({ length: 100 }, () => 0x0b)).skip(0x0b),
    ]) {
      expect(act).toThrow(MalformedProtobuf);
    }
    // A message ends where it says, though bytes follow.
    const inner = reading(0x0a, 0x02, 0x10, 0x80, 0x01);
    inner.tag();
    inner.enter();
    inner.tag();
    expect(() => inner.uint32()).toThrow(MalformedProtobuf);
  });
});
