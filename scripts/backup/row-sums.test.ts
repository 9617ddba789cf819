import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableSums } from "./row-sums.ts";
import { scratch } from "./testing.ts";

type Cell = string | number | bigint | null | Uint8Array;
const cell = fc.oneof(
  fc.constant(null),
  fc.string({ maxLength: 3 }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(0.5, 1e300, 2n ** 62n),
  fc.uint8Array({ maxLength: 2 }),
);
const rows = fc.array(fc.tuple(cell, cell), { maxLength: 6 });

function sumOf(folder: string, content: readonly (readonly [Cell, Cell])[]): string {
  const file = join(folder, `${Math.random()}.sqlite`);
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE t (a, b)");
  for (const row of content) database.prepare("INSERT INTO t VALUES (?, ?)").run(...row);
  database.close();
  const [table] = tableSums(file);
  return `${table?.rows}:${table?.sum}`;
}

const canonical = (content: readonly (readonly [Cell, Cell])[]): string =>
  JSON.stringify(
    content
      .map((row) =>
        JSON.stringify(row.map((value) => (value instanceof Uint8Array ? `b${[...value].join()}` : `${typeof value}${String(value)}`))),
      )
      .sort(),
  );

describe("sums of rows", () => {
  it("[ND56] agree exactly when the same rows are there, in whatever order", () => {
    const folder = scratch();
    let same = 0;
    fc.assert(
      fc.property(rows, rows, fc.infiniteStream(fc.nat()), (first, second, order) => {
        const shuffled = first
          .map((row) => ({ row, at: order.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ row }) => row);
        expect(sumOf(folder, shuffled)).toBe(sumOf(folder, first));
        const equal = canonical(first) === canonical(second);
        same += equal ? 1 : 0;
        expect(sumOf(folder, first) === sumOf(folder, second)).toBe(equal);
      }),
      { numRuns: 150, seed: 11 },
    );
    expect(same).toBeGreaterThan(0);
    expect(sumOf(folder, [["a", 1n]])).not.toBe(sumOf(folder, [["a", 1n], ["a", 1n], ["a", 1n]])); // prettier-ignore
    expect(sumOf(folder, [["ab", "c"]])).not.toBe(sumOf(folder, [["a", "bc"]]));
    rmSync(folder, { recursive: true });
  });
});
