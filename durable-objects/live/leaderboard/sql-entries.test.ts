import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";
import { ENTRY_STORE_CASES } from "../../../core/live/leaderboard/entry-store-testing.ts";
import { runRankingModel, WORKLOADS } from "../../../core/live/leaderboard/ranking-model-testing.ts";
import { mulberry } from "../../../tests/lib/random.ts";
import { RANKING_TABLES, SqlEntries } from "./sql-entries.ts";

/** Runs inside of an object of its own with the tables made. */
async function withTables(name: string, work: (state: DurableObjectState) => void): Promise<void> {
  const stub = env.ATTEMPTS.getByName(`platform/attempts/sql-entries-${name}`);
  await runInDurableObject(stub, (_instance, state) => {
    state.storage.sql.exec(RANKING_TABLES);
    work(state);
  });
}

it.each(ENTRY_STORE_CASES)("[LB20] in SQLite: $name", async ({ name, pairs }) => {
  await withTables(name.slice(0, 20), ({ storage }) => {
    for (const [actual, expected] of pairs(new SqlEntries(storage.sql))) expect(actual).toEqual(expected);
  });
});

it.each(WORKLOADS.map((workload, seed) => [workload, seed] as const))(
  "[LB8] ranks from SQLite equal those of a sorted array through undone transactions and evictions (%s)",
  async (workload, seed) => {
    await withTables(workload, ({ storage }) => {
      const report = runRankingModel({
        store: new SqlEntries(storage.sql),
        transaction: (work) => storage.transactionSync(work),
        random: mulberry(seed),
        operations: 600,
        workload,
        dense: seed % 2 === 1,
        limits: { split: 16, merge: 3, mergedMax: 12 },
        players: 150,
        phases: 4,
      });
      expect(report.splits).toBeGreaterThan(5);
      expect(report.undone).toBeGreaterThan(0);
      expect(report.evictions + report.checkpoints).toBeGreaterThan(5);
    });
  },
);

it("[LB21] ranks and pages are found in the covering index, by all four columns of the key, without sorting", async () => {
  await withTables("plans", ({ storage }) => {
    const plans: string[] = [];
    const explaining = new Proxy(storage.sql, {
      get: (target, name) => {
        if (name !== "exec") return Reflect.get(target, name, target) as unknown;
        return (statement: string, ...bindings: unknown[]) => {
          const rows = target.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${statement}`, ...bindings).toArray();
          plans.push(rows.map(({ detail }) => detail).join("; "));
          return target.exec(statement, ...bindings);
        };
      },
    });
    const store = new SqlEntries(explaining);
    const key = { inv: 1, sub: 0, at: 2, player: "p" };
    store.count(1, key, { ...key, at: 3 });
    store.count(1, key, { ...key, inv: 2 });
    store.from(1, key, 0, 10);
    store.beyond(1, key, "forward", 10);
    store.beyond(1, key, "backward", 10);
    const found = "SEARCH entries USING COVERING INDEX entries_in_order (set_id=? AND";
    const all = "(inv,sub,at,player)";
    const ties = "inv=? AND (sub,at,player)";
    expect(plans[1]?.split("; ").filter((step) => !/^SCALAR SUBQUERY|^SCAN CONSTANT ROW$/.test(step))).toEqual([
      `${found} ${ties}>(?,?,?))`,
      `${found} inv>? AND inv<?)`,
      `${found} ${ties}<(?,?,?))`,
    ]);
    plans.splice(1, 1);
    expect(plans).toEqual([
      `${found} ${ties}>(?,?,?) AND (sub,at,player)<(?,?,?))`,
      `${found} ${all}>(?,?,?,?))`,
      `${found} ${all}>(?,?,?,?))`,
      `${found} ${all}<(?,?,?,?))`,
    ]);
    store.find(1, "p");
    store.holds(1, 1, 0);
    expect(plans.slice(4)).toEqual(["SEARCH entries USING PRIMARY KEY (set_id=? AND player=?)", `${found} inv=? AND sub=?)`]);
  });
});

it("[LB5] an object that was evicted ranks as before, from counts of its checkpoint and what its log holds beyond", async () => {
  const stub = env.ATTEMPTS.getByName("platform/attempts/sql-entries-evicted");
  const open = ({ storage: { sql } }: DurableObjectState): CountedSets =>
    new CountedSets(new SqlEntries(sql), {
      *since(seq) {
        const rows = sql.exec("SELECT seq, changes FROM own_log WHERE seq > ? ORDER BY seq", seq).raw<[number, ArrayBuffer]>();
        for (const [at, changes] of rows) yield { seq: at, changes: new Uint8Array(changes) };
      },
    });
  const written = await runInDurableObject(stub, (_instance, state) => {
    const { sql } = state.storage;
    sql.exec(RANKING_TABLES);
    sql.exec("CREATE TABLE own_log (seq INTEGER PRIMARY KEY, changes BLOB NOT NULL)");
    const sets = open(state);
    const random = mulberry(3);
    let seq = 0;
    const change = (work: () => void) =>
      state.storage.transactionSync(() => {
        work();
        const changes = sets.takeChanges();
        if (!changes) return;
        seq += 1;
        sql.exec("INSERT INTO own_log (seq, changes) VALUES (?, ?)", seq, changes);
        sets.checkpoint(seq);
      });
    for (let n = 0; n < 3_500; n++)
      change(() => sets.put(1 + (n % 2), { inv: -Math.floor(900 * random()), sub: 0, at: n, player: `player-${n % 1_700}` }));
    for (let n = 0; n < 300; n++) change(() => sets.remove(1, `player-${2 * n}`));
    expect(sets.checkpointedSeq()).toBe(3_000);
    return { seq, totals: [sets.total(1), sets.total(2)], versions: [sets.version(1), sets.version(2)], top: sets.pageAt(2, 300, 40) };
  });
  await evictDurableObject(stub);
  await runInDurableObject(stub, (_instance, state) => {
    const sets = open(state);
    expect(written.top.map((key) => sets.placeOf(2, key))).toEqual(written.top.map((_, n) => 300 + n));
    expect({
      seq: written.seq,
      totals: [sets.total(1), sets.total(2)],
      versions: [sets.version(1), sets.version(2)],
      top: sets.pageAt(2, 300, 40),
    }).toEqual(written);
  });
});
