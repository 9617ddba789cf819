import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkArena } from "./chunk-arena.ts";
import { Heads } from "./heads.ts";
import { valueAt } from "./workload-testing.ts";

const LISTS = 5;

describe("the arena of compressed points", () => {
  it("[MT332] gives back every list as it was appended, whatever others grow or are emptied between", () => {
    const step = fc.record({ list: fc.nat(LISTS - 1), bytes: fc.oneof(fc.nat(20), fc.nat(400)), clear: fc.nat(9) });
    let cleared = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const arena = new ChunkArena();
        arena.ensure(LISTS);
        const model = Array.from({ length: LISTS }, () => [] as number[]);
        for (const [n, { list, bytes, clear }] of steps.entries()) {
          if (clear === 0) {
            arena.clear(list);
            model[list] = [];
            cleared++;
          } else {
            const added = Uint8Array.from({ length: bytes + 3 }, (_, i) => n + i);
            arena.append(list, added, bytes);
            model[list]?.push(...added.subarray(0, bytes));
          }
        }
        for (const [list, expected] of model.entries()) {
          expect(arena.length(list)).toBe(expected.length);
          expect([...arena.read(list)]).toEqual(expected);
        }
        expect(arena.bytes).toBe(model.reduce((sum, { length }) => sum + length, 0));
      }),
      { seed: 332, numRuns: 200 },
    );
    expect(cleared).toBeGreaterThan(50);
  });

  it("[MT332] uses room again that was given back, and gives all of it back when nothing is left", () => {
    const arena = new ChunkArena();
    arena.ensure(2);
    const empty = arena.heldBytes;
    const some = new Uint8Array(100_000);
    arena.append(0, some, some.length);
    arena.append(1, some, 10);
    const held = arena.heldBytes;
    for (let i = 0; i < 50; i++) {
      arena.clear(0);
      arena.append(0, some, some.length);
    }
    expect(arena.heldBytes).toBe(held);
    arena.clear(0);
    arena.clear(1);
    expect(arena.heldBytes).toBe(empty);
  });

  it("[MT332] holds half an hour of 5 s points in less than 1,300 bytes a series, tails and columns counted", () => {
    const heads = new Heads();
    const values = new Float64Array(1);
    const bits = new Uint32Array(values.buffer);
    const series = 2_048;
    for (let slot = 0; slot < series; slot++) {
      heads.open(slot);
      for (let point = 0; point < 360; point++) {
        values[0] = valueAt(slot, point, "mixed");
        heads.append(slot, point * 5_000, bits[0] ?? 0, bits[1] ?? 0);
      }
    }
    expect(heads.heldBytes / series).toBeLessThan(1_300);
    expect(heads.heldBytes / series).toBeGreaterThan(heads.bytes / series);
  });
});
