import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { Problem } from "../../contract/problems.ts";
import type { RedisReply } from "../../contract/rpc/leaderboard.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { type ObjectCall, sortedSetOf } from "../http/objects.ts";
import { ThrownProblem } from "../http/thrown-problem.ts";
import { keysWithoutRoom, noteKey } from "./redis-quota.ts";
import type { SentCommand } from "./redis-request.ts";

/** Calls under way by tenant and key. */
const inFlight = new Map<string, number>();
registerIsolateCache(() => inFlight.clear());

/** A part of a command that is about one key. */
interface Part {
  /** Which command of the request. */
  readonly index: number;
  readonly words: readonly string[];
}

const NOT_RUN = { error: "ERR the answers before this command are too long: it was not run" };
const FAILED = { error: "ERR this key cannot be reached at the moment: whether the command was run is unknown" };
const FULL = {
  error: `ERR max number of keys reached: a tenant may have ${LEADERBOARD_LIMITS.redisKeys} sorted sets, and one that was emptied stays one`,
};
const BUSY = "Too many calls wait for this key already. Try again in a second.";

class KeyIsBusy extends ThrownProblem {
  override readonly problem: Problem = { slug: "board-busy", detail: BUSY, retryAfterS: 1 };
}

/**
 * Runs commands, those of one key in order and in one call; a DEL of several keys is one of each. Keys that fail answer an error for their
 * commands while others succeed.
 * @returns a reply per command
 * @throws when no key could be reached
 */
export async function runCommands(call: ObjectCall, sent: readonly SentCommand[]): Promise<RedisReply[]> {
  const commands = await withinQuota(call, sent);
  const keys = partsByKey(commands);
  const parts = commands.map((command): RedisReply[] => ("error" in command ? [command] : []));
  const failures: unknown[] = [];
  let rows = 0;
  const waiting = keys.entries();
  const worker = async () => {
    // One iterator for all: each takes the next key that nobody has taken.
    for (const [key, ofKey] of waiting) {
      const replies = rows > LEADERBOARD_LIMITS.redisRequestRows ? NOT_RUN : await ask(call, key, ofKey, failures);
      for (const [i, { index }] of ofKey.entries()) {
        const reply = "error" in replies ? replies : (replies[i] ?? FAILED);
        if ("result" in reply && Array.isArray(reply.result)) rows += reply.result.length;
        parts[index]?.push(reply);
        const command = commands[index];
        if ("result" in reply && command && "makes" in command && command.makes) noteKey(call, key);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(keys.size, LEADERBOARD_LIMITS.redisKeysAtOnce) }, worker));
  if (failures.length > 0 && failures.length === keys.size) throw failures[0];
  return parts.map(joined);
}

/** The commands with an error for those that would make a key beyond the tenant's number of them. */
async function withinQuota(call: ObjectCall, commands: readonly SentCommand[]): Promise<readonly SentCommand[]> {
  const makes = (command: SentCommand): command is Exclude<SentCommand, { error: string }> => "makes" in command && command.makes;
  const refused = await keysWithoutRoom(
    call,
    commands.flatMap((command) => (makes(command) ? command.keys : [])),
  );
  if (refused.size === 0) return commands;
  return commands.map((command) => (makes(command) && command.keys.some((key) => refused.has(key)) ? FULL : command));
}

/** The replies about one key, or the one error that stands for all of them; its cause goes into `failures`. */
async function ask(call: ObjectCall, key: string, parts: readonly Part[], failures: unknown[]): Promise<RedisReply[] | { error: string }> {
  const name = `${call.principal.tenantId}/${key}`;
  const before = inFlight.get(name) ?? 0;
  if (before >= LEADERBOARD_LIMITS.inFlight) {
    failures.push(new KeyIsBusy());
    return { error: `ERR ${BUSY}` };
  }
  inFlight.set(name, before + 1);
  try {
    return await sortedSetOf(call, key).redis(parts.map(({ words }) => words));
  } catch (error) {
    failures.push(error); // told per command, or thrown when it is every key's
    return FAILED;
  } finally {
    const now = (inFlight.get(name) ?? 1) - 1;
    if (now <= 0) inFlight.delete(name);
    else inFlight.set(name, now);
  }
}

function partsByKey(commands: readonly SentCommand[]): Map<string, Part[]> {
  const keys = new Map<string, Part[]>();
  for (const [index, command] of commands.entries()) {
    if ("error" in command) continue;
    const [name = ""] = command.words;
    for (const key of command.keys) {
      const part = { index, words: command.keys.length === 1 ? command.words : [name, key] };
      const known = keys.get(key);
      if (known) known.push(part);
      else keys.set(key, [part]);
    }
  }
  return keys;
}

/** One reply of those of its keys: DEL counts. */
function joined(replies: readonly RedisReply[]): RedisReply {
  const [only] = replies;
  if (only && replies.length === 1) return only;
  const failed = replies.find((reply) => "error" in reply);
  return failed ?? { result: replies.reduce((sum, reply) => sum + ("result" in reply ? Number(reply.result) : 0), 0) };
}
