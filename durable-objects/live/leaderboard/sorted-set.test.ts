import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "../../../contract/backup-state.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { LeaderboardRpc, RedisReply } from "../../../contract/rpc/leaderboard.ts";
import type { StateChunk } from "../../../contract/rpc/maintenance.ts";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";

let keys = 0;

/** A sorted set of its own, and commands as one would type them, without the key. */
class Typed {
  readonly stub = env.LEADERBOARDS.getByName(`t/sorted-set/key-${++keys}`);
  /** The same by its contract: the types of RPC do not come to an end over values within values. */
  readonly rpc = this.stub as unknown as Pick<LeaderboardRpc, "redis" | "maintain">; // the class implements it

  async type(...lines: string[]): Promise<RedisReply[]> {
    return await this.run(
      ...lines.map((line) => {
        const [name = "", ...args] = line.split(" ");
        return [name, "key", ...args];
      }),
    );
  }

  async run(...commands: string[][]): Promise<RedisReply[]> {
    // What comes over RPC carries a disposer.
    return structuredClone(await this.rpc.redis(commands));
  }

  async rows(table: string): Promise<number> {
    return await runInDurableObject(this.stub, (_instance, { storage }) =>
      Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()["n"]),
    );
  }

  async tables(): Promise<string[]> {
    return await runInDurableObject(this.stub, (_instance, { storage }) =>
      storage.sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'")
        .toArray()
        .map(({ name }) => name),
    );
  }
}

const result = (value: unknown) => ({ result: value });
const pairs = (count: number, from = 0) => Array.from({ length: count }, (_, i) => [String((from + i) % 997), `m${from + i}`]).flat();

