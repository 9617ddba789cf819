import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { makesKey } from "../../contract/redis-commands.ts";
import { ask, seedKey, type SeededTenant, seedTenant } from "../control/testing.ts";
import type { EdgeEnv } from "../env.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { keysWithoutRoom, noteKey } from "./redis-quota.ts";

const { redisKeys } = LEADERBOARD_LIMITS;
const edgeEnv = env as unknown as EdgeEnv; // the test's bindings are the edge's

/** Lists sorted sets `old-{from}` to `old-{to}` in the registry. */
async function list(tenantId: string, from: number, to: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT CAST(?2 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
     INSERT INTO control_object (tenant_id, kind, name, created_at) SELECT ?1, 'sorted-set', 'old-' || i, 0 FROM n`,
  )
    .bind(tenantId, from, to)
    .run();
}

async function crowded(sets: number) {
  const tenant: SeededTenant = await seedTenant("scale");
  const { secret: key } = await seedKey(tenant, ["sorted-sets:read", "sorted-sets:write"]);
  await list(tenant.tenantId, 1, sets);
  const send = async (path: string, body: unknown) => {
    const answer = await ask(path, { body, key });
    return [answer.status, await answer.json()] as const;
  };
  return { tenantId: tenant.tenantId, send };
}
const FULL = { error: expect.stringMatching(/^ERR max number of keys reached/) as unknown };

it("[LB141] makes the last sorted set and not one more, while those that are there go on", async () => {
  const { tenantId, send } = await crowded(redisKeys - 1);
  expect(await send("/redis", ["ZADD", "last", 1, "a"])).toEqual([200, { result: 1 }]);
  expect(await send("/redis", ["ZADD", "beyond", 1, "a"])).toEqual([400, FULL]);
  expect(
    await send("/redis/pipeline", [
      ["ZINCRBY", "beyond", 1, "a"],
      ["ZADD", "last", 2, "b"],
      ["ZCARD", "beyond"],
      ["ZADD", "beyond", "XX", 1, "a"],
      ["ZADD", "old-7", "CH", 1, "xx"],
      ["DEL", "last"],
      ["ZADD", "last", 3, "c"],
    ]),
  ).toEqual([200, [FULL, { result: 1 }, { result: 0 }, { result: 0 }, { result: 1 }, { result: 1 }, { result: 1 }]]);
  expect(await send("/redis/multi-exec", [["ZADD", "beyond", 1, "a"]])).toEqual([200, [FULL]]);

  // Another isolate knows it from the registry alone.
  await env.DB.prepare(
    "INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES (?1, 'sorted-set', 'last', 1) ON CONFLICT DO NOTHING",
  )
    .bind(tenantId)
    .run();
  clearIsolateCaches();
  expect(await send("/redis", ["ZADD", "beyond", 1, "a"])).toEqual([400, FULL]);
  expect(await send("/redis", ["ZADD", "last", 4, "d"])).toEqual([200, { result: 1 }]);
  const elsewhere = await crowded(1);
  expect(await elsewhere.send("/redis", ["ZADD", "beyond", 1, "a"])).toEqual([200, { result: 1 }]);
});

it("[LB141] gives a place to nobody whose command failed, and counts what the registry does not list yet", async () => {
  const call = { env: edgeEnv, principal: { tenantId: "quota-lag" } };
  await list("quota-lag", 1, redisKeys - 3);
  const refused = async (...keys: string[]) => [...(await keysWithoutRoom(call, keys))];
  expect(await refused("failed")).toEqual([]); // and nobody says that it was made
  expect(await refused("a")).toEqual([]);
  noteKey(call, "a");
  expect(await refused("b", "c", "d")).toEqual(["d"]);
  noteKey(call, "b");
  noteKey(call, "c");
  expect(await refused("a", "b", "c", "d", "old-3")).toEqual(["d"]);
});

it("[LB141] asks the registry once for many new keys, and lets everything through without it", async () => {
  let reads = 0;
  const DB = new Proxy(env.DB, {
    get: (db, name: keyof D1Database) => {
      if (name === "batch") reads++;
      const value: unknown = db[name];
      return typeof value === "function" ? (value as () => unknown).bind(db) : value; // a method of the binding
    },
  });
  const call = { env: { ...edgeEnv, DB }, principal: { tenantId: "quota-cheap" } };
  for (let n = 0; n < 50; n++) expect((await keysWithoutRoom(call, [`k${n}`])).size).toBe(0);
  expect(reads).toBe(1);
  const away = {
    ...edgeEnv,
    DB: {
      prepare: () => {
        throw new Error("away");
      },
    } as unknown as D1Database,
  }; // all that is asked of it
  expect((await keysWithoutRoom({ env: away, principal: { tenantId: "quota-away" } }, ["k"])).size).toBe(0);
});

it.each([
  [["ZADD", "k", "1", "xx"], true],
  [["ZADD", "k", "NX", "ch", "1", "a"], true],
  [["zadd", "k", "CH", "Xx", "1", "a"], false],
  [["ZADD", "k", "xx"], false],
] as const)("[LB141] knows from %j whether it may make its key", (words, makes) => {
  expect(makesKey("zadd", words)).toBe(makes);
  expect([makesKey("zincrby", ["ZINCRBY", "k", "1", "xx"]), makesKey("zrem", ["ZREM", "k", "a"])]).toEqual([true, false]);
});
