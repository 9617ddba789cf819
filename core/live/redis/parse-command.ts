import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { redisCommand, type RedisCommandName } from "../../../contract/redis-commands.ts";
import { FAULTS, type RedisCommand, type RedisFault } from "./command.ts";
import { readBound } from "./numbers.ts";
import { parseAdd, parseIncrement } from "./parse-add.ts";
import { parseRange } from "./parse-range.ts";

const { redisMemberBytes } = LEADERBOARD_LIMITS;
const MEMBER_TOO_LONG = { error: `ERR a member has at most ${redisMemberBytes} bytes` };

type Parsed = RedisCommand | RedisFault;

const PARSERS: Readonly<Record<RedisCommandName, (args: readonly string[]) => Parsed>> = {
  zadd: parseAdd,
  zincrby: parseIncrement,
  zrange: parseRange,
  zrem: (members) => ({ type: "remove", members }),
  del: () => ({ type: "delete" }),
  zcard: () => ({ type: "card" }),
  zscore: ([member = ""]) => ({ type: "score", member }),
  zmscore: (members) => ({ type: "scores", members }),
  zrank: ([member = ""]) => ({ type: "rank", member, reverse: false }),
  zrevrank: ([member = ""]) => ({ type: "rank", member, reverse: true }),
  zcount: ([min = "", max = ""]) => {
    const [from, to] = [readBound(min), readBound(max)];
    return from && to ? { type: "count", from, to } : FAULTS.notBound;
  },
};

/**
 * Understands a command or says what Redis would of it. A DEL names this one key alone: the edge has split it.
 * @param words the name, the key, and the arguments
 */
export function parseCommand(words: readonly string[]): Parsed {
  const known = redisCommand(words);
  if ("error" in known) return known;
  const command = PARSERS[known.name](words.slice(2));
  return membersOf(command).some(isTooLong) ? MEMBER_TOO_LONG : command;
}

function membersOf(command: Parsed): readonly string[] {
  if ("error" in command) return [];
  if (command.type === "add") return command.pairs.map(({ member }) => member);
  if ("members" in command) return command.members;
  return "member" in command ? [command.member] : [];
}

const encoder = new TextEncoder();

function isTooLong(member: string): boolean {
  // A UTF-16 unit has three bytes at most, and one at least.
  if (member.length * 3 <= redisMemberBytes) return false;
  return member.length > redisMemberBytes || encoder.encode(member).byteLength > redisMemberBytes;
}