describe("a sorted set of the Redis protocol", () => {
  it("[LB98] keeps what it answered over an eviction: scores, order, counts", async () => {
    const set = new Typed();
    expect(await set.type("zadd 3 c 1 a 2 b", "zadd inf z -inf y 0.1 d", "zincrby 4 a", "zrem b")).toEqual([3, 3, "5", 1].map(result));
    await evictDurableObject(set.stub);
    expect(await set.type("zrange 0 -1 withscores", "zcard", "zrank a", "zcount (0.1 inf")).toEqual(
      [["y", "-inf", "d", "0.1", "c", "3", "a", "5", "z", "inf"], 5, 3, 3].map(result),
    );
    await evictDurableObject(set.stub);
    expect(await set.type("zadd nx 9 a", "zincrby 1 c", "zcard")).toEqual([0, "4", 5].map(result));
  });

  it("[LB98] forgets changes once the counts have them, and never the order of its numbers", async () => {
    const set = new Typed();
    for (let i = 0; i < 12; i++) {
      await set.run(["zadd", "key", ...pairs(200, i * 150)]);
      if (i % 5 === 4) await evictDurableObject(set.stub);
    }
    expect(await set.rows("redis_change")).toBeLessThan(8);
    await evictDurableObject(set.stub);
    const members = new Set(Array.from({ length: 12 }, (_, i) => Array.from({ length: 200 }, (_m, n) => i * 150 + n)).flat());
    const inOrder = [...members].map((n) => [n % 997, `m${n}`] as const).toSorted((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
    const [all, card, below] = await set.type("zrange 0 -1", "zcard", "zcount -inf (500");
    expect([all, card]).toEqual([result(inOrder.map(([, member]) => member)), result(members.size)]);
    expect(below).toEqual(result(inOrder.filter(([score]) => score < 500).length));
  });

  it("[LB98] numbers its changes on after a checkpoint that was the last thing before an eviction", async () => {
    const set = new Typed();
    await set.run(["zadd", "key", ...pairs(LEADERBOARD_LIMITS.checkpointChanges + 200)]);
    expect(await set.rows("counts_checkpoint")).toBe(1);
    for (const member of ["late", "later", "latest"]) {
      await evictDurableObject(set.stub);
      await set.type(`zadd 2000 ${member}`);
    }
    await evictDurableObject(set.stub);
    expect(await set.type("zcard", "zrank latest", "zcount 2000 inf")).toEqual([1_203, 1_202, 3].map(result));
  });

  it("[LB98] is empty at once after DEL, however large; rows go in slices and never those of what came after", async () => {
    const set = new Typed();
    const { sliceRows } = LEADERBOARD_LIMITS;
    for (let from = 0; from < 2.5 * sliceRows; from += sliceRows / 2) await set.run(["zadd", "key", ...pairs(sliceRows / 2, from)]);
    expect(await set.type("zcard", "del", "zcard", "zrange 0 -1", "zadd 7 m1", "zrange 0 -1")).toEqual(
      [2.5 * sliceRows, 1, 0, [], 1, ["m1"]].map(result),
    );
    expect(await set.rows("entries")).toBe(sliceRows / 2 + 1);
    await evictDurableObject(set.stub);
    expect(await set.type("zcard", "del", "zadd 1 x 2 y")).toEqual([1, 1, 2].map(result));
    for (let slice = 0; slice < 5; slice++) await runDurableObjectAlarm(set.stub);
    expect([await set.rows("entries"), await set.rows("redis_dropped"), await set.rows("dropped_sets")]).toEqual([2, 0, 0]);
    expect(await set.type("zrange 0 -1")).toEqual([result(["x", "y"])]);
  });

  it("[LB98] needs no timer for a DEL of what one slice holds", async () => {
    const set = new Typed();
    await set.type("zadd 1 a 2 b", "del");
    expect([await set.rows("entries"), await set.rows("buckets"), await set.rows("redis_dropped")]).toEqual([0, 0, 0]);
    expect(await set.type("zadd 1 a", "zcard", "del", "zcard")).toEqual([1, 1, 1, 0].map(result));
  });

  it("[LB94] runs the commands of a call with nobody in between; one that fails changed nothing and undoes no other", async () => {
    const set = new Typed();
    const calls = Array.from({ length: 20 }, async () => await set.type("zincrby 1 n", "zscore n", "zadd 1 x y z", "zincrby 1 n"));
    for (const [first, between, wrong, last] of await Promise.all(calls)) {
      if (!first || !("result" in first)) throw new Error("no result");
      expect(between).toEqual(first);
      expect(wrong).toEqual({ error: "ERR value is not a valid float" });
      expect(last).toEqual(result(String(Number(first.result) + 1)));
    }
    expect(await set.type("zscore n")).toEqual([result("40")]);
  });

  it("[LB94] undoes all of a call that breaks, and goes on with what was before", async () => {
    const set = new Typed();
    await set.type("zadd 1 a");
    await runInDurableObject(set.stub, async (instance) => {
      const put = CountedSets.prototype.put;
      CountedSets.prototype.put = function (this: CountedSets, id, key) {
        if (key.player === "broken") throw new Error("the disk is gone");
        return put.call(this, id, key);
      };
      try {
        await expect(
          (async () =>
            await instance.redis([
              ["del", "key"],
              ["zadd", "key", "5", "b"],
              ["zadd", "key", "1", "broken"],
            ]))(),
        ).rejects.toThrow("the disk is gone");
      } finally {
        CountedSets.prototype.put = put;
      }
    });
    expect(await set.type("zrange 0 -1 withscores", "zadd 2 c", "zcard")).toEqual([["a", "1"], 1, 2].map(result));
    await evictDurableObject(set.stub);
    expect(await set.type("zrange 0 -1")).toEqual([result(["a", "c"])]);
  });

  it("[LB99] is not made by whoever asks for it, and told to the registry by the first write", async () => {
    const set = new Typed();
    expect(await set.type("zcard", "zscore a", "zrange 0 -1", "del", "zrem a", "zadd xx 1 a", "zadd 1", "flushall")).toMatchObject([
      ...[0, null, [], 0, 0, 0].map(result),
      { error: expect.stringContaining("wrong number") as unknown },
      { error: expect.stringContaining("unknown command") as unknown },
    ]);
    expect(await set.tables()).toEqual([]);
    await set.type("zadd 1 a");
    expect(await set.tables()).toContain("redis_key");
    const told = await runInDurableObject(set.stub, (_instance, { storage }) => storage.sql.exec("SELECT value FROM kit_meta").toArray());
    expect(told).toEqual([{ value: expect.stringMatching(/^t\/sorted-set\/key-/) as unknown }]);
  });

  it("[LB98] travels in a backup with its infinities, over parts, and goes on in the object that it is put into", async () => {
    const [from, to] = [new Typed(), new Typed()];
    for (let part = 0; part < 5; part++) await from.run(["zadd", "key", ...pairs(5_000, part * 5_000)]);
    await from.type("zadd inf z -inf y 0.25 q");
    const chunks: StateChunk[] = [];
    let cursor: string | null = null;
    do {
      const report: { chunk: StateChunk; cursor: string | null } = await from.rpc.maintain({ type: "export", cursor });
      const travelled = decodeState(encodeState(structuredClone(report.chunk)));
      const readdressed = travelled.tables.map((table) =>
        table.name === "kit_meta" ? { ...table, rows: [["address", `t/sorted-set/key-${keys}`]] } : table,
      );
      chunks.push({ ...travelled, tables: readdressed });
      cursor = report.cursor;
      if (cursor !== null) await from.type("zincrby 1 m5", "zrem m7", "zadd inf late");
    } while (cursor !== null);
    expect(chunks.length).toBeGreaterThan(2);
    for (const [at, chunk] of chunks.entries())
      await to.rpc.maintain({ type: "import", chunk, first: at === 0, last: at === chunks.length - 1 });
    const [card, first, last, rank] = await to.type("zcard", "zrange 0 1 withscores", "zrange 0 0 rev withscores", "zrank m7");
    expect([card, first, last]).toEqual([25_003, ["y", "-inf", "m0", "0"], ["z", "inf"]].map(result));
    expect(rank).toEqual(result(expect.any(Number)));
    expect(await to.type("zadd 5 new", "zcard", "zcount -inf inf")).toEqual([1, 25_004, 25_004].map(result));
  });

  it("[LB97] takes a whole request about one key, and lists no more members than one answer may have", async () => {
    const set = new Typed();
    const wide = "é".repeat(250);
    const members = Array.from({ length: 1_900 }, (_, i) => ["1", `${wide}${i}`]).flat();
    expect(await set.run(["zadd", "key", ...members])).toEqual([result(1_900)]);
    const { redisRows } = LEADERBOARD_LIMITS;
    for (let from = 0; from < redisRows; from += 5_000) await set.run(["zadd", "key", ...pairs(5_000, from)]);
    const [whole, part, rest] = await set.run(
      ["zrange", "key", "0", "-1"],
      ["zrange", "key", "0", String(redisRows - 2)],
      ["zrange", "key", "0", "1"],
    );
    expect(whole).toMatchObject({ error: expect.stringContaining("too many members") as unknown });
    expect(part).toMatchObject(result({ length: redisRows - 1 }));
    expect(rest).toEqual(whole);
    await evictDurableObject(set.stub);
    expect(await set.run(["zcard", "key"], ["zrank", "key", `${wide}0`])).toMatchObject([
      result(1_900 + redisRows),
      result(expect.any(Number)),
    ]);
  });
});
