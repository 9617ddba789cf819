import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { parseCommand } from "./parse-command.ts";
import { ABSENT_KEY, effectOf, runCommand } from "./run-command.ts";
import { TypedRedis } from "./testing.ts";

const result = (value: unknown) => ({ result: value });

describe("adding", () => {
  it("[LB90] counts what was added, with CH what was changed, and follows NX, XX, GT and LT", () => {
    const redis = new TypedRedis();
    expect(redis.type("zadd 1 a 2 b")).toEqual(result(2));
    expect(redis.type("ZADD 5 a 3 c")).toEqual(result(1));
    expect(redis.type("zadd ch 6 a 3 c 4 d")).toEqual(result(2));
    expect(redis.type("zadd nx 9 a 9 e")).toEqual(result(1));
    expect(redis.type("zadd xx ch 7 a 7 nobody")).toEqual(result(1));
    expect(redis.type("zadd gt ch 6 a 8 b 1 f")).toEqual(result(2));
    expect(redis.type("zadd lt ch 8 a 7 b")).toEqual(result(1));
    expect(redis.type("zrange 0 -1 withscores")).toEqual(result(["f", "1", "c", "3", "d", "4", "a", "7", "b", "7", "e", "9"]));
    expect(redis.type("zadd 1 g 2 g 3 g")).toEqual(result(1));
    expect(redis.type("zscore g")).toEqual(result("3"));
  });

  it("[LB90] increments and answers the new score as text, or null where a flag forbids it", () => {
    const redis = new TypedRedis();
    expect(redis.type("zincrby 2.5 a")).toEqual(result("2.5"));
    expect(redis.type("zadd incr -3 a")).toEqual(result("-0.5"));
    expect(redis.type("zadd nx incr 3 a")).toEqual(result(null));
    expect(redis.type("zadd xx incr 3 b")).toEqual(result(null));
    expect(redis.type("zadd gt incr -3 a")).toEqual(result(null));
    expect(redis.type("zadd gt incr 0 a")).toEqual(result(null));
    expect(redis.type("zincrby inf a")).toEqual(result("inf"));
    expect(redis.type("zincrby -inf a")).toEqual({ error: "ERR resulting score is not a number (NaN)" });
    expect(redis.type("zscore a")).toEqual(result("inf"));
  });

  it("[LB91] changes nothing when it answers an error, which is Redis' own", () => {
    const redis = new TypedRedis();
    const faults: [string, string][] = [
      ["zadd 1 a x b", "ERR value is not a valid float"],
      ["zadd 1 a 2", "ERR syntax error"],
      ["zadd nx xx 1 a", "ERR XX and NX options at the same time are not compatible"],
      ["zadd nx gt 1 a", "ERR GT, LT, and/or NX options at the same time are not compatible"],
      ["zadd lt gt 1 a", "ERR GT, LT, and/or NX options at the same time are not compatible"],
      ["zadd incr 1 a 2 b", "ERR INCR option supports a single increment-element pair"],
      ["zadd nx ch", "ERR syntax error"],
      ["zincrby nx a", "ERR syntax error"],
      ["zincrby one a", "ERR value is not a valid float"],
      ["zadd 1", "ERR wrong number of arguments for 'zadd' command"],
      ["zincrby 1 a b", "ERR wrong number of arguments for 'zincrby' command"],
      ["ZRANK", "ERR wrong number of arguments for 'zrank' command"],
      ["FLUSHALL now", "ERR unknown command 'FLUSHALL', with args beginning with: 'key' 'now' "],
      ["hasOwnProperty", "ERR unknown command 'hasOwnProperty', with args beginning with: 'key' "],
    ];
    for (const [line, error] of faults) expect([line, redis.type(line)]).toEqual([line, { error }]);
    expect(redis.type("zcard")).toEqual(result(0));
  });

  it("[LB97] takes members of 512 bytes, whatever their letters", () => {
    const redis = new TypedRedis();
    const bytes = LEADERBOARD_LIMITS.redisMemberBytes;
    for (const member of ["a".repeat(bytes), "é".repeat(bytes / 2), "🎲".repeat(bytes / 4), ""]) {
      expect(redis.run(["zadd", "key", "1", member])).toEqual(result(1));
      if (member === "") continue;
      for (const words of [
        ["zadd", "key", "1", `${member}a`],
        ["zrem", "key", "b", `${member}a`],
        ["zscore", "key", `${member}a`],
      ])
        expect(redis.run(words)).toEqual({ error: "ERR a member has at most 512 bytes" });
    }
  });
});

