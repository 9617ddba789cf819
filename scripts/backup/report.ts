import type { RestoreStatus } from "../../contract/platform.ts";
import type { ComparedTable } from "./node-restore.ts";

/** What a restore found, a line per kind of database and table: files, rows noted, rows found, and whether all checksums agree. */
export function comparison(tables: readonly ComparedTable[]): string {
  const groups = new Map<string, { files: number; noted: number; found: number; agree: boolean }>();
  for (const { path, noted, found } of tables) {
    const name = `${databaseOf(path)}  ${noted.name}`;
    const group = groups.get(name) ?? { files: 0, noted: 0, found: 0, agree: true };
    group.files += 1;
    group.noted += noted.rows;
    group.found += found?.rows ?? 0;
    group.agree &&= found?.rows === noted.rows && found.sum === noted.sum;
    groups.set(name, group);
  }
  const rows = [...groups].map(([name, { files, noted, found, agree }]) => [
    name,
    String(files),
    String(noted),
    String(found),
    agree ? "agrees" : "DIFFERS",
  ]);
  return table([["table", "files", "rows saved", "rows restored", "checksum"], ...rows]);
}

/** The same of one tenant's objects. */
export function objectComparison(compared: RestoreStatus["compared"]): string {
  const rows = compared.map(({ object, table: name, saved, restored, agrees }) => [
    `${object}  ${name}`,
    String(saved),
    String(restored),
    agrees ? "agrees" : "DIFFERS",
  ]);
  return table([["table", "rows saved", "rows restored", "checksum"], ...rows]);
}

/** `v3/do/meridian-Tenant/….sqlite` is one of many of its kind: `do/meridian-Tenant`. */
function databaseOf(path: string): string {
  return path.split("/").slice(1, -1).join("/");
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "))
    .join("\n");
}
