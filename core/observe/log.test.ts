import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptBlock } from "./bits.ts";
import { LogRing } from "./log-ring.ts";
import { decodeCommit, encodeCommit, splitCommit, wholeCommits } from "./log-rows.ts";
import { RECENT_ID_LIMITS, RecentIds } from "./recent-ids.ts";
import { type LogRow, MAX_ROW_BYTES } from "./store.ts";

const record = fc.record({
  id: fc.string({ unit: "grapheme", maxLength: 40 }),
  assigned: fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 9 }).map((list) => Uint32Array.from(list)),
  batch: fc.uint8Array({ maxLength: 60 }),
});

const rowsOf = (seq: number, body: Uint8Array): LogRow[] =>
  splitCommit(body).map((part, i, parts) => ({ slot: seq * 100 + i, seq, part: i, parts: parts.length, at: seq, body: part }));

describe("a write-ahead row", () => {
  it("[MT24] gives back what was put into it", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), (records) => {
        const decoded = decodeCommit(encodeCommit(records));
        expect(decoded.map(({ id, assigned, batch }) => [id, [...assigned], [...batch]])).toEqual(
          records.map(({ id, assigned, batch }) => [id, [...assigned], [...batch]]),
        );
      }),
      { seed: 24 },
    );
  });

  it("[MT24] that was cut or changed is refused, or decodes within its bytes", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255), fc.nat(), (records, at, value, cut) => {
        const bytes = encodeCommit(records);
        bytes[at % bytes.length] = value;
        try {
          decodeCommit(bytes.subarray(0, cut % (bytes.length + 1)));
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBlock);
        }
      }),
      { seed: 25, numRuns: 500 },
    );
  });

  it("[MT24] of exactly the row limit stays one, and one byte more makes it two that are put together again", () => {
    expect(splitCommit(new Uint8Array(MAX_ROW_BYTES))).toHaveLength(1);
    const large = Uint8Array.from({ length: MAX_ROW_BYTES + 1 }, (_, i) => i % 251);
    const rows = rowsOf(1, large);
    expect(rows).toHaveLength(2);
    expect(Math.max(...rows.map(({ body }) => body.length))).toBeLessThanOrEqual(MAX_ROW_BYTES);
    const [whole, ...others] = [...wholeCommits(rows)];
    expect([whole?.seq, whole?.body.length, others.length]).toEqual([1, large.length, 0]);
    expect(whole?.body.every((byte, i) => byte === large[i])).toBe(true);
  });

  it("[MT24] of which a part is missing never was", () => {
    const rows = [...rowsOf(1, new Uint8Array(2 * MAX_ROW_BYTES)).slice(1), ...rowsOf(2, new Uint8Array(8))];
    expect([...wholeCommits(rows)].map(({ seq }) => seq)).toEqual([2]);
  });
});

describe("the ring of write-ahead rows", () => {
  it("[MT24] writes over a row only when packed rows hold it and its ids are too old to matter", () => {
    const ring = new LogRing();
    ring.note({ slot: ring.take(0, 0), seq: 1, at: 100, bytes: 10 }, 0);
    ring.note({ slot: ring.take(0, 0), seq: 2, at: 200, bytes: 10 }, 0);
    expect(ring.unsealedBytes).toBe(20);
    expect(ring.take(0, 1_000)).toBe(3);
    expect(ring.take(1, 100)).toBe(4);
    expect(ring.take(1, 101)).toBe(1);
    expect(ring.take(1, 1_000)).toBe(5);
    ring.seal(2);
    expect([ring.unsealedBytes, ring.rows]).toEqual([0, 1]);
  });

  it("[MT24] gives back for deletion what is free beyond the spare rows, a bounded number at a time", () => {
    const ring = new LogRing();
    for (let seq = 1; seq <= 10; seq++) ring.note({ slot: ring.take(0, 0), seq, at: seq, bytes: 1 }, 0);
    expect(ring.trim(8, 100, 3, 100)).toEqual([1, 2, 3, 4, 5]);
    expect(ring.trim(10, 100, 0, 2)).toEqual([6, 7]);
    expect(ring.rows).toBe(3);
  });
});

describe("recent batch ids", () => {
  it("[MT14] are known for exactly their window", () => {
    const recent = new RecentIds(1_000);
    recent.add("a", 0);
    expect([recent.has("a", 999), recent.has("a", 1_000), recent.has("b", 0)]).toEqual([true, false, false]);
  });

  it("[MT15] are bounded in number and in characters, and the oldest go first", () => {
    const recent = new RecentIds(1_000_000);
    for (let i = 0; i <= RECENT_ID_LIMITS.ids; i++) recent.add(`id${i}`, i);
    expect(recent.size).toBe(RECENT_ID_LIMITS.ids);
    expect([recent.has("id0", 60_000), recent.has("id1", 60_000)]).toEqual([false, true]);
    const long = new RecentIds(1_000_000);
    const count = RECENT_ID_LIMITS.chars / 1_024;
    for (let i = 0; i <= count; i++) long.add(String(i).padEnd(1_024, "x"), i);
    expect(long.size).toBe(count);
  });

  it("[MT15] forget what is past its window as new ones come", () => {
    const recent = new RecentIds(1_000);
    for (let i = 0; i < 100; i++) recent.add(`id${i}`, i);
    recent.add("new", 5_000);
    expect(recent.size).toBe(1);
  });
});