describe("reading", () => {
  const filled = () => {
    const redis = new TypedRedis();
    redis.type("zadd 1 a 2 b 2 B 2 ab 3 c inf z -inf y");
    return redis;
  };

  it("[LB90] orders equal scores by the members' bytes, and REV reverses these too", () => {
    const redis = filled();
    expect(redis.type("zrange 0 -1")).toEqual(result(["y", "a", "B", "ab", "b", "c", "z"]));
    expect(redis.type("zrange 0 -1 rev")).toEqual(result(["z", "c", "b", "ab", "B", "a", "y"]));
    expect(redis.type("zrank ab")).toEqual(result(3));
    expect(redis.type("zrevrank ab")).toEqual(result(3));
    expect(redis.type("zrevrank B")).toEqual(result(4));
    expect(redis.type("zrank nobody")).toEqual(result(null));
    const wide = new TypedRedis();
    for (const member of ["\u{1F3B2}", "\uFF5E", "é", "z"]) wide.run(["zadd", "key", "1", member]);
    expect(wide.type("zrange 0 -1"), "by bytes of UTF-8, not by UTF-16 units").toEqual(result(["z", "é", "\uFF5E", "\u{1F3B2}"]));
  });

  it("[LB90] counts places from either end, and from the end that is listed last", () => {
    const redis = filled();
    const answers: [string, string[]][] = [
      ["zrange 1 2", ["a", "B"]],
      ["zrange -2 -1", ["c", "z"]],
      ["zrange -100 0", ["y"]],
      ["zrange 5 100", ["c", "z"]],
      ["zrange 3 2", []],
      ["zrange 7 9", []],
      ["zrange 0 -8", []],
      ["zrange 1 2 rev", ["c", "b"]],
      ["zrange -2 -1 rev", ["a", "y"]],
      ["zrange 0 9223372036854775807", ["y", "a", "B", "ab", "b", "c", "z"]],
    ];
    for (const [line, members] of answers) expect([line, redis.type(line)]).toEqual([line, result(members)]);
  });

  it("[LB90] lists and counts between scores, ends in or out, from an offset, so many", () => {
    const redis = filled();
    const answers: [string, string[]][] = [
      ["zrange 2 3 byscore", ["B", "ab", "b", "c"]],
      ["zrange (2 3 byscore", ["c"]],
      ["zrange 2 (3 byscore", ["B", "ab", "b"]],
      ["zrange -inf +inf byscore", ["y", "a", "B", "ab", "b", "c", "z"]],
      ["zrange (-inf (inf byscore", ["a", "B", "ab", "b", "c"]],
      ["zrange 3 1 byscore", []],
      ["zrange (2 2 byscore", []],
      ["zrange 2 (2 byscore", []],
      ["zrange 3 1 byscore rev", ["c", "b", "ab", "B", "a"]],
      ["zrange 3 (1 rev byscore limit 1 2", ["b", "ab"]],
      ["zrange 1 3 byscore limit 1 2", ["B", "ab"]],
      ["zrange 1 3 byscore limit 4 -1", ["c"]],
      ["zrange 1 3 byscore limit -1 2", []],
      ["zrange 1 3 byscore limit 9 2", []],
      ["zrange 1 3 byscore limit 0 0", []],
      ["zrange inf inf byscore", ["z"]],
      ["zrange -inf -inf byscore", ["y"]],
    ];
    for (const [line, members] of answers) expect([line, redis.type(line)]).toEqual([line, result(members)]);
    expect(redis.type("zcount 2 3")).toEqual(result(4));
    expect(redis.type("zcount (2 +inf")).toEqual(result(2));
    expect(redis.type("zcount 3 2")).toEqual(result(0));
    expect(redis.type("zcount inf inf")).toEqual(result(1));
    expect(redis.type("zmscore a nobody z")).toEqual(result(["1", null, "inf"]));
    expect(redis.type("zrem a nobody a z")).toEqual(result(2));
    expect([redis.type("del"), redis.type("del"), redis.type("zcard")]).toEqual([result(1), result(0), result(0)]);
  });

  it("[LB91] refuses options that do not go together, in Redis' words", () => {
    const redis = filled();
    const faults: [string, string][] = [
      ["zrange 0 1 limit 1 2", "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"],
      ["zrange 0 1 rev rev", "ERR syntax error"],
      ["zrange 0 1 byscore byscore", "ERR syntax error"],
      ["zrange 0 1 byscore limit 1", "ERR syntax error"],
      ["zrange 0 1 byscore limit a 1", "ERR value is not an integer or out of range"],
      ["zrange (0 1", "ERR value is not an integer or out of range"],
      ["zrange a 1 byscore", "ERR min or max is not a float"],
      ["zcount 1 b", "ERR min or max is not a float"],
      ["zrange - + bylex", "ERR syntax error, BYLEX is not supported"],
    ];
    for (const [line, error] of faults) expect([line, redis.type(line)]).toEqual([line, { error }]);
  });

  it("[LB97] lists so many members in the answers of a call and no more, and says so instead of cutting", () => {
    const redis = filled();
    expect(redis.type("zrange 0 -1", 7)).toMatchObject(result({ length: 7 }));
    expect(redis.type("zrange 0 -1", 6)).toMatchObject({ error: expect.stringContaining("too many members") as unknown });
    expect(redis.type("zrange 0 5", 6)).toMatchObject(result({ length: 6 }));
    const budget = { rows: 6 };
    const range = parseCommand(["zrange", "key", "0", "3"]);
    if ("error" in range) throw new Error(range.error);
    expect([runCommand(redis, range, budget), runCommand(redis, range, budget)]).toMatchObject([
      result({ length: 4 }),
      { error: expect.stringContaining("too many") as unknown },
    ]);
  });

  it("[LB99] answers of a key that is not there as Redis does, without making it", () => {
    const lines: [string, unknown][] = [
      ["zcard", 0],
      ["zscore a", null],
      ["zmscore a b", [null, null]],
      ["zrank a", null],
      ["zrevrank a", null],
      ["zrange 0 -1 rev withscores", []],
      ["zrange 0 inf byscore", []],
      ["zcount -inf inf", 0],
      ["zrem a b", 0],
      ["del", 0],
      ["zadd xx 1 a", 0],
      ["zadd xx incr 1 a", null],
    ];
    for (const [line, value] of lines) {
      const [name = "", ...args] = line.split(" ");
      const command = parseCommand([name, "key", ...args]);
      if ("error" in command) throw new Error(command.error);
      expect(effectOf(command)).not.toBe("creates");
      expect([line, runCommand(ABSENT_KEY, command, { rows: 10 })]).toEqual([line, result(value)]);
      expect([line, new TypedRedis().type(line)]).toEqual([line, result(value)]);
    }
    for (const words of [
      ["zadd", "key", "nx", "1", "a"],
      ["zincrby", "key", "1", "a"],
    ]) {
      const command = parseCommand(words);
      expect("error" in command ? command : effectOf(command)).toBe("creates");
    }
  });
});

