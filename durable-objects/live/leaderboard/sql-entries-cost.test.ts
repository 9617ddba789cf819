import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";
import { mulberry } from "../../../tests/lib/random.ts";
import { RANKING_TABLES, SqlEntries } from "./sql-entries.ts";

// Rows written are the price of an object ($1 a million). docs/leaderboards.md states these figures.

it("[LB23] an entry that comes or moves writes 2 rows, one that goes 1; buckets and checkpoints add less than 0.02 a change", async () => {
  const stub = env.ATTEMPTS.getByName("platform/attempts/sql-entries-rows");
  const paid = await runInDurableObject(stub, (_instance, { storage }) => {
    storage.sql.exec(RANKING_TABLES);
    const store = new SqlEntries(storage.sql);
    const sets = new CountedSets(store, { since: () => [] });
    const random = mulberry(5);
    let seq = 0;
    const rows = (work: () => void): number => {
      const before = store.rowsWritten;
      work();
      return store.rowsWritten - before;
    };
    const change = (work: () => void) => {
      const written = rows(work);
      sets.takeChanges();
      seq += 1;
      return written + rows(() => sets.checkpoint(seq));
    };
    const put = (n: number) => change(() => sets.put(1, { inv: -Math.floor(1e6 * random()), sub: 0, at: seq, player: `player-${n}` }));
    const first = put(0);
    const single = {
      comes: put(1),
      moves: put(1),
      goes: change(() => sets.remove(1, "player-1")),
      same: change(() => sets.put(1, sets.find(1, "player-0") ?? never())),
    };
    let come = 0;
    for (let n = 1; n <= 6_000; n++) come += put(n);
    let move = 0;
    for (let n = 0; n < 6_000; n++) move += put(Math.floor(6_000 * random()) + 1);
    let go = 0;
    for (let n = 1; n <= 6_000; n++) go += change(() => sets.remove(1, `player-${n}`));
    return { first, single, come: come / 6_000, move: move / 6_000, go: go / 6_000, checkpointed: sets.checkpointedSeq() };
  });
  expect(paid.first).toBe(3); // and the first bucket
  // The runtime counts a row of an index where one is added, and not where one goes.
  expect(paid.single).toEqual({ comes: 2, moves: 2, goes: 1, same: 0 });
  expect(paid.come).toBeLessThan(2.02);
  expect(paid.move).toBeLessThan(2.02);
  expect(paid.go).toBeLessThan(1.02);
  expect(paid.checkpointed).toBeGreaterThan(17_000);
});

function never(): never {
  throw new Error("there is one");
}
