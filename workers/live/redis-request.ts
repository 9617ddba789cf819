import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { makesKey, REDIS_COMMANDS, redisCommand, redisKeys } from "../../contract/redis-commands.ts";

/** A command of a request: its words and the keys that it names, or what is wrong with it before any key is asked. */
export type SentCommand =
  | {
      readonly words: readonly string[];
      readonly keys: readonly string[];
      readonly writes: boolean;
      /** It makes its key where there is none. */
      readonly makes: boolean;
    }
  | { readonly error: string };

/** What a body may hold. */
export interface RequestLimits {
  readonly commands: number;
}

/** The body of `/redis`: one command. Only its form can be refused here; what Redis would say of it is in the command. */
export function readSingle(json: unknown): Outcome<SentCommand> {
  const words = wordsOf(json);
  if (!words) return refuse("invalid-body", 'Send one command as an array of texts and numbers: ["ZADD", "key", 1, "member"].');
  return words.length > LEADERBOARD_LIMITS.redisArgs ? tooManyArgs() : accept(commandOf(words));
}

/** The body of `/redis/pipeline` and `/redis/multi-exec`: commands in order. */
export function readMany(json: unknown, limits: RequestLimits): Outcome<SentCommand[]> {
  if (!Array.isArray(json)) return notCommands();
  if (json.length > limits.commands) return refuse("payload-too-large", `Send at most ${limits.commands} commands in one request.`);
  const commands: SentCommand[] = [];
  let args = 0;
  for (const item of json) {
    const words = wordsOf(item);
    if (!words) return notCommands();
    args += words.length;
    if (args > LEADERBOARD_LIMITS.redisArgs) return tooManyArgs();
    commands.push(commandOf(words));
  }
  return accept(commands);
}

/** Texts, numbers and booleans as the client's serializer leaves them; undefined where there is anything else. */
function wordsOf(json: unknown): string[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const words: string[] = [];
  for (const word of json as readonly unknown[]) {
    // A half of a surrogate pair has no bytes of its own: it is what UTF-8 makes of it, also when it is read back.
    if (typeof word === "string") words.push(word.toWellFormed());
    else if (typeof word === "number" || typeof word === "boolean") words.push(String(word));
    else return undefined;
  }
  return words;
}

function commandOf(words: readonly string[]): SentCommand {
  if (words.length === 0) return { error: "ERR empty command" };
  const known = redisCommand(words);
  if ("error" in known) return known;
  const keys = redisKeys(known.name, words);
  if (!keys.every(isKey)) return { error: KEY_FAULT };
  return { words, keys, writes: REDIS_COMMANDS[known.name].writes, makes: makesKey(known.name, words) };
}

const { redisKeyChars, redisNameBytes } = LEADERBOARD_LIMITS;
const KEY_FAULT = `ERR a key has 1 to ${redisKeyChars} characters, and at most ${redisNameBytes} bytes when percent-encoded`;

function isKey(text: string): boolean {
  return text !== "" && text.length <= redisKeyChars && encodeURIComponent(text).length <= redisNameBytes;
}

function notCommands(): Outcome<never> {
  return refuse(
    "invalid-body",
    'Send an array of commands, each an array of texts and numbers: [["ZADD", "key", 1, "member"], ["ZCARD", "key"]].',
  );
}

function tooManyArgs(): Outcome<never> {
  return refuse("payload-too-large", `Send at most ${LEADERBOARD_LIMITS.redisArgs} arguments in one request.`);
}
