import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { TableSum } from "../../contract/backup-format.ts";

/**
 * Counts and sums up the rows of every table of a database file: the first 128 bits of each row's SHA-256, added modulo
 * 2^128, so that the order of rows does not matter and twice the same row is not none (an additive multiset hash, Clarke et
 * al. 2003). It compares what was written with what is read; against forgery the files have their seal.
 */
export function tableSums(file: string): TableSum[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return tableNames(database).map((name) => sumOf(database, name));
  } finally {
    database.close();
  }
}

/** @returns what SQLite finds wrong with the file's pages and indexes, or undefined */
export function corruptionOf(file: string): string | undefined {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const said = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    return said === "ok" ? undefined : String(said);
  } finally {
    database.close();
  }
}

/** Rows of a virtual table live in tables of its own, which are listed too. */
function tableNames(database: DatabaseSync): string[] {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
    .all()
    .map((row) => String(row["name"]));
}

function sumOf(database: DatabaseSync, name: string): TableSum {
  const statement = database.prepare(`SELECT * FROM "${name.replaceAll('"', '""')}"`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  let rows = 0;
  let high = 0n;
  let low = 0n;
  for (const row of statement.iterate()) {
    const digest = digestOf(row as unknown as readonly unknown[]); // `setReturnArrays`, which the types do not follow
    high += digest.readBigUInt64BE(0);
    low += digest.readBigUInt64BE(8);
    rows += 1;
  }
  const sum = BigInt.asUintN(128, (high << 64n) + low);
  return { name, rows, sum: sum.toString(16).padStart(32, "0") };
}

/** Each value with its type and length before it, so that no two different rows read alike. */
function digestOf(row: readonly unknown[]): Buffer {
  const hash = createHash("sha256");
  for (const value of row) {
    if (value instanceof Uint8Array) hash.update(`b${value.length}:`).update(value);
    else if (typeof value === "string") hash.update(`s${Buffer.byteLength(value)}:`).update(value);
    else if (typeof value === "bigint") hash.update(`i${value};`);
    else hash.update(typeof value === "number" ? `f${value};` : "n;");
  }
  return hash.digest();
}
