/** Commands of the Redis protocol that sorted sets understand: what is needed to route one, without knowing what its options mean. */
export const REDIS_COMMANDS = {
  zadd: { arity: -4, writes: true },
  zincrby: { arity: 4, writes: true },
  zrem: { arity: -3, writes: true },
  del: { arity: -2, writes: true },
  zcard: { arity: 2, writes: false },
  zcount: { arity: 4, writes: false },
  zscore: { arity: 3, writes: false },
  zmscore: { arity: -3, writes: false },
  zrank: { arity: 3, writes: false },
  zrevrank: { arity: 3, writes: false },
  zrange: { arity: -4, writes: false },
} as const satisfies Record<string, { readonly arity: number; readonly writes: boolean }>;

export type RedisCommandName = keyof typeof REDIS_COMMANDS;

/** Bytes of an unknown name, and of its arguments, that the error repeats; as Redis does. */
const QUOTED_CHARS = 128;

/**
 * The command that these words begin, or what Redis says of them: both are known before a transaction begins, and discard it.
 * @param words the name, in any case, and its arguments
 */
export function redisCommand(words: readonly string[]): { readonly name: RedisCommandName } | { readonly error: string } {
  const [given = "", ...args] = words;
  const name = given.toLowerCase();
  if (!isCommandName(name)) return { error: unknownCommand(given, args) };
  const { arity } = REDIS_COMMANDS[name];
  const fits = arity < 0 ? words.length >= -arity : words.length === arity;
  return fits ? { name } : { error: `ERR wrong number of arguments for '${name}' command` };
}

/** The keys that a command names; {@link redisCommand} has taken it. */
export function redisKeys(name: RedisCommandName, words: readonly string[]): readonly string[] {
  return name === "del" ? words.slice(1) : words.slice(1, 2);
}

const ADD_FLAGS = new Set(["nx", "xx", "gt", "lt", "ch", "incr"]);

/** Whether a command makes its key where there is none; {@link redisCommand} has taken it. */
export function makesKey(name: RedisCommandName, words: readonly string[]): boolean {
  if (name !== "zadd") return name === "zincrby";
  for (const word of words.slice(2)) {
    const flag = word.toLowerCase();
    if (flag === "xx") return false;
    if (!ADD_FLAGS.has(flag)) break; // the first score: what follows are members
  }
  return true;
}

function isCommandName(name: string): name is RedisCommandName {
  return Object.hasOwn(REDIS_COMMANDS, name);
}

function unknownCommand(name: string, args: readonly string[]): string {
  let quoted = "";
  for (const arg of args) {
    if (quoted.length >= QUOTED_CHARS) break;
    quoted += `'${arg.slice(0, QUOTED_CHARS - quoted.length)}' `;
  }
  return `ERR unknown command '${name.slice(0, QUOTED_CHARS)}', with args beginning with: ${quoted}`;
}
