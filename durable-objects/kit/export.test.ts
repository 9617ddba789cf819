import { describe, expect, it } from "vitest";
import { MAINTENANCE_LIMITS, type StateChunk } from "../../contract/rpc/maintenance.ts";
import type { KitOptions, Migration } from "./object-kit.ts";
import { exportAll, importAll, step, tablesOf } from "./snapshot-testing.ts";
import { Probe, settled } from "./testing.ts";

const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "things",
    additive: true,
    up: `CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, data BLOB, weight REAL) STRICT;
         CREATE TABLE pair (a TEXT, b BLOB, note TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
         CREATE TABLE loose (v);
         CREATE TABLE one (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL);
         INSERT INTO one VALUES (1, 0);`,
  },
];
const OPTIONS: Partial<KitOptions> = { migrations: MIGRATIONS, registered: true };

async function leftovers(probe: Probe): Promise<string[]> {
  return await probe.open(({ kit }) =>
    kit.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE name LIKE 'kit_snapshot%'")
      .toArray()
      .map(({ name }) => name),
  );
}

describe("an export", () => {
  it("[KT91] is the object as it was at the first call: rows of every kind of table, events, records, timers, counters", async () => {
    const source = new Probe("export-whole", { ...OPTIONS, timers: { later: () => undefined } });
    await source.open(({ kit }) => {
      kit.transaction(() => {
        kit.sql.exec("INSERT INTO thing (name, data, weight) VALUES ('a', x'00ff', 1.5), ('b', NULL, NULL), ('gone', NULL, 3)");
        kit.sql.exec("DELETE FROM thing WHERE name = 'gone'");
        kit.sql.exec("INSERT INTO pair VALUES ('x', x'01', 'n'), ('x', x'02', NULL), ('', x'', '')");
        kit.sql.exec("INSERT INTO loose VALUES (1), ('1'), (x'31'), (NULL), (1), (1.0), (1152921504606846976)");
        kit.timers.set("later", Date.now() + 10_000_000);
      });
    });
    source.queue.down = true;
    await source.open(({ kit }) =>
      kit.transaction(() => kit.outbox.emit({ type: "meridian.tenant.changed", subject: "t", data: { n: 1 } })),
    );
    const before = await tablesOf(source);
    expect(before["kit_outbox"]).not.toEqual([]);
    const chunks = await exportAll(source, async () => {
      await source.open(({ kit }) => kit.sql.exec("UPDATE thing SET name = name || '!'; DELETE FROM loose; UPDATE one SET n = n + 1"));
    });
    expect(await tablesOf(source)).not.toEqual(before);
    expect(await leftovers(source)).toEqual([]);

    const target = new Probe("export-whole-target", { ...OPTIONS, timers: { later: () => undefined } });
    target.queue.down = true;
    // The address is part of the state: for this test it becomes the target's.
    const moved = chunks.map((chunk) => readdress(chunk, "export-whole", "export-whole-target"));
    await importAll(target, moved);
    const after = await tablesOf(target);
    const expected = { ...before, kit_meta: after["kit_meta"], sqlite_sequence: after["sqlite_sequence"] };
    expect(after).toEqual(expected);
    expect(after["sqlite_sequence"]).toContainEqual({ name: "text thing", seq: "integer 3" });
    expect(await target.alarmAt()).not.toBeNull();
  });

  it("[KT92] comes in parts of about a megabyte, a larger row alone, each part again when it is asked for again", async () => {
    const source = new Probe("export-parts", OPTIONS);
    await source.open(({ kit }) => {
      for (let i = 0; i < 40; i++) kit.sql.exec("INSERT INTO thing (name, data) VALUES (?, ?)", `n${i}`, new ArrayBuffer(100_000));
      kit.sql.exec("INSERT INTO thing (name, data) VALUES ('large', ?)", new ArrayBuffer(1_500_000));
    });
    const sizes: number[] = [];
    let cursor: string | null = null;
    let rows = 0;
    do {
      const report = await step(source, cursor);
      const again = cursor === null ? report : await step(source, cursor);
      expect(again).toEqual(report);
      const things = report.chunk.tables.filter(({ name }) => name === "thing").flatMap((table) => table.rows);
      rows += things.length;
      sizes.push(things.length);
      cursor = report.cursor;
    } while (cursor !== null);
    expect(rows).toBe(41);
    expect(Math.max(...sizes) * 100_000).toBeLessThanOrEqual(MAINTENANCE_LIMITS.chunkBytes);
    expect(sizes).toContain(1);
    expect(await leftovers(source)).toEqual([]);
  });

  it("[KT92] lets a new first call end the one before, and an abort end it at once", async () => {
    const source = new Probe("export-again", OPTIONS);
    await source.open(({ kit }) => kit.sql.exec("INSERT INTO thing (name) VALUES ('a')"));
    const first = await step(source, null);
    const second = await step(source, null);
    await expect(step(source, first.cursor)).rejects.toThrow(/is over/);
    expect((await step(source, second.cursor)).cursor).toBeNull();
    expect((await step(source, second.cursor)).cursor).toBeNull(); // its answer was lost
    await step(source, null);
    await source.open(async ({ kit }) => await kit.maintain({ type: "export-abort" }));
    expect(await leftovers(source)).toEqual([]);
  });

  it("[KT92] that nobody goes on with ends by itself, also after an eviction, and leaves no trigger", async () => {
    const source = new Probe("export-idle", OPTIONS);
    await source.open(({ kit }) => kit.sql.exec("INSERT INTO thing (name) VALUES ('a')"));
    await step(source, null);
    expect(await leftovers(source)).not.toEqual([]);
    await source.evict();
    await source.open(async ({ kit }) => {
      expect(kit.timers.get("kit:export")).toBeGreaterThan(0);
      kit.timers.set("kit:export", 1);
      await kit.alarm();
    });
    expect(await leftovers(source)).toEqual([]);
    await source.open(({ kit }) => expect(kit.timers.get("kit:export")).toBeUndefined());
  });

  it("[KT92] goes on after an eviction with what it held", async () => {
    const source = new Probe("export-evicted", OPTIONS);
    await source.open(({ kit }) => {
      for (let i = 0; i < 25; i++) kit.sql.exec("INSERT INTO thing (name, data) VALUES (?, ?)", `n${i}`, new ArrayBuffer(100_000));
    });
    const chunks = await exportAll(source, async () => {
      await source.open(({ kit }) => kit.sql.exec("UPDATE thing SET name = 'later ' || id WHERE id = 25; DELETE FROM thing WHERE id = 24"));
      await source.evict();
    });
    const names = chunks.flatMap(({ tables }) =>
      tables.filter(({ name }) => name === "thing").flatMap(({ rows }) => rows.map((row) => row[1])),
    );
    expect(names).toEqual(Array.from({ length: 25 }, (_, i) => `n${i}`));
  });

  it("[KT92] is ended by a release that changes the schema", async () => {
    const source = new Probe("export-migrated", OPTIONS);
    await source.open(({ kit }) => {
      for (let i = 0; i < 20; i++) kit.sql.exec("INSERT INTO thing (name, data) VALUES (?, ?)", `n${i}`, new ArrayBuffer(100_000));
    });
    const { cursor } = await step(source, null);
    await source.evict();
    const next: Migration = { id: 2, name: "renamed", additive: false, up: "ALTER TABLE thing RENAME COLUMN weight TO mass" };
    await source.open(({ kit }) => expect(kit.sql.exec("SELECT mass FROM thing LIMIT 1").toArray()).toEqual([{ mass: null }]), {
      migrations: [...MIGRATIONS, next],
    });
    expect(await leftovers(source)).toEqual([]);
    await expect(step(source, cursor)).rejects.toThrow(/is over/);
  });

  it("[KT92] refuses a number that JavaScript cannot hold, rather than to change it", async () => {
    const source = new Probe("export-inexact", OPTIONS);
    await source.open(({ kit }) => kit.sql.exec("INSERT INTO loose VALUES (9007199254740993)"));
    await expect(step(source, null)).rejects.toThrow(/cannot travel/);
    expect(await leftovers(source)).toEqual([]);
  });

  it("[KT91] costs nothing when none runs: a write writes the rows that it always wrote", async () => {
    const source = new Probe("export-cost", OPTIONS);
    const write = async () =>
      await source.open(({ kit }) => kit.transaction(() => kit.sql.exec("INSERT INTO loose VALUES (1)").rowsWritten));
    const before = await write();
    await exportAll(source, async () => {
      await write();
    });
    await settled();
    expect(await write()).toBe(before);
  });
});

/** The same state for an object of another name. */
function readdress(chunk: StateChunk, from: string, to: string): StateChunk {
  const tables = chunk.tables.map((table) =>
    table.name === "kit_meta"
      ? { ...table, rows: table.rows.map(([key, value]) => [key ?? null, typeof value === "string" ? value.replace(from, to) : null]) }
      : table,
  );
  return { ...chunk, tables };
}
