import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { LeaderboardRpc, RedisReply } from "../../contract/rpc/leaderboard.ts";
import { ask, seedKey, seedOperator, type SeededTenant, seedTenant } from "../control/testing.ts";

const { redisArgs, redisBytes, redisCommands, redisRequestRows, redisTransaction } = LEADERBOARD_LIMITS;

let tenant: SeededTenant;
let key: string;
beforeAll(async () => {
  tenant = await seedTenant("scale");
  key = (await seedKey(tenant, ["sorted-sets:read", "sorted-sets:write"])).secret;
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

async function send(path: string, body: unknown, how: Parameters<typeof ask>[1] = { key }): Promise<Answer> {
  const answer = await ask(path, { body, ...how });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}
const single = async (...words: unknown[]) => await send("/redis", words);
const pipeline = async (...commands: unknown[]) => await send("/redis/pipeline", commands);
const transaction = async (...commands: unknown[]) => await send("/redis/multi-exec", commands);

const base64 = (text: string) => Buffer.from(text).toString("base64");
const error = (text: string) => ({ error: expect.stringContaining(text) as unknown });

describe("POST /redis", () => {
  it("[LB93] answers a result with 200, and 400 with the error of a command that failed", async () => {
    expect(await single("ZADD", "single", 1, "a", "2.5", "b")).toMatchObject({ status: 200, body: { result: 2 } });
    expect(await single("zscore", "single", "b")).toMatchObject({ status: 200, body: { result: "2.5" } });
    expect(await single("ZSCORE", "single", "nobody")).toMatchObject({ status: 200, body: { result: null } });
    expect(await single("ZADD", "single", "one", "a")).toMatchObject({ status: 400, body: { error: "ERR value is not a valid float" } });
    expect(await single("SET", "single", true)).toMatchObject({
      status: 400,
      body: { error: "ERR unknown command 'SET', with args beginning with: 'single' 'true' " },
    });
    expect(await single()).toMatchObject({ status: 400, body: { error: "ERR empty command" } });
  });

  it("[LB93] answers every error as JSON with `error`, whatever went wrong", async () => {
    const answers: [Answer, number, string][] = [
      [await send("/redis", { command: "ZCARD" }), 400, "ERR Send one command"],
      [await send("/redis", ["ZCARD", null]), 400, "ERR Send one command"],
      [await send("/redis", ["ZCARD", ["nested"]]), 400, "ERR Send one command"],
      [await send("/redis/pipeline", ["ZCARD", "k"]), 400, "ERR Send an array of commands"],
      [await send("/redis/multi-exec", {}), 400, "ERR Send an array of commands"],
      [await send("/redis", ["ZCARD", "k"], {}), 401, "WRONGPASS "],
      [await send("/redis", ["ZCARD", "k"], { key: `mrd_nobody_abc_${"a".repeat(40)}` }), 401, "WRONGPASS "],
      [await send("/redis", ["ZCARD", "k".repeat(redisBytes)]), 413, "ERR Send at most"],
      [await send("/redis", undefined, { key, method: "PUT" }), 405, "ERR Use one of: OPTIONS, POST"],
      [await send("/redis", undefined, { key, method: "POST" }), 415, "ERR Send the body with Content-Type application/json"],
    ];
    for (const [answer, status, text] of answers) {
      expect(answer).toMatchObject({ status, body: error(text) });
      expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    }
    const broken = await ask("/redis", { key, method: "POST", headers: { "content-type": "application/json" } });
    expect([broken.status, await broken.json()]).toEqual([400, error("ERR The body is empty")]);
  });

  it("[LB93] writes texts of results in base64 at every depth when asked to, and nothing else", async () => {
    const encoded = { key, headers: { "Upstash-Encoding": "base64" } };
    await single("ZADD", "encoded", 1.5, "käse🎲", 2, "");
    expect((await send("/redis", ["ZRANGE", "encoded", 0, -1, "WITHSCORES"], encoded)).body).toEqual({
      result: [base64("käse🎲"), base64("1.5"), "", base64("2")],
    });
    const commands = [
      ["ZMSCORE", "encoded", "käse🎲", "nobody"],
      ["ZCARD", "encoded"],
      ["ZRANK", "encoded", "nobody"],
      ["NO", "k"],
      ["ZSCORE", "encoded", ""],
    ];
    expect((await send("/redis/pipeline", commands, encoded)).body).toEqual([
      { result: [base64("1.5"), null] },
      { result: 2 },
      { result: null },
      { error: "ERR unknown command 'NO', with args beginning with: 'k' " },
      { result: base64("2") },
    ]);
    expect((await send("/redis/multi-exec", [["ZINCRBY", "encoded", 1, ""]], encoded)).body).toEqual([{ result: base64("3") }]);
    expect((await send("/redis", ["ZADD", "encoded", "x", "a"], encoded)).body).toEqual({ error: "ERR value is not a valid float" });
  });
});

describe("POST /redis/pipeline", () => {
  it("[LB93] answers each command by itself, in order, over any keys", async () => {
    expect(
      await pipeline(
        ["ZADD", "p1", 1, "a", 2, "b"],
        ["ZADD", "p2", 3, "c"],
        ["ZRANGE", "p1", 0, -1],
        ["ZADD", "p1", "x", "d"],
        [],
        ["ZCARD", "p1"],
        ["FLUSHALL"],
        ["DEL", "p1", "p2", "p3", "p1"],
        ["ZCARD", "p2"],
        ["ZADD", "p1", 9, "z"],
        ["ZCARD", "p1"],
      ),
    ).toMatchObject({
      status: 200,
      body: [2, 1, ["a", "b"], error("not a valid float"), error("empty command"), 2, error("unknown command"), 2, 0, 1, 1].map(
        (expected) => (typeof expected === "object" && "error" in expected ? expected : { result: expected }),
      ),
    });
    expect((await pipeline()).body).toEqual([]);
  });

  it("[LB96] deduplicates nothing: equal commands, requests and Idempotency-Keys are as many changes", async () => {
    const increment = ["ZINCRBY", "twice", 1, "a"];
    expect((await pipeline(increment, increment)).body).toEqual([{ result: "1" }, { result: "2" }]);
    const keyed = { key, headers: { "idempotency-key": "the-same" } };
    await send("/redis", increment, keyed);
    await send("/redis", increment, keyed);
    expect((await single("ZSCORE", "twice", "a")).body).toEqual({ result: "4" });
  });

  it("[LB97] takes so many commands and arguments, bytes of a key, and says what it does not take", async () => {
    const card = ["ZCARD", "many"];
    const commands = (count: number) => Array.from({ length: count }, () => card);
    expect((await pipeline(...commands(redisCommands))).body).toHaveLength(redisCommands);
    expect(await pipeline(...commands(redisCommands + 1))).toMatchObject({ status: 413, body: error("at most 1000 commands") });
    expect((await transaction(...commands(redisTransaction))).body).toHaveLength(redisTransaction);
    expect(await transaction(...commands(redisTransaction + 1))).toMatchObject({ status: 413, body: error("at most 200 commands") });
    const members = (count: number) => Array.from({ length: count }, (_, i) => i);
    expect((await single("ZMSCORE", "many", ...members(redisArgs - 2))).body).toMatchObject({ result: { length: redisArgs - 2 } });
    expect(await single("ZMSCORE", "many", ...members(redisArgs - 1))).toMatchObject({ status: 413, body: error("arguments") });
    expect(await pipeline(["ZMSCORE", "many", ...members(redisArgs - 3)], card)).toMatchObject({ status: 413, body: error("arguments") });
    for (const [name, good] of [
      ["k".repeat(256), true],
      ["k".repeat(257), false],
      ["é".repeat(66), true],
      ["é".repeat(67), false],
      ["", false],
      ["a/b c%2F\u0000\uD800", true],
    ] as const) {
      expect([name, await single("ZCARD", name)]).toMatchObject([
        name,
        good ? { body: { result: 0 } } : { status: 400, body: error("ERR a key has") },
      ]);
      expect([name, await single("ZADD", name, 1, "a")]).toMatchObject([name, { status: good ? 200 : 400 }]);
    }
  });

  it("[LB97] runs no further command once the answers are long enough, and says which were not run", async () => {
    const names = Array.from({ length: 14 }, (_, i) => `long-${i}`);
    const members = Array.from({ length: 5_000 }, (_, i) => [i, `m${i}`]).flat();
    for (const name of names) await single("ZADD", name, ...members);
    const { body } = await pipeline(
      ...names.flatMap((name) => [
        ["ZRANGE", name, 0, -1],
        ["ZREM", name, "m1"],
      ]),
    );
    const replies = body as RedisReply[];
    const listed = replies.reduce((sum, reply) => sum + ("result" in reply && Array.isArray(reply.result) ? reply.result.length : 0), 0);
    expect(listed).toBeGreaterThan(redisRequestRows);
    const notRun = replies.filter((reply) => "error" in reply && reply.error.includes("not run"));
    expect(notRun.length).toBeGreaterThanOrEqual(2);
    const { body: after } = await pipeline(...names.map((name) => ["ZCARD", name]));
    const kept = (after as { result: number }[]).filter(({ result }) => result === 5_000);
    expect(kept.length * 2).toBe(notRun.length);
  });
});

describe("POST /redis/multi-exec", () => {
  it("[LB94] runs commands over one key; an error of one does not undo the others", async () => {
    expect(
      await transaction(["ZADD", "tx", 1, "a"], ["ZADD", "tx", "x", "b"], ["ZINCRBY", "tx", 2, "a"], ["DEL", "tx", "tx"], ["ZCARD", "tx"]),
    ).toMatchObject({ status: 200, body: [{ result: 1 }, error("not a valid float"), { result: "3" }, { result: 1 }, { result: 0 }] });
    expect((await transaction()).body).toEqual([]);
  });

  it("[LB94] over two keys is CROSSSLOT, and with a command that cannot be queued EXECABORT: nothing is run", async () => {
    const add = ["ZADD", "crossed", 1, "a"];
    const crossed = { status: 400, body: { error: "CROSSSLOT Keys in request don't hash to the same slot" } };
    expect(await transaction(add, ["ZADD", "other", 1, "a"])).toMatchObject(crossed);
    expect(await transaction(add, ["DEL", "crossed", "other"])).toMatchObject(crossed);
    for (const fault of [["SET", "crossed", 1], ["ZCARD"], [], ["ZADD", "", 1, "a"]])
      expect(await transaction(add, fault)).toMatchObject({
        status: 400,
        body: { error: "EXECABORT Transaction discarded because of previous errors." },
      });
    expect((await single("ZCARD", "crossed")).body).toEqual({ result: 0 });
  });
});

describe("who may", () => {
  it("[LB95] read with sorted-sets:read, change with sorted-sets:write as well", async () => {
    await single("ZADD", "guarded", 1, "a");
    const reader = { key: (await seedKey(tenant, ["sorted-sets:read"])).secret };
    expect(await send("/redis", ["ZCARD", "guarded"], reader)).toMatchObject({ status: 200, body: { result: 1 } });
    for (const command of [
      ["ZADD", "guarded", 2, "b"],
      ["ZINCRBY", "guarded", 1, "a"],
      ["ZREM", "guarded", "a"],
      ["DEL", "guarded"],
    ]) {
      expect(await send("/redis", command, reader)).toMatchObject({ status: 403, body: error("NOPERM ") });
      expect(await send("/redis/multi-exec", [["ZCARD", "guarded"], command], reader)).toMatchObject({
        status: 403,
        body: error("NOPERM "),
      });
      expect(await send("/redis/pipeline", [command, ["ZRANGE", "guarded", 0, -1, "WITHSCORES"]], reader)).toMatchObject({
        status: 200,
        body: [error("NOPERM "), { result: ["a", "1"] }],
      });
    }
    const writer = { key: (await seedKey(tenant, ["sorted-sets:write", "leaderboards:read", "leaderboards:manage"])).secret };
    expect(await send("/redis", ["ZADD", "guarded", 2, "b"], writer)).toMatchObject({ status: 403, body: error("NOPERM ") });
    expect((await single("ZCARD", "guarded")).body).toEqual({ result: 1 });
  });

  it("[LB95] operators by their role", async () => {
    const [viewer, auditor] = [await seedOperator("viewer", tenant), await seedOperator("auditor", tenant)];
    expect(await send("/redis", ["ZCARD", "guarded"], { cookie: viewer.cookie })).toMatchObject({ status: 200, body: { result: 1 } });
    expect(await send("/redis", ["ZADD", "guarded", 1, "a"], { cookie: viewer.cookie })).toMatchObject({ status: 403 });
    expect(await send("/redis", ["ZCARD", "guarded"], { cookie: auditor.cookie })).toMatchObject({ status: 403, body: error("NOPERM ") });
  });

  it("[LB95] a tenant's key is another one than that of the same name elsewhere", async () => {
    const other = await seedTenant("scale");
    const theirs = { key: (await seedKey(other, ["sorted-sets:read", "sorted-sets:write"])).secret };
    await single("ZADD", "shared-name", 1, "ours");
    expect((await send("/redis", ["ZRANGE", "shared-name", 0, -1], theirs)).body).toEqual({ result: [] });
    await send("/redis", ["DEL", "shared-name"], theirs);
    await send("/redis", ["ZADD", "shared-name", 1, "theirs"], theirs);
    expect((await single("ZRANGE", "shared-name", 0, -1)).body).toEqual({ result: ["ours"] });
    const named = env.LEADERBOARDS.getByName(`${tenant.tenantId}/sorted-set/shared-name`) as unknown as Pick<LeaderboardRpc, "redis">; // the class implements it
    expect(structuredClone(await named.redis([["zcard", "shared-name"]]))).toEqual([{ result: 1 }]);
  });
});

describe("a key that fails", () => {
  /** The objects, of which those of keys named `broken…` cannot be reached. */
  const broken = {
    getByName: (name: string) =>
      name.includes("/sorted-set/broken")
        ? { redis: async () => await Promise.reject(Object.assign(new Error("reset"), { retryable: true })) }
        : env.LEADERBOARDS.getByName(name),
  };
  const how = () => ({ key, env: { LEADERBOARDS: broken as never } }); // as much of a namespace as stubs are made with

  it("[LB96] answers an error for its commands while others succeed, and is asked once", async () => {
    const commands = [
      ["ZADD", "broken", 1, "a"],
      ["ZADD", "whole", 1, "a"],
      ["DEL", "whole", "broken"],
    ];
    expect(await send("/redis/pipeline", commands, how())).toMatchObject({
      status: 200,
      body: [error("whether the command was run is unknown"), { result: 1 }, error("unknown")],
    });
    let calls = 0;
    const counted = {
      getByName: () => ({ redis: async () => await Promise.reject(Object.assign(new Error(`call ${++calls}`), { retryable: true })) }),
    };
    expect(await send("/redis", ["ZINCRBY", "k", 1, "a"], { key, env: { LEADERBOARDS: counted as never } })).toMatchObject({
      status: 503,
      body: error("ERR "),
    });
    expect(calls).toBe(1);
  });

  it("[LB97] has so many calls of an isolate at once; one more is told to come again", async () => {
    const held: (() => void)[] = [];
    const slow = { getByName: () => ({ redis: async () => await new Promise((done) => held.push(() => done([{ result: 0 }]))) }) };
    const slowly = { key, env: { LEADERBOARDS: slow as never } };
    const waiting = Array.from({ length: LEADERBOARD_LIMITS.inFlight }, async () => await send("/redis", ["ZCARD", "busy"], slowly));
    while (held.length < LEADERBOARD_LIMITS.inFlight) await new Promise((later) => setTimeout(later, 5));
    const refused = await send("/redis", ["ZCARD", "busy"], slowly);
    expect(refused).toMatchObject({ status: 503, body: error("Too many calls") });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await send("/redis", ["ZCARD", "calm"])).body).toEqual({ result: 0 });
    for (const done of held) done();
    expect((await Promise.all(waiting)).every(({ status }) => status === 200)).toBe(true);
    expect((await single("ZCARD", "busy")).status).toBe(200);
  });
});