describe("whatever is sent", () => {
  it("[LB91] is answered: no words make a command throw, and an error leaves the key as it was", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "nx",
        "xx",
        "gt",
        "lt",
        "ch",
        "incr",
        "byscore",
        "bylex",
        "rev",
        "limit",
        "withscores",
        "inf",
        "-inf",
        "(1",
        "0",
        "-1",
        "1e999",
      ),
      fc.double().map(String),
      fc.string({ unit: "binary", maxLength: 5 }),
    );
    const name = fc.constantFrom(
      "zadd",
      "zincrby",
      "zrem",
      "zrange",
      "zcount",
      "zrank",
      "zrevrank",
      "zscore",
      "zmscore",
      "zcard",
      "del",
      "valueOf",
    );
    let errors = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.array(word, { maxLength: 7 })), { maxLength: 20 }), (commands) => {
        const redis = new TypedRedis();
        for (const [first, args] of commands) {
          const before = redis.type("zrange 0 -1 withscores");
          const reply = redis.run([first, "key", ...args]);
          if (!("error" in reply)) continue;
          errors += 1;
          expect(redis.type("zrange 0 -1 withscores")).toEqual(before);
        }
      }),
      { seed: 91, numRuns: 200 },
    );
    expect(errors).toBeGreaterThan(400);
  });
});
