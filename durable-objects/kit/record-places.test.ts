import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { placeOfRecord, RECORD_PLACES } from "./record-places.ts";
import { createSqlStore } from "./sql-store.ts";
import type { KitStore } from "./store.ts";

const BASE = { route: "r", bodyHash: "h", withheld: null, at: 1 };

async function open(name: string, work: (store: KitStore, sql: SqlStorage) => void, steps?: number): Promise<void> {
  await runInDurableObject(env.ATTEMPTS.getByName(`platform/attempts/places-${name}`), (_instance, { storage }) => {
    const store = createSqlStore(storage);
    store.ledger.open();
    for (const step of store.migrations.slice(0, steps)) store.apply(step.up);
    work(store, storage.sql);
  });
}

/** As the release before wrote and read them. */
const PUT = "INSERT OR REPLACE INTO kit_record (actor, key, route, body_hash, at, answer, withheld) VALUES (?, ?, 'r', 'h', ?, ?, NULL)";
const GET = "SELECT answer FROM kit_record WHERE actor = ? AND key = ?";

it("[KT10] answers that were kept before their places were are found and swept, and so are those of an older release", async () => {
  await open(
    "carried",
    (store, sql) => {
      for (let n = 0; n < 3; n++) sql.exec(PUT, "a", `old ${n}`, n, `{"n":${n}}`);
      for (const step of store.migrations.slice(1)) store.apply(step.up);
      expect(store.records.get("a", "old 1")).toEqual({ ...BASE, actor: "a", key: "old 1", at: 1, answer: '{"n":1}' });
      store.records.put({ ...BASE, actor: "a", key: "new", at: 7, answer: "{}" });
      sql.exec(PUT, "a", "again", 5, "first");
      sql.exec(PUT, "a", "again", 6, "second");
      expect(store.records.get("a", "again")?.answer).toBe("second");
      expect(sql.exec(GET, "a", "new").toArray()).toEqual([{ answer: "{}" }]);
      expect(store.records.sweep(6, 10)).toBe(4);
      expect(store.records.get("a", "old 1")).toBeUndefined();
      expect(store.records.get("a", "new")?.at).toBe(7);
    },
    1,
  );
});

it("[KT42] an answer whose place is another's lies beside it, and each is given to its own", async () => {
  await open("taken", (store, sql) => {
    const place = placeOfRecord("a", "k");
    const stranger = (id: number) =>
      sql.exec("INSERT INTO kit_record VALUES (?, 'b', ?, 'r', 'h', 1, 'of b', NULL, 1)", id, `k${id - place}`); // prettier-ignore
    stranger(place);
    stranger(place + 1);
    expect(store.records.get("a", "k")).toBeUndefined();
    store.records.put({ ...BASE, actor: "a", key: "k", answer: "of a" });
    store.records.put({ ...BASE, actor: "a", key: "k", answer: "of a, later" });
    expect(store.records.get("a", "k")?.answer).toBe("of a, later");
    expect(sql.exec("SELECT count(*) AS n FROM kit_record WHERE actor = 'b'").one().n).toBe(2);
    expect(sql.exec("SELECT count(*) AS n FROM kit_record").one().n).toBe(3);
    for (let id = place + 3; id < place + RECORD_PLACES; id++) stranger(id);
    sql.exec("DELETE FROM kit_record WHERE actor = 'a'");
    stranger(place + 2);
    store.records.put({ ...BASE, actor: "a", key: "k", answer: "of a" });
    expect(store.records.get("a", "k")?.answer).toBe("of a");
  });
});

it("[KT40] an answer of a kilobyte takes half a page, not a page of its own", async () => {
  await open("bytes", (store, sql) => {
    const before = sql.databaseSize;
    for (let n = 0; n < 300; n++) store.records.put({ ...BASE, actor: "key:1", key: `k${n}`, answer: "x".repeat(1_200) });
    expect((sql.databaseSize - before) / 300).toBeLessThan(2_500);
  });
});
