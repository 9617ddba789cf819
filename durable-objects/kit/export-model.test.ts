import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StateChunk } from "../../contract/rpc/maintenance.ts";
import { Exporter } from "./export.ts";
import type { Migration } from "./object-kit.ts";
import { importAll, tablesOf } from "./snapshot-testing.ts";
import { createSqlStore } from "./sql-store.ts";
import { Probe } from "./testing.ts";

const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "things",
    additive: true,
    up: `CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, data BLOB);
         CREATE TABLE pair (a TEXT COLLATE NOCASE, b, note TEXT, PRIMARY KEY (a, b), UNIQUE (note)) WITHOUT ROWID;
         CREATE TABLE loose (v, w INTEGER);
         CREATE UNIQUE INDEX loose_w ON loose (w) WHERE w > 2;
         CREATE TABLE named (name TEXT PRIMARY KEY, n REAL);`,
  },
];

/** Few values, so that rows meet each other's keys. */
const id = fc.integer({ min: 1, max: 6 });
const word = fc.constantFrom("a", "A", "b", "B", "c");
const or = fc.constantFrom("", " OR REPLACE", " OR IGNORE", " OR FAIL");
const value = fc.constantFrom("1", "2.5", "'x'", "x'00'", "NULL");

const change = fc.oneof(
  fc.tuple(or, id, word, value).map(([how, i, w, v]) => `INSERT${how} INTO thing (id, name, data) VALUES (${i}, '${w}', ${v})`),
  fc.tuple(or, word, value).map(([how, w, v]) => `INSERT${how} INTO thing (name, data) VALUES ('${w}', ${v})`),
  fc.tuple(word, value).map(([w, v]) => `INSERT INTO thing (name, data) VALUES ('${w}', 0) ON CONFLICT (name) DO UPDATE SET data = ${v}`),
  fc.tuple(or, id, id).map(([how, i, j]) => `UPDATE${how} thing SET id = ${j} WHERE id = ${i}`),
  fc.tuple(or, id, word).map(([how, i, w]) => `UPDATE${how} thing SET name = '${w}' WHERE id >= ${i}`),
  fc.tuple(or, word, id, word).map(([how, a, b, n]) => `INSERT${how} INTO pair VALUES ('${a}', ${b}, '${n}')`),
  fc.tuple(or, word, word, id).map(([how, a, c, b]) => `UPDATE${how} pair SET a = '${c}', b = ${b} WHERE a = '${a}'`),
  fc.tuple(or, value, id).map(([how, v, w]) => `INSERT${how} INTO loose VALUES (${v}, ${w})`),
  fc.tuple(or, id, id).map(([how, v, w]) => `UPDATE${how} loose SET w = ${w} WHERE rowid = ${v}`),
  fc.tuple(id, id).map(([from, to]) => `UPDATE OR REPLACE loose SET rowid = ${to} WHERE rowid = ${from}`),
  fc.tuple(or, word, value).map(([how, w, v]) => `INSERT${how} INTO named VALUES ('${w}', ${v})`),
  fc.tuple(or, word, word).map(([how, w, x]) => `UPDATE${how} named SET name = '${w}' WHERE name = '${x}'`),
  fc
    .tuple(fc.constantFrom("thing", "loose", "named", "pair"), id)
    .map(([t, i]) => `DELETE FROM ${t} WHERE ${i} % 3 = 0 OR length(${t === "loose" ? "v" : t === "pair" ? "a" : "name"}) = ${i}`),
  fc.tuple(fc.constantFrom("thing", "loose"), id).map(([t, i]) => `DELETE FROM ${t} WHERE rowid = ${i}`),
);
const changes = fc.array(change, { maxLength: 6 });

/** What happens between two calls: writes, perhaps undone, perhaps an eviction, perhaps the same call again. */
const pause = fc.record({ writes: changes, undone: changes, evicted: fc.boolean(), again: fc.boolean() });

let runs = 0;
let parts = 0;
let changed = 0;

async function run(probe: Probe, statements: readonly string[], undo = false): Promise<void> {
  await probe.open(({ state }) => {
    const all = () => {
      for (const statement of statements) {
        try {
          state.storage.transactionSync(() => state.storage.sql.exec(statement));
        } catch {
          // A constraint: the statement was undone, triggers and all.
        }
      }
      if (undo) throw new Error("undo");
    };
    try {
      state.storage.transactionSync(all);
    } catch {
      // Wanted.
    }
  });
}

describe("an export under writes", () => {
  it("[KT91] is the object as it was at the first call, whatever is written between the calls, and leaves nothing behind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 5, maxLength: 25 }),
        fc.infiniteStream(pause),
        fc.integer({ min: 1, max: 120 }),
        async (before, pauses, bytes) => {
          runs += 1;
          const name = `export-model-${runs}`;
          const source = new Probe(name, { migrations: MIGRATIONS });
          await run(source, before);
          const moment = await tablesOf(source);
          const chunks: StateChunk[] = [];
          let cursor: string | null = null;
          for (let calls = 0; calls === 0 || cursor !== null; calls++) {
            const next: { chunk: StateChunk; cursor: string | null } = await call(source, cursor, bytes);
            const { writes, undone, evicted, again } = pauses.next().value ?? raise();
            if (again && cursor !== null && next.cursor !== null) {
              await run(source, writes);
              expect(await call(source, cursor, bytes)).toEqual(next);
            }
            chunks.push(next.chunk);
            cursor = next.cursor;
            await run(source, undone, true);
            await run(source, writes);
            if (evicted) await source.evict();
            expect(calls).toBeLessThan(500);
          }
          parts += chunks.length;
          const now = await tablesOf(source);
          if (JSON.stringify(now) !== JSON.stringify(moment)) changed += 1;
          const left = await source.open(({ kit }) =>
            kit.sql.exec("SELECT name FROM sqlite_schema WHERE name LIKE 'kit_snapshot%'").toArray(),
          );
          expect(left).toEqual([]);

          const target = new Probe(`${name}-target`, { migrations: MIGRATIONS });
          await importAll(
            target,
            chunks.map((chunk) => moved(chunk, `${name}-target`)),
          );
          const found = await tablesOf(target);
          const own = { kit_meta: found["kit_meta"] ?? [], sqlite_sequence: counters(found) };
          expect({ ...found, ...own }).toEqual({ ...moment, ...own, sqlite_sequence: counters(moment) });
        },
      ),
      { numRuns: 30, seed: 20_261_120 },
    );
    // Not vacuous: exports took many calls, and nearly all objects were others afterwards.
    expect(parts).toBeGreaterThan(runs * 5);
    expect(changed).toBeGreaterThan(runs / 2);
  });
});

async function call(source: Probe, cursor: string | null, bytes: number) {
  return await source.open(({ state }) => {
    const { ledger, migrations } = createSqlStore(state.storage);
    const exporter = new Exporter(state.storage, ledger, bytes);
    return state.storage.transactionSync(() => exporter.next(cursor, "export-1", migrations.length + MIGRATIONS.length));
  });
}

/** The outbox's counter is raised on purpose. */
function counters(tables: Awaited<ReturnType<typeof tablesOf>>) {
  return tables["sqlite_sequence"]?.filter((row) => row["name"] !== "text kit_outbox");
}

function moved(chunk: StateChunk, to: string): StateChunk {
  const tables = chunk.tables.map((table) =>
    table.name === "kit_meta" ? { ...table, rows: table.rows.map(([key]) => [key ?? null, `platform/attempts/${to}`]) } : table,
  );
  return { ...chunk, tables };
}

function raise(): never {
  throw new Error("an infinite stream has ended");
}
