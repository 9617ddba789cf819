import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSnappy, roomFor, snappyHeader, unsnap } from "./snappy.ts";

/** What a block is made of, chosen at random: the decoder must not depend on what compressors like. */
type Element = { readonly literal: Uint8Array } | { readonly offset: number; readonly size: number };

function varint(value: number): number[] {
  return value > 127 ? [(value & 127) | 128, ...varint(value >>> 7)] : [value];
}

/** Writes elements as a block, each copy in the shortest of the three forms that fits or in a longer one. */
function blockOf(elements: readonly Element[], longer: number): { block: Uint8Array; plain: number[] } {
  const plain: number[] = [];
  const bytes: number[] = [];
  for (const element of elements) {
    if ("literal" in element) {
      const size = element.literal.length;
      if (size === 0) continue;
      if (size <= 60 && longer === 0) bytes.push((size - 1) << 2);
      else {
        const width = Math.max(size <= 256 ? 1 : 2, longer);
        bytes.push((59 + width) << 2, ...Array.from({ length: width }, (_, i) => ((size - 1) >>> (8 * i)) & 255));
      }
      bytes.push(...element.literal);
      plain.push(...element.literal);
    } else {
      if (plain.length === 0) continue;
      const offset = 1 + (element.offset % plain.length);
      const { size } = element;
      if (size >= 4 && size <= 11 && offset < 2_048 && longer === 0)
        bytes.push(((offset >>> 8) << 5) | ((size - 4) << 2) | 1, offset & 255);
      else if (offset < 65_536 && longer < 3) bytes.push(((size - 1) << 2) | 2, offset & 255, offset >>> 8);
      else bytes.push(((size - 1) << 2) | 3, offset & 255, (offset >>> 8) & 255, (offset >>> 16) & 255, offset >>> 24);
      for (let i = 0; i < size; i++) plain.push(plain[plain.length - offset] ?? 0);
    }
  }
  return { block: Uint8Array.from([...varint(plain.length), ...bytes]), plain };
}

const element = fc.oneof(
  fc.record({ literal: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ offset: fc.nat(1_000), size: fc.integer({ min: 1, max: 64 }) }),
);

describe("a snappy block", () => {
  it("[MT109] gives back what was put in, whatever elements it is made of", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 40 }), fc.integer({ min: 0, max: 3 }), (elements, longer) => {
        const { block, plain } = blockOf(elements, longer);
        const decoded = decodeSnappy(block, 1 << 20);
        expect(decoded.ok && [...decoded.value]).toEqual(plain);
      }),
      { seed: 109, numRuns: 500 },
    );
  });

  it("[MT109] reads the forms that the format's description names", () => {
    const text = (block: number[]) => {
      const decoded = decodeSnappy(Uint8Array.from(block), 100);
      return decoded.ok ? new TextDecoder().decode(decoded.value) : decoded.problem.slug;
    };
    const bytesOf = (words: string) => [...new TextEncoder().encode(words)];
    expect(text([0])).toBe("");
    // A literal of 5; then a copy of 4 bytes from 5 back, in each of three forms.
    expect(text([9, 0x10, ...bytesOf("abcde"), 0x01, 5])).toBe("abcdeabcd");
    expect(text([9, 0x10, ...bytesOf("abcde"), 0x0e, 5, 0])).toBe("abcdeabcd");
    expect(text([9, 0x10, ...bytesOf("abcde"), 0x0f, 5, 0, 0, 0])).toBe("abcdeabcd");
    // "xababab": a copy that reads what it writes.
    expect(text([7, 0x08, ...bytesOf("xab"), 0x0e, 2, 0])).toBe("xababab");
    // A literal whose length stands in one and in two bytes behind the tag.
    expect(text([3, 0xf0, 2, ...bytesOf("abc")])).toBe("abc");
    expect(text([3, 0xf4, 2, 0, ...bytesOf("abc")])).toBe("abc");
  });

  it("[MT109] refuses what is broken: no offset, one before the beginning, more or less than declared, cut off", () => {
    for (const block of [
      [],
      [0x80],
      [0x80, 0x80, 0x80, 0x80, 0x80, 1],
      [1],
      [2, 0x00, 65],
      [1, 0x04, 65, 66],
      [5, 0x00, 65, 0x01, 0],
      [5, 0x00, 65, 0x01, 2],
      [5, 0x00, 65, 0x01],
      [5, 0x00, 65, 0x02, 1],
      [5, 0x00, 65, 0x03, 1, 0, 0],
      [4, 0x00, 65, 0x01, 1],
      [3, 0xfc, 255, 255, 255, 255, 65],
      [3, 0xf0],
    ]) {
      expect(decodeSnappy(Uint8Array.from(block), 1 << 20)).toMatchObject({ ok: false, problem: { slug: "invalid-encoding" } });
    }
  });

  it("[MT109] meets random bytes with a refusal or with as many bytes as declared, and writes nowhere else", () => {
    let decoded = 0;
    fc.assert(
      fc.property(fc.array(element, { maxLength: 12 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (elements, flips) => {
        const { block } = blockOf(elements, 0);
        for (const [at, value] of flips) block[at % block.length] = value;
        const header = snappyHeader(block);
        if (!header || header.length > 100_000) return;
        const out = new Uint8Array(roomFor(header.length) + 64).fill(7);
        if (unsnap(block, header, out.subarray(0, roomFor(header.length)))) decoded++;
        expect(out.subarray(roomFor(header.length)).every((byte) => byte === 7)).toBe(true);
      }),
      { seed: 1_090, numRuns: 2_000 },
    );
    expect(decoded).toBeGreaterThan(300);
  });

  it("[MT106] judges the declared length before anything of that length is made", () => {
    const asked: number[] = [];
    const room = (enough: boolean) => ({ take: (bytes: number) => (asked.push(bytes), enough) });
    const block = Uint8Array.from([...varint(1_000_001), 0]);
    expect(decodeSnappy(block, 1_000_000, room(true))).toMatchObject({ ok: false, problem: { slug: "payload-too-large" } });
    expect(asked).toEqual([]);
    expect(decodeSnappy(block, 1_000_001, room(false))).toMatchObject({ ok: false, problem: { slug: "unavailable", retryAfterS: 1 } });
    expect(decodeSnappy(block, 1_000_001, room(true))).toMatchObject({ ok: false, problem: { slug: "invalid-encoding" } });
    expect(asked).toEqual([1_000_001, 1_000_001]);
  });
});
