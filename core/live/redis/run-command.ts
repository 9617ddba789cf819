import type { RedisReply, RedisValue } from "../../../contract/rpc/leaderboard.ts";
import type { RankedSets, SortKey } from "../leaderboard/ranked-sets.ts";
import type { RedisCommand } from "./command.ts";
import { runAdd } from "./run-add.ts";
import { writeScore } from "./numbers.ts";
import { runRange } from "./run-range.ts";
import { countOf } from "./score-range.ts";

/** What commands ask of rankings. */
export type RankReads = Pick<RankedSets, "find" | "total" | "placeOf" | "pageAt" | "countBetween">;

/** A sorted set as commands see it. */
export interface RedisKey {
  readonly sets: RankReads;
  /** The ranking that holds it: another one after each DEL. */
  set(): number;
  put(key: SortKey): void;
  /** @returns whether it was there */
  remove(member: string): boolean;
  /** DEL: empty from now on. @returns whether it was there */
  drop(): boolean;
}

/** A key that nobody has written: commands that would make one must not be run over it. */
export const ABSENT_KEY: RedisKey = {
  sets: { find: () => undefined, total: () => 0, placeOf: () => 0, pageAt: () => [], countBetween: () => 0 },
  set: () => 0,
  put: () => {
    throw new Error("nothing is put into a key that is not there");
  },
  remove: () => false,
  drop: () => false,
};

/** Whether a command may change a key, and whether it may make one that is not there. */
export function effectOf(command: RedisCommand): "none" | "changes" | "creates" {
  if (command.type === "add") return command.flags.xx ? "changes" : "creates";
  return command.type === "remove" || command.type === "delete" ? "changes" : "none";
}

/** How many members the answers of a request may still list. */
export interface RowBudget {
  rows: number;
}

/** The place of a member: by score, then by its bytes. */
export function redisKeyOf(member: string, score: number): SortKey {
  return { inv: score, sub: 0, at: 0, player: member };
}

/** Runs a command, wholly or, where it answers an error, not at all. */
export function runCommand(key: RedisKey, command: RedisCommand, budget: RowBudget): RedisReply {
  if (command.type === "add") return runAdd(key, command);
  if (command.type === "range") return runRange(key, command, budget);
  return { result: simple(key, command) };
}

function simple(key: RedisKey, command: Exclude<RedisCommand, { type: "add" | "range" }>): RedisValue {
  switch (command.type) {
    case "remove":
      return command.members.filter((member) => key.remove(member)).length;
    case "delete":
      return key.drop() ? 1 : 0;
    case "card":
      return key.sets.total(key.set());
    case "count":
      return countOf(key, command.from, command.to);
    case "score":
      return scoreOf(key, command.member);
    case "scores":
      return command.members.map((member) => scoreOf(key, member));
    case "rank":
      return rankOf(key, command.member, command.reverse);
  }
}

function scoreOf(key: RedisKey, member: string): string | null {
  const found = key.sets.find(key.set(), member);
  return found ? writeScore(found.inv) : null;
}

function rankOf(key: RedisKey, member: string, reverse: boolean): number | null {
  const set = key.set();
  const found = key.sets.find(set, member);
  if (!found) return null;
  const place = key.sets.placeOf(set, found);
  return reverse ? key.sets.total(set) - 1 - place : place;
}
