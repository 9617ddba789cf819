import { pick, type Random } from "../../lib/random.ts";

const MEMBERS = ["", "a", "A", "aa", "ab", "b", "käse", "\u{1F3B2}", "\uFF5E", "a b", "\n", '"quoted"', "{json", "zz", ...numbered(150)];
const FLAGS = ["nx", "xx", "gt", "lt", "ch", "incr"];
const BAD = ["", "one", "nan", "1e400", " 1", "(2", "0x", "--1"];

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `player-${i}`);
}

/** Scores meet often, and some are too large, too small or too long for carelessness. */
function score(random: Random): string {
  const kind = random();
  if (kind < 0.5) return String(Math.floor(random() * 11) - 5);
  if (kind < 0.75) return String(Math.floor(random() * 41) / 4 - 5);
  if (kind < 0.9) return String(Math.floor(random() * 100) / 10);
  if (kind < 0.94)
    return pick(random, ["1e17", "-1e17", "9007199254740993", "1e-7", "5e-324", "1.7976931348623157e308", "-0", ".5", "+3", "2."]);
  if (kind < 0.97) return pick(random, ["inf", "-inf", "+inf", "Infinity"]);
  return pick(random, BAD);
}

function bound(random: Random): string {
  const kind = random();
  if (kind < 0.15) return pick(random, ["-inf", "+inf", "inf", "(-inf", "(inf"]);
  return kind < 0.5 ? `(${score(random)}` : score(random);
}

function place(random: Random): string {
  return random() < 0.03 ? pick(random, ["a", "1.5", "01", "-0", "99999999999999999999"]) : String(Math.floor(random() * 60) - 30);
}

function range(random: Random): string[] {
  const byScore = random() < 0.5;
  const options: string[][] = [];
  if (byScore !== random() < 0.02) options.push(["byscore"]);
  if (random() < 0.5) options.push(["rev"]);
  if (random() < 0.5) options.push(["withscores"]);
  if (byScore ? random() < 0.5 : random() < 0.03) options.push(["limit", place(random), place(random)]);
  if (random() < 0.01) options.push([pick(random, ["rev", "byscore", "limit", "nonsense"])]);
  const ends = byScore ? [bound(random), bound(random)] : [place(random), place(random)];
  return [...ends, ...options.toSorted(() => random() - 0.5).flat()];
}

/** A random command over one key: mostly sensible, now and then one that Redis refuses. */
export function randomCommand(random: Random, key: string): string[] {
  const member = () => pick(random, MEMBERS);
  const members = () => Array.from({ length: 1 + Math.floor(random() * 4) }, member);
  const kind = random();
  if (kind < 0.005)
    return pick(random, [
      ["zadd", key],
      ["zcard"],
      ["nonsense", key, "a"],
      ["zadd", key, "1"],
      ["zrank", key, "a", "b"],
      ["zincrby", key, "nx", "a"],
    ]);
  if (kind < 0.008) return ["del", key];
  if (kind < 0.4) {
    const flags = FLAGS.filter(() => random() < 0.2);
    const pairs = Array.from({ length: flags.includes("incr") && random() < 0.9 ? 1 : 1 + Math.floor(random() * 3) }, () => [
      score(random),
      member(),
    ]);
    return ["ZADD", key, ...flags.toSorted(() => random() - 0.5), ...pairs.flat()];
  }
  if (kind < 0.5) return ["zincrby", key, score(random), member()];
  if (kind < 0.57) return ["zrem", key, ...members()];
  if (kind < 0.8) return [pick(random, ["zrange", "ZRANGE"]), key, ...range(random)];
  if (kind < 0.85) return ["zcount", key, bound(random), bound(random)];
  if (kind < 0.9) return [pick(random, ["zrank", "zrevrank"]), key, member()];
  if (kind < 0.94) return ["zscore", key, member()];
  return kind < 0.97 ? ["zmscore", key, ...members()] : ["zcard", key];
}
