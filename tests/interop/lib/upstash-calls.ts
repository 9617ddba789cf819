import type { Pipeline, Redis } from "@upstash/redis";

const FLAGS = ["nx", "xx", "gt", "lt", "ch", "incr"] as const;

/** The methods of the client that sorted sets have, alike on a client, a pipeline and a transaction. */
type Methods = Redis | Pipeline;
type Called = Promise<unknown> | Methods;

/**
 * A command as a call of the client's own method, which writes the words anew; undefined where the method cannot say it. Scores stay texts,
 * as JSON has no infinity.
 */
export function methodCall([name = "", key = "", ...args]: readonly string[]): ((on: Methods) => Called) | undefined {
  // Signatures differ between client and pipeline in what they answer only.
  const call =
    (method: string, ...given: unknown[]) =>
    (on: Methods) =>
      (on as unknown as Record<string, (...all: unknown[]) => Called>)[method]?.(...given) as Called; // by name, as below
  switch (name.toLowerCase()) {
    case "zadd":
      return add(key, args, call);
    case "zrange":
      return range(key, args, call);
    case "zmscore":
      return call("zmscore", key, args);
    case "zincrby":
    case "zcount":
      return args.length === 2 ? call(name, key, ...args) : undefined;
    case "zscore":
    case "zrank":
    case "zrevrank":
      return args.length === 1 ? call(name, key, ...args) : undefined;
    case "zcard":
      return key === "" || args.length > 0 ? undefined : call(name, key);
    case "zrem":
    case "del":
      return call(name, key, ...args);
    default:
      return undefined;
  }
}

type Call = (method: string, ...given: unknown[]) => (on: Methods) => Called;

function add(key: string, args: readonly string[], call: Call): ReturnType<Call> | undefined {
  const flags: Record<string, boolean> = {};
  let at = 0;
  for (; FLAGS.some((flag) => flag === args[at]); at++) flags[args[at] ?? ""] = true;
  const pairs: { score: string; member: string }[] = [];
  for (; at + 1 < args.length; at += 2) pairs.push({ score: args[at] ?? "", member: args[at + 1] ?? "" });
  const sayable = at === args.length && pairs.length > 0 && !(flags["nx"] && flags["xx"]) && !(flags["gt"] && flags["lt"]);
  return sayable ? call("zadd", key, flags, ...pairs) : undefined;
}

function range(key: string, [min, max, ...options]: readonly string[], call: Call): ReturnType<Call> | undefined {
  if (min === undefined || max === undefined) return undefined;
  const given: Record<string, unknown> = {};
  for (let i = 0; i < options.length; i++) {
    const option = options[i];
    const name = option === "byscore" ? "byScore" : option === "rev" ? "rev" : option === "withscores" ? "withScores" : undefined;
    if (name !== undefined && given[name] === undefined) given[name] = true;
    else if (option === "limit" && i + 2 < options.length && given["count"] === undefined) {
      [given["offset"], given["count"]] = [options[i + 1], options[i + 2]];
      i += 2;
    } else return undefined;
  }
  return call("zrange", key, min, max, given);
}
