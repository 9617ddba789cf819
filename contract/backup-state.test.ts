import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "./backup-state.ts";
import type { StateChunk } from "./rpc/maintenance.ts";

const cell = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true }).map((n) => n + 0), // JSON has no negative zero
  fc.constant(null),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes).buffer),
);

describe("a part of a state", () => {
  it("[ND64] comes back as it was, blobs and all", () => {
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), fc.boolean(), (rows, first) => {
        const schema = first ? { schema: [{ scope: "kit" as const, id: 1, name: "a", hash: "b", additive: true }] } : {};
        const chunk: StateChunk = { v: 1, tables: [{ name: "t", columns: ["a"], rows, integers: [[0, 1]] }], ...schema };
        expect(decodeState(encodeState(chunk))).toEqual(chunk);
      }),
      { seed: 5 },
    );
  });

  it("[ND64] keeps infinities, which scores can be", () => {
    const rows = [[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, "inf", null]];
    expect(decodeState(encodeState({ v: 1, tables: [{ name: "t", columns: ["a"], rows }] })).tables[0]?.rows).toEqual(rows);
  });

  it("[ND64] of another shape, or with a blob that lies outside, is refused", () => {
    const whole = encodeState({ v: 1, tables: [{ name: "t", columns: ["a"], rows: [[new ArrayBuffer(8)]] }] });
    expect(() => decodeState(whole.slice(0, whole.length - 1))).toThrow(/outside/);
    expect(() => decodeState(new Uint8Array(3))).toThrow();
    expect(() => decodeState(new Uint8Array([0, 0, 0, 2, 123, 125]))).toThrow();
  });
});
