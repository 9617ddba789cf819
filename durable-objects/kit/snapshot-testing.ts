import { type MaintenanceReport, type StateChunk } from "../../contract/rpc/maintenance.ts";
import type { KitOptions } from "./object-kit.ts";
import type { Probe } from "./testing.ts";

type Report = MaintenanceReport<{ type: "export"; cursor: string | null }>;

export async function step(source: Probe, cursor: string | null): Promise<Report> {
  return await source.open(async ({ kit }) => await kit.maintain({ type: "export", cursor }));
}

/** All parts of an export; `between` runs after every call but the last. */
export async function exportAll(source: Probe, between: () => Promise<void> = async () => undefined): Promise<StateChunk[]> {
  const chunks: StateChunk[] = [];
  let cursor: string | null = null;
  do {
    const report: Report = await step(source, cursor);
    chunks.push(report.chunk);
    cursor = report.cursor;
    if (cursor !== null) await between();
  } while (cursor !== null);
  return chunks;
}

/** Puts the parts into an object that was never used, and opens it. */
export async function importAll(target: Probe, chunks: readonly StateChunk[], options: Partial<KitOptions> = {}): Promise<void> {
  for (const [at, chunk] of chunks.entries())
    await target.run(async ({ kit }) => {
      await kit.maintain({ type: "import", chunk, first: at === 0, last: at === chunks.length - 1 });
    }, options);
}

/** Every row of every table, with its types, in an order that follows from the rows; what an export makes for itself is left out. */
export async function tablesOf(probe: Probe): Promise<Record<string, Record<string, string>[]>> {
  return await probe.run(({ state }) => {
    const { sql } = state.storage;
    const names = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '_cf_%' AND name NOT LIKE 'kit_snapshot%'",
      )
      .toArray();
    return Object.fromEntries(names.map(({ name }) => [name, rowsOf(sql, name)]));
  });
}

function rowsOf(sql: SqlStorage, name: string): Record<string, string>[] {
  const columns = sql
    .exec<{ name: string }>(`SELECT name FROM pragma_table_info('${name}')`)
    .toArray()
    .map(({ name: column }) => column);
  const cells = columns.map(
    (column) =>
      `typeof("${column}") || ' ' || coalesce(iif(typeof("${column}") = 'blob', hex("${column}"), "${column}"), '') AS "${column}"`,
  );
  return sql
    .exec<Record<string, string>>(`SELECT ${cells.join(", ")} FROM "${name}"`)
    .toArray()
    .filter((row) => !(name === "kit_timer" && row["name"] === "text kit:export"))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
