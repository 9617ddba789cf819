import type { RedisReply } from "../../../contract/rpc/leaderboard.ts";
import type { RangeCommand } from "./command.ts";
import { writeScore } from "./numbers.ts";
import type { RedisKey, RowBudget } from "./run-command.ts";
import { countBefore, countOf } from "./score-range.ts";

const TOO_MANY = { error: "ERR the answer has too many members: ask for fewer by a narrower range or by LIMIT" };

/** Places from 0 in ascending order, whichever way they are listed. */
interface Places {
  readonly first: number;
  readonly count: number;
}

/** ZRANGE: members, each followed by its score where asked. An error, and nothing read, beyond the budget. */
export function runRange(key: RedisKey, { by, reverse, withScores }: RangeCommand, budget: RowBudget): RedisReply {
  const { first, count } = by.type === "place" ? byPlace(key, by, reverse) : byScore(key, by, reverse);
  if (count <= 0) return { result: [] };
  if (count > budget.rows) return TOO_MANY;
  budget.rows -= count;
  const found = key.sets.pageAt(key.set(), first, count);
  if (reverse) found.reverse();
  return { result: withScores ? found.flatMap(({ player, inv }) => [player, writeScore(inv)]) : found.map(({ player }) => player) };
}

type ByPlace = Extract<RangeCommand["by"], { type: "place" }>;
type ByScore = Extract<RangeCommand["by"], { type: "score" }>;

/** Negative places count from the end that is listed last. */
function byPlace(key: RedisKey, by: ByPlace, reverse: boolean): Places {
  const total = key.sets.total(key.set());
  const start = Math.max(0, by.start < 0 ? total + by.start : by.start);
  const stop = Math.min(total - 1, by.stop < 0 ? total + by.stop : by.stop);
  return { first: reverse ? total - 1 - stop : start, count: stop - start + 1 };
}

function byScore(key: RedisKey, { from, to, offset, count: most }: ByScore, reverse: boolean): Places {
  const within = countOf(key, from, to);
  // A negative offset skips everything in Redis.
  const left = offset < 0 ? 0 : Math.max(0, within - offset);
  const count = most < 0 ? left : Math.min(left, most);
  if (count === 0) return { first: 0, count };
  const before = countBefore(key, from);
  return { first: reverse ? before + within - offset - count : before + offset, count };
}
