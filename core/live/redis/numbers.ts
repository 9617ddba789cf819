// Numbers as Redis reads and writes them (https://github.com/redis/redis/blob/7.0/src/object.c, t_zset.c). Hexadecimal ones, which C's strtod
// takes as well, are refused.

/** One end of a range of scores. */
export interface ScoreBound {
  readonly inv: number;
  /** Whether the score itself is outside. */
  readonly open: boolean;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
/** The first digit that is not 0, before any exponent. */
const NOT_ZERO = /^[^e1-9]*[1-9]/i;
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
const LONG_MAX = 2n ** 63n - 1n;

/** A score, or undefined where Redis says "not a valid float": not a number, or one that no double is near. Never -0, which is another key. */
export function readScore(text: string): number | undefined {
  const value = readDouble(text);
  if (value === undefined) return undefined;
  const overflowed = !Number.isFinite(value) && !INFINITE.test(text);
  const vanished = value === 0 && NOT_ZERO.test(text);
  return overflowed || vanished ? undefined : value;
}

/** `5`, `(5`, `-inf`; blanks before it and nothing at all, which is 0, are taken as Redis takes them. */
export function readBound(text: string): ScoreBound | undefined {
  const open = text.startsWith("(");
  const number = open ? text.slice(1) : text;
  const inv = number === "" ? 0 : readDouble(number.replace(/^[ \t\n\v\f\r]+/, ""));
  return inv === undefined ? undefined : { inv, open };
}

/** A 64-bit integer in its one spelling: no sign or zeros before it. */
export function readInteger(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = BigInt(text);
  return value > LONG_MAX || value < -LONG_MAX - 1n ? undefined : Number(value);
}

/** The fewest digits that read back the same, as Redis does since 7.2; before, it wrote 17: 0.10000000000000001. */
export function writeScore(score: number): string {
  if (Number.isFinite(score)) return String(score);
  return score > 0 ? "inf" : "-inf";
}

function readDouble(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text) + 0; // no -0
  const [whole, sign] = INFINITE.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
