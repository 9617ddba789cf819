import { describe, expect, it } from "vitest";
import type { Migration } from "./object-kit.ts";
import { createKvStore } from "./kv-store.ts";
import { Probe } from "./testing.ts";

const ONE: Migration = { id: 1, name: "things", additive: true, up: "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT)" };
const TWO: Migration = {
  id: 2,
  name: "colours",
  additive: true,
  up: "ALTER TABLE thing ADD COLUMN colour TEXT; CREATE INDEX thing_colour ON thing (colour)",
};
const BREAKING: Migration = { id: 3, name: "no names", additive: false, up: "ALTER TABLE thing DROP COLUMN name" };

const names = (sql: SqlStorage) => sql.exec("SELECT name FROM thing ORDER BY id").toArray().map((row) => row.name); // prettier-ignore
const refused = (probe: Probe, migrations: readonly Migration[]) =>
  expect((async () => await probe.open(() => undefined, { migrations }))()).rejects;

describe("schema", () => {
  it("[KT10] applies what is missing before first use, and keeps the rows of before", async () => {
    const probe = new Probe("schema-apply");
    await probe.open(({ kit }) => kit.sql.exec("INSERT INTO thing (name) VALUES ('old')"), { migrations: [ONE] });
    await probe.evict();
    await probe.open(
      ({ kit }) => {
        kit.sql.exec("INSERT INTO thing (name, colour) VALUES ('new', 'red')");
        expect(names(kit.sql)).toEqual(["old", "new"]);
      },
      { migrations: [ONE, TWO] },
    );
  });

  it("[KT11] a step that fails leaves neither its tables nor a ledger row, and may be retried", async () => {
    const probe = new Probe("schema-fail");
    const torn: Migration = { ...TWO, up: "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)" };
    await refused(probe, [ONE, torn]).toThrow("no such table: nowhere");
    await probe.evict();
    await probe.open(
      ({ kit }) => {
        expect(kit.sql.exec("SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'half'").one().n).toBe(0);
        expect(kit.sql.exec("SELECT id FROM kit_schema WHERE scope = 'object' ORDER BY id").toArray()).toEqual([{ id: 1 }, { id: 2 }]);
      },
      { migrations: [ONE, TWO] },
    );
  });

  it("[KT12] refuses edited and reordered steps, and overwrites nothing", async () => {
    const probe = new Probe("schema-edited");
    await probe.open(({ kit }) => kit.sql.exec("INSERT INTO thing (name) VALUES ('kept')"), { migrations: [ONE, TWO] });
    const edited = [{ ...ONE, up: `${ONE.up} ` }, TWO];
    const reordered = [{ ...TWO, id: 1 }, { ...ONE, id: 2 }]; // prettier-ignore
    for (const wrong of [edited, reordered]) {
      await probe.evict();
      await refused(probe, wrong).toThrow("was changed after it was applied");
    }
    await probe.evict();
    await probe.open(({ kit }) => expect(names(kit.sql)).toEqual(["kept"]), { migrations: [ONE, TWO] });
  });

  it("[KT13] an older release works over newer additive steps and refuses others", async () => {
    const probe = new Probe("schema-newer");
    await probe.open(() => undefined, { migrations: [ONE, TWO] });
    await probe.evict();
    await probe.open(({ kit }) => kit.sql.exec("INSERT INTO thing (name) VALUES ('by the old one')"), { migrations: [ONE] });
    await probe.evict();
    await probe.open(() => undefined, { migrations: [ONE, TWO, BREAKING] });
    await probe.evict();
    await refused(probe, [ONE, TWO]).toThrow('step 3 "no names" is of a newer release and is not additive');
  });

  it("[KT14] the key-value store migrates, remembers and refuses alike", async () => {
    const probe = new Probe("schema-kv", { store: createKvStore });
    await probe.open(({ kit }) => kit.sql.exec("INSERT INTO thing (name) VALUES ('x')"), { migrations: [ONE] });
    await probe.evict();
    await refused(probe, [{ ...ONE, name: "other" }]).toThrow("was changed after it was applied");
    await probe.evict();
    await probe.open(({ kit }) => expect(names(kit.sql)).toEqual(["x"]), { migrations: [ONE, TWO] });
    await probe.open(({ kit }) => {
      const tables = kit.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'kit_%'").toArray();
      expect(tables).toEqual([]);
    });
  });
});
