import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { SortKey } from "./ranked-sets.ts";

/**
 * The score as an integer of its last kept decimal: 12.34 with two decimals is 1234. Rounded half up in decimal, not in binary: 1.005
 * with two decimals is 101.
 * @returns undefined when it is not finite or cannot be kept exactly
 */
export function scaleScore(score: number, decimals: number): number | undefined {
  if (!Number.isFinite(score)) return undefined;
  const shifted = Number(`${score}e${decimals}`);
  const scaled = Math.round(Number.isNaN(shifted) ? score * 10 ** decimals : shifted);
  return Math.abs(scaled) > LEADERBOARD_LIMITS.scoreMax ? undefined : scaled + 0; // no -0: it would be another key
}

/** The reverse of {@link scaleScore}, also of means and sums: both sides are exact, so the quotient is the number nearest to the decimal. */
export function unscale(scaled: number, decimals: number): number {
  return scaled / 10 ** decimals;
}

type Ordering = Pick<BoardConfig, "order" | "subscore">;

/** Where a scaled score stands: smaller keys come first. */
export function sortKeyOf(config: Ordering, player: string, scaled: number, subscore: number | null, at: number): SortKey {
  const sub = config.subscore === null || subscore === null ? 0 : subscore;
  return { inv: directed(config.order, scaled), sub: directed(config.subscore ?? "asc", sub), at, player };
}

/** The scaled score and subscore of a key; the subscore is null on a board without. */
export function scoreOf(
  config: Ordering,
  key: Pick<SortKey, "inv" | "sub">,
): { readonly scaled: number; readonly subscore: number | null } {
  return {
    scaled: directed(config.order, key.inv),
    subscore: config.subscore === null ? null : directed(config.subscore, key.sub),
  };
}

/** Negated where more is better; its own reverse. Never -0. */
function directed(order: "asc" | "desc", value: number): number {
  return order === "desc" ? 0 - value : value + 0;
}

/** Ascending order of two keys, as the index has it: score, subscore, time, then the player's id by code points (SQLite compares UTF-8 bytes). */
export function compareKeys(a: SortKey, b: SortKey): number {
  return a.inv - b.inv || a.sub - b.sub || a.at - b.at || comparePlayers(a.player, b.player);
}

/** UTF-16 order differs from that of UTF-8 bytes above U+FFFF only; both sides are brought to code points there. */
function comparePlayers(a: string, b: string): number {
  if (a === b) return 0;
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left === right) continue;
    const bothSurrogates = isSurrogate(left) && isSurrogate(right);
    if (bothSurrogates || (!isSurrogate(left) && !isSurrogate(right))) return left - right;
    return isSurrogate(left) ? 1 : -1; // a code point above U+FFFF is larger than any below
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
