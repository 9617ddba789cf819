import type { ScoreBound } from "./numbers.ts";

/** What ZADD and ZINCRBY may be told. */
export interface AddFlags {
  readonly nx: boolean;
  readonly xx: boolean;
  readonly gt: boolean;
  readonly lt: boolean;
  readonly ch: boolean;
  readonly incr: boolean;
}

export interface AddCommand {
  readonly type: "add";
  readonly flags: AddFlags;
  readonly pairs: readonly { readonly score: number; readonly member: string }[];
}

/** ZRANGE: by place or by score. */
export interface RangeCommand {
  readonly type: "range";
  readonly reverse: boolean;
  readonly withScores: boolean;
  readonly by:
    | { readonly type: "place"; readonly start: number; readonly stop: number }
    | {
        readonly type: "score";
        readonly from: ScoreBound;
        readonly to: ScoreBound;
        readonly offset: number;
        /** Negative: all. */
        readonly count: number;
      };
}

/** A command over one key, its arguments understood. */
export type RedisCommand =
  | AddCommand
  | RangeCommand
  | { readonly type: "remove"; readonly members: readonly string[] }
  | { readonly type: "delete" }
  | { readonly type: "card" }
  | { readonly type: "count"; readonly from: ScoreBound; readonly to: ScoreBound }
  | { readonly type: "score"; readonly member: string }
  | { readonly type: "scores"; readonly members: readonly string[] }
  | { readonly type: "rank"; readonly member: string; readonly reverse: boolean };

/** What Redis says of arguments that it does not take. */
export interface RedisFault {
  readonly error: string;
}

export const FAULTS = {
  syntax: { error: "ERR syntax error" },
  notFloat: { error: "ERR value is not a valid float" },
  notInteger: { error: "ERR value is not an integer or out of range" },
  notBound: { error: "ERR min or max is not a float" },
  notNumber: { error: "ERR resulting score is not a number (NaN)" },
} as const satisfies Record<string, RedisFault>;
