import { type AddCommand, type AddFlags, FAULTS, type RedisFault } from "./command.ts";
import { readScore } from "./numbers.ts";

const NO_FLAGS: AddFlags = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };

/** ZADD, the arguments after its key: flags in any order, then pairs of score and member. */
export function parseAdd(args: readonly string[]): AddCommand | RedisFault {
  return parsePairs(args, NO_FLAGS);
}

/** ZINCRBY, which Redis reads as a ZADD INCR: of a flag in place of the number it says "syntax error" too. */
export function parseIncrement(args: readonly string[]): AddCommand | RedisFault {
  return parsePairs(args, { ...NO_FLAGS, incr: true });
}

function parsePairs(args: readonly string[], given: AddFlags): AddCommand | RedisFault {
  const flags: { -readonly [F in keyof AddFlags]: boolean } = { ...given };
  let at = 0;
  for (; at < args.length; at++) {
    const flag = (args[at] ?? "").toLowerCase();
    if (!isFlag(flag)) break;
    flags[flag] = true;
  }
  const rest = args.slice(at);
  if (rest.length === 0 || rest.length % 2 === 1) return FAULTS.syntax;
  const conflict = conflictOf(flags, rest.length / 2);
  if (conflict !== undefined) return { error: `ERR ${conflict}` };
  const pairs: { score: number; member: string }[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const score = readScore(rest[i] ?? "");
    if (score === undefined) return FAULTS.notFloat;
    pairs.push({ score, member: rest[i + 1] ?? "" });
  }
  return { type: "add", flags, pairs };
}

function isFlag(text: string): text is keyof AddFlags {
  return Object.hasOwn(NO_FLAGS, text);
}

function conflictOf({ nx, xx, gt, lt, incr }: AddFlags, pairs: number): string | undefined {
  if (nx && xx) return "XX and NX options at the same time are not compatible";
  if ((gt && nx) || (lt && nx) || (gt && lt)) return "GT, LT, and/or NX options at the same time are not compatible";
  return incr && pairs > 1 ? "INCR option supports a single increment-element pair" : undefined;
}
