import { createHash } from "node:crypto";
import type { TableSum } from "../../contract/backup-format.ts";
import type { CellValue } from "../../contract/rpc/maintenance.ts";

/** A sum over rows that does not depend on their order: the first 128 bits of each row's SHA-256, added modulo 2^128. */
export function sumRows(name: string, rows: readonly (readonly CellValue[])[]): TableSum {
  const sum = rows.reduce((total, row) => BigInt.asUintN(128, total + digestOf(row)), 0n);
  return { name, rows: rows.length, sum: textOf(sum) };
}

/** Sums of the same tables together: an object comes in parts. */
export function addSums(parts: readonly TableSum[]): Map<string, TableSum> {
  const totals = new Map<string, TableSum>();
  for (const { name, rows, sum } of parts) {
    const known = totals.get(name);
    const total = BigInt.asUintN(128, BigInt(`0x${sum}`) + (known ? BigInt(`0x${known.sum}`) : 0n));
    totals.set(name, { name, rows: rows + (known?.rows ?? 0), sum: textOf(total) });
  }
  return totals;
}

function textOf(sum: bigint): string {
  return sum.toString(16).padStart(32, "0");
}

/** Each value with its type and length before it, so that no two different rows read alike. */
function digestOf(row: readonly CellValue[]): bigint {
  const hash = createHash("sha256");
  for (const cell of row) {
    if (cell instanceof ArrayBuffer) hash.update(`b${cell.byteLength}:`).update(new Uint8Array(cell));
    else if (typeof cell === "string") hash.update(`s${cell.length}:`).update(cell);
    else hash.update(cell === null ? "n;" : `f${cell};`);
  }
  return BigInt(`0x${hash.digest("hex").slice(0, 32)}`);
}
