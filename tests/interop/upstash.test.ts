import { Redis, type RedisConfigNodejs } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { havePeers } from "../lib/peers.ts";
import { mulberry, pick, type Random } from "../lib/random.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";
import { OwnRedis } from "./lib/own-redis.ts";
import { randomCommand } from "./lib/redis-commands.ts";
import { methodCall } from "./lib/upstash-calls.ts";

let server: TestServer;
let redis: Redis;
beforeAll(async () => {
  server = await startTestServer();
  redis = client();
});
afterAll(async () => {
  await server.stop();
  removeState(server);
});

function client(more: Partial<RedisConfigNodejs> = {}): Redis {
  return new Redis({ url: `${server.url}/redis`, token: server.demo.apiKey, enableTelemetry: false, ...more });
}

/** Paths that the client asked for while this ran. */
async function pathsOf(work: () => Promise<unknown>): Promise<string[]> {
  const spy = vi.spyOn(globalThis, "fetch");
  try {
    await work();
    return spy.mock.calls.map(([url]) => new URL(url instanceof Request ? url.url : url).pathname);
  } finally {
    spy.mockRestore();
  }
}

describe("@upstash/redis as it comes", () => {
  it("[LB93] adds, counts, ranks and lists, in base64 and without", async () => {
    for (const one of [redis, client({ responseEncoding: false }), client({ enableAutoPipelining: false })]) {
      await one.del("basics");
      expect(await one.zadd("basics", { score: 1, member: "käse" }, { score: 2.5, member: "b" }, { score: 2.5, member: "B" })).toBe(3);
      expect(await one.zadd("basics", { gt: true, ch: true }, { score: 3, member: "käse" }, { score: 1, member: "b" })).toBe(1);
      expect(await one.zrange("basics", 0, -1, { withScores: true })).toEqual(["B", 2.5, "b", 2.5, "käse", 3]);
      expect(await one.zrange("basics", "+inf", "(2.5", { byScore: true, rev: true, offset: 0, count: 5 })).toEqual(["käse"]);
      expect(await one.zincrby("basics", 0.25, "b")).toBe(2.75);
      expect(await one.zscore("basics", "b")).toBe(2.75);
      expect(await one.zmscore("basics", ["B", "nobody"])).toEqual([2.5, null]);
      expect([await one.zrank("basics", "b"), await one.zrevrank("basics", "B"), await one.zrank("basics", "nobody")]).toEqual([
        1,
        2,
        null,
      ]);
      expect([await one.zcard("basics"), await one.zcount("basics", "-inf", 2.75), await one.zrem("basics", "b", "x")]).toEqual([3, 2, 1]);
      expect(await one.del("basics", "nothing")).toBe(1);
    }
  });

  it("[LB93] sends single commands through /pipeline by itself, many at once in one request", async () => {
    const paths = await pathsOf(async () => {
      expect(await redis.zadd("auto", { score: 1, member: "a" })).toBe(1);
      expect(await Promise.all([redis.zincrby("auto", 1, "a"), redis.zincrby("auto", 1, "a"), redis.zincrby("other", 1, "a")])).toEqual([
        2, 3, 1,
      ]);
      expect(await redis.zrange("auto", 0, -1)).toEqual(["a"]);
    });
    expect(paths).toEqual(["/redis/pipeline", "/redis/pipeline", "/redis"]);
  });

  it("[LB93] throws what the server says: of a single command, of one of a pipeline, of a bad token", async () => {
    await expect(redis.exec(["SET", "k", "v"])).rejects.toThrow("ERR unknown command 'SET', with args beginning with: 'k' 'v' ");
    await expect(redis.get("k")).rejects.toThrow("ERR unknown command 'get'");
    await expect(redis.zadd("k", { nx: true, gt: true } as never, { score: 1, member: "a" })).rejects.toThrow("not compatible");
    const kept = await redis.pipeline().zadd("k", { score: 1, member: "a" }).get("k").zcard("k").exec({ keepErrors: true });
    expect(kept).toMatchObject([{ result: 1 }, { error: expect.stringContaining("ERR unknown command") as unknown }, { result: 1 }]);
    await expect(client({ token: "mrd_x_y_z" }).zcard("k")).rejects.toThrow("WRONGPASS");
  });

  it("[LB94] runs transactions over one key, and refuses those over two whole", async () => {
    const done = await redis
      .multi()
      .zadd("tx", { score: 1, member: "a" })
      .zincrby("tx", 2, "a")
      .zrange("tx", 0, -1, { withScores: true })
      .exec();
    expect(done).toEqual([1, 3, ["a", 3]]);
    await expect(redis.multi().zincrby("tx", 1, "a").zincrby("tx2", 1, "a").exec()).rejects.toThrow("CROSSSLOT");
    await expect(redis.multi().zincrby("tx", 1, "a").get("tx").exec()).rejects.toThrow("EXECABORT");
    expect(await redis.zscore("tx", "a")).toBe(3);
  });

  it("[LB98] finds after a power cut what was answered before it", async () => {
    for (let round = 0; round < 20; round++) await redis.zincrby("kept", 1, `player-${round % 7}`);
    await redis.zadd("kept", { score: 9, member: "last" });
    const before = await redis.zrange("kept", 0, -1, { withScores: true });
    await server.kill9();
    server = await startTestServer({ state: server.state, port: server.port });
    expect(await redis.zrange("kept", 0, -1, { withScores: true })).toEqual(before);
    expect(await redis.zcard("kept")).toBe(8);
  });
});

