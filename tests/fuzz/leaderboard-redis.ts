import { isDeepStrictEqual } from "node:util";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { RedisReply } from "../../contract/rpc/leaderboard.ts";
import { CountedSets } from "../../core/live/leaderboard/counted-sets.ts";
import { MemoryEntries } from "../../core/live/leaderboard/entries-testing.ts";
import { TypedRedis } from "../../core/live/redis/testing.ts";
import { readMany, readSingle } from "../../workers/live/redis-request.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

/** So many commands over one key, then a new key. */
const KEY_COMMANDS = 400;
/** Small ones, so that buckets are split and united all the time. */
const LIMITS = { split: 8, merge: 2, mergedMax: 6 };

export interface RedisFuzzReport {
  results: number;
  errors: number;
  /** Bodies that were read as commands. */
  bodies: number;
  refused: number;
}

/**
 * Fuzzes commands of the Redis protocol: whatever words they are made of, counted buckets answer as sorted arrays do, an error has changed
 * nothing, and no body of a request makes its reader throw or take more than its limits.
 * @throws with seed and run when one does
 */
export function fuzz(seed: number, runs: number): RedisFuzzReport {
  const random = mulberry(seed);
  const report = { results: 0, errors: 0, bodies: 0, refused: 0 };
  let keys = twoKeys();
  for (let run = 0; run < runs; run++) {
    if (run % KEY_COMMANDS === 0) keys = twoKeys();
    const words = makeCommand(random);
    try {
      checkCommand(keys, words, report);
      if (run % 4 === 0) checkBody(random, report);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${seed}, run ${run}: ${message}\n${JSON.stringify(words).slice(0, 1_000)}`, { cause: error });
    }
  }
  return report;
}

interface Keys {
  readonly buckets: TypedRedis;
  readonly arrays: TypedRedis;
}

function twoKeys(): Keys {
  const log: { seq: number; changes: Uint8Array }[] = [];
  const counted = new CountedSets(new MemoryEntries(), { since: (seq) => log.filter((row) => row.seq > seq) }, { limits: LIMITS });
  return { buckets: new TypedRedis(counted), arrays: new TypedRedis() };
}

function checkCommand({ buckets, arrays }: Keys, words: readonly string[], report: RedisFuzzReport): void {
  const before = whole(arrays);
  const reply = arrays.run(words);
  same(buckets.run(words), reply, "answers");
  const isError = "error" in reply;
  if (isError) {
    if (!/^[A-Z]+ ./.test(reply.error)) throw new Error(`an error without its class: ${reply.error}`);
    same(whole(arrays), before, "the key before and after an error");
  }
  same(whole(buckets), whole(arrays), "keys");
  buckets.sets.takeChanges();
  arrays.sets.takeChanges();
  report[isError ? "errors" : "results"]++;
}

function whole(redis: TypedRedis): RedisReply {
  return redis.type("zrange 0 -1 withscores", 10_000);
}

function checkBody(random: Random, report: RedisFuzzReport): void {
  const commands = Array.from({ length: Math.floor(random() * 6) }, () => makeCommand(random));
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bent(new TextEncoder().encode(JSON.stringify(commands)), random)));
  } catch {
    json = pick<unknown>(random, [commands, commands[0], null, 5, "zcard", {}, [[[]]], [[null]], [[1, true]], [{}]]);
  }
  const limits = { commands: pick(random, [0, 1, 3, LEADERBOARD_LIMITS.redisCommands]) };
  const [many, single] = [readMany(json, limits), readSingle(json)];
  for (const read of [many, single]) report[read.ok ? "bodies" : "refused"]++;
  if (many.ok && many.value.length > limits.commands) throw new Error("more commands than the limit");
  for (const command of [...(many.ok ? many.value : []), ...(single.ok ? [single.value] : [])])
    if (!("error" in command) && command.words.some((word) => !word.isWellFormed())) throw new Error("half a character went through");
}

const NAMES = ["zadd", "ZADD", "zincrby", "zrem", "del", "zcard", "zcount", "zscore", "zmscore", "zrank", "zrevrank", "zrange"];
const ODD_NAMES = ["", "zpopmin", "valueOf", "__proto__", "FLUSHALL", "zadd "];
const FLAGS = ["nx", "xx", "gt", "lt", "ch", "incr"];
const RANGE = ["rev", "byscore", "withscores", "limit", "bylex"];
const NUMBERS = ["0", "1", "2", "-1", "-0", "2.5", "1e3", "inf", "-inf", "+inf", "0.1", "9007199254740993"];
const BOUNDS = ["(1", "(0", "(inf", "(-inf", "-inf", "+inf", "0", "5", "(2.5", "-3"];
const ODD = ["nan", "", " 1", "1e999", "((1", "0x10", "1_0", "é", "\u0000", "limit", "-"];

function makeCommand(random: Random): string[] {
  const name = pick(random, random() < 0.97 ? NAMES : ODD_NAMES);
  const words = [name, "key", ...argumentsOf(name.toLowerCase(), random)];
  if (random() < 0.06) words.splice(Math.floor(random() * (words.length + 1)), 1);
  if (random() < 0.06) words.splice(1 + Math.floor(random() * words.length), 0, pick(random, ODD));
  return words;
}

function argumentsOf(name: string, random: Random): string[] {
  const member = () => pick(random, ["a", "b", "B", "ab", "é", "🎲", "z", `m${Math.floor(random() * 40)}`]);
  const some = <T>(most: number, make: () => T) => Array.from({ length: 1 + Math.floor(random() * most) }, make);
  const chosen = (list: readonly string[], chance: number) => list.filter(() => random() < chance);
  switch (name) {
    case "zadd":
      return [...chosen(FLAGS, 0.12), ...some(3, () => [pick(random, NUMBERS), member()]).flat()];
    case "zincrby":
      return [pick(random, NUMBERS), member()];
    case "zrem":
    case "zmscore":
      return some(3, member);
    case "zcount":
      return [pick(random, BOUNDS), pick(random, BOUNDS)];
    case "zscore":
    case "zrank":
    case "zrevrank":
      return [member()];
    case "zrange": {
      const byScore = random() < 0.5;
      const ends = byScore ? BOUNDS : ["0", "1", "-1", "-3", "5", "100"];
      const more = [...(byScore ? ["byscore"] : []), ...chosen(RANGE, 0.12)];
      const limit = byScore && random() < 0.4 ? ["limit", pick(random, ["0", "1", "-1", "3"]), pick(random, ["-1", "0", "2", "9"])] : [];
      return [pick(random, ends), pick(random, ends), ...more, ...limit];
    }
    default:
      return random() < 0.1 ? [member()] : [];
  }
}

function same(a: unknown, b: unknown, what: string): void {
  if (!isDeepStrictEqual(a, b))
    throw new Error(`${what} differ: ${JSON.stringify(a).slice(0, 500)} and ${JSON.stringify(b).slice(0, 500)}`);
}
