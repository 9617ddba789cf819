import { FAULTS, type RangeCommand, type RedisFault } from "./command.ts";
import { readBound, readInteger } from "./numbers.ts";

interface RangeOptions {
  byScore: boolean;
  reverse: boolean;
  withScores: boolean;
  offset: number;
  count: number;
}

const LIMIT_BY_PLACE = { error: "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX" };
const BY_LEX = { error: "ERR syntax error, BYLEX is not supported" };

/** ZRANGE, the arguments after its key: two ends, then options in any order. Options are judged before the ends, as Redis does. */
export function parseRange([first = "", second = "", ...rest]: readonly string[]): RangeCommand | RedisFault {
  const options = parseOptions(rest);
  if ("error" in options) return options;
  const { byScore, reverse, withScores, offset, count } = options;
  if (!byScore) {
    if (count !== -1) return LIMIT_BY_PLACE;
    const [start, stop] = [readInteger(first), readInteger(second)];
    if (start === undefined || stop === undefined) return FAULTS.notInteger;
    return { type: "range", reverse, withScores, by: { type: "place", start, stop } };
  }
  // Backwards the higher end comes first.
  const [from, to] = [readBound(reverse ? second : first), readBound(reverse ? first : second)];
  if (!from || !to) return FAULTS.notBound;
  return { type: "range", reverse, withScores, by: { type: "score", from, to, offset, count } };
}

function parseOptions(args: readonly string[]): RangeOptions | RedisFault {
  const options: RangeOptions = { byScore: false, reverse: false, withScores: false, offset: 0, count: -1 };
  for (let i = 0; i < args.length; i++) {
    const option = (args[i] ?? "").toLowerCase();
    const [offset, count] = [args[i + 1], args[i + 2]];
    if (option === "withscores") options.withScores = true;
    else if (option === "limit" && offset !== undefined && count !== undefined) {
      const numbers = [readInteger(offset), readInteger(count)] as const;
      if (numbers[0] === undefined || numbers[1] === undefined) return FAULTS.notInteger;
      [options.offset, options.count] = [numbers[0], numbers[1]];
      i += 2;
    } else if (option === "rev" && !options.reverse) options.reverse = true;
    else if (option === "byscore" && !options.byScore) options.byScore = true;
    else return option === "bylex" ? BY_LEX : FAULTS.syntax;
  }
  return options;
}