/** An answer so that two servers can be held against each other: scores as numbers, however many digits say them; -0 is 0. */
function normal(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(normal);
  if (typeof answer === "number") return answer + 0;
  return typeof answer === "string" && SCORE.test(answer) ? Number(answer.replace("inf", "Infinity")) + 0 : answer;
}

const SCORE = /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)$/;

/** What came of a call: the answer, or what the error says without what the client adds to it. */
async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return { answer: normal(await work) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { error: text.replace(/, command was: .*$/s, "").replace(/^Command failed: /, "") };
  }
}

type Kept = readonly { readonly error?: string; readonly result: unknown }[];
const keptOf = async (work: Promise<unknown>) =>
  await outcome(
    work.then((replies) =>
      (replies as Kept).map(({ error, result }) => (error === undefined ? ["result", normal(result)] : ["error", error])),
    ),
  );

interface Played {
  readonly words: readonly (readonly string[])[];
  readonly run: (on: Redis) => Promise<unknown>;
}

const KEYS = ["one", "two", "käse:\u{1F3B2}/%"];

/** The next commands, in one of the ways that the client has to send them. */
function nextPlay(random: Random): Played {
  const how = random();
  const commands = (count: number, key?: string) =>
    Array.from({ length: 1 + Math.floor(random() * count) }, () => randomCommand(random, key ?? pick(random, KEYS)));
  const inOne = (words: string[][], start: (on: Redis) => ReturnType<Redis["pipeline"]>): Played => {
    const sayable = words.filter((one) => methodCall(one) !== undefined);
    const calls = sayable.map(methodCall);
    return {
      words: sayable,
      run: async (on) => {
        const pipeline = start(on);
        for (const call of calls) void call?.(pipeline); // what they answer, `exec` answers
        return calls.length === 0 ? [] : await keptOf(pipeline.exec({ keepErrors: true }) as Promise<unknown>);
      },
    };
  };
  if (how < 0.35) return inOne(commands(24), (on) => on.pipeline());
  if (how < 0.55) return inOne(commands(12, pick(random, KEYS)), (on) => on.multi());
  if (how < 0.7) {
    // Reads and writes go in two requests at once: a burst is of one kind.
    const reads = random() < 0.5;
    const isRead = ([name = ""]: readonly string[]) => /^z(?:range|count|rank|revrank|score|mscore|card)$/i.test(name);
    const words = commands(12).filter((one) => isRead(one) === reads && methodCall(one) !== undefined);
    return {
      words,
      run: async (on) => await Promise.all(words.map(async (one) => await outcome(methodCall(one)?.(on) as Promise<unknown>))),
    };
  }
  const [words = []] = commands(1);
  const both = random() < 0.1 && words[0] === "del" ? [...words, pick(random, KEYS)] : words;
  return { words: [both], run: async (on) => await outcome(on.exec(both as [string, ...string[]])) };
}

describe.skipIf(!havePeers("redis-server"))("beside a real Redis", () => {
  let theirs: OwnRedis;
  beforeAll(async () => {
    theirs = await OwnRedis.start();
  });
  afterAll(async () => await theirs?.stop());

  it("[LB90] answers 10,000 random commands of the client alike", async () => {
    const random = mulberry(90);
    const real = new Redis({ request: theirs.request } as never); // the part of a Requester that the client calls
    const ours = [client(), client({ responseEncoding: false })];
    const seen = { commands: 0, errors: 0, nulls: 0, lists: 0, largest: 0 };
    const last: (readonly string[])[] = [];
    for (let turn = 0; seen.commands < 10_000; turn++) {
      const { words, run } = nextPlay(random);
      last.push(...words);
      seen.commands += words.length;
      const [mine, reals] = [await run(ours[turn % 2] ?? redis), await run(real)];
      expect(mine, `after ${JSON.stringify(last.slice(-40))}`).toEqual(reals);
      const text = JSON.stringify(reals);
      seen.errors += text.split('"error"').length - 1;
      seen.nulls += text.split("null").length - 1;
      if (turn % 100 === 0) {
        for (const key of KEYS) {
          const all = await Promise.all([redis, real].map(async (on) => normal(await on.zrange(key, 0, -1, { withScores: true }))));
          expect(all[0]).toEqual(all[1]);
          seen.lists += 1;
          seen.largest = Math.max(seen.largest, (all[0] as unknown[]).length / 2);
        }
      }
    }
    expect(seen.errors).toBeGreaterThan(300);
    expect(seen.nulls).toBeGreaterThan(300);
    // Beyond 128 members Redis keeps a sorted set in another way.
    expect(seen.largest).toBeGreaterThan(128);
  });
});
