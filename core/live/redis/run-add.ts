import type { RedisReply } from "../../../contract/rpc/leaderboard.ts";
import { type AddCommand, type AddFlags, FAULTS } from "./command.ts";
import { writeScore } from "./numbers.ts";
import { type RedisKey, redisKeyOf } from "./run-command.ts";

/** ZADD and ZINCRBY. Answers how many were added (CH: or changed); INCR the new score, or null where a flag forbade it. */
export function runAdd(key: RedisKey, { flags, pairs }: AddCommand): RedisReply {
  let added = 0;
  let updated = 0;
  let incremented: number | undefined;
  for (const { score, member } of pairs) {
    const before = key.sets.find(key.set(), member)?.inv;
    const after = scoreAfter(flags, before, score);
    if (after === undefined) continue;
    // Only with INCR, and then there is one pair: nothing was written yet.
    if (Number.isNaN(after)) return FAULTS.notNumber;
    incremented = after;
    if (after === before) continue;
    key.put(redisKeyOf(member, after));
    if (before === undefined) added++;
    else updated++;
  }
  if (flags.incr) return { result: incremented === undefined ? null : writeScore(incremented) };
  return { result: flags.ch ? added + updated : added };
}

/** The score a member will have; undefined where the flags leave it alone, NaN for infinities that cancel each other. */
function scoreAfter({ nx, xx, gt, lt, incr }: AddFlags, before: number | undefined, given: number): number | undefined {
  if (before === undefined) return xx ? undefined : given;
  if (nx) return undefined;
  const after = incr ? before + given : given;
  const forbidden = (gt && after <= before) || (lt && after >= before);
  return forbidden ? undefined : after;
}
