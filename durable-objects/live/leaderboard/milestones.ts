import type { SetChange } from "../../../core/live/leaderboard/ranked-sets.ts";
import type { BoardParts } from "./parts.ts";
import type { BoardSet } from "./windows.ts";

/** Being among the first so many of `all` for the first time. */
const TIERS = [1, 10, 100] as const;

/**
 * Tells of a player's first time among the first 100, 10 and 1, in a ranking with more players than that: else everybody who begins on a
 * new board would be among its first hundred. Called inside the transaction.
 * @param reached the best tier that the player was ever in
 * @returns the best tier now
 */
export function milestoneOf(
  { kit, sets, book }: Pick<BoardParts, "kit" | "sets" | "book">,
  entered: readonly { readonly set: BoardSet; readonly change: SetChange }[],
  reached: number | null,
): number | null {
  if (reached === 1) return reached;
  const all = entered.find(({ set, change }) => set.kind === "all" && set.partition === null && change.before !== change.after);
  const key = all?.change.after;
  if (!all || !key) return reached;
  const total = sets.total(all.set.id);
  const best = TIERS.find((tier) => tier < total && tier < (reached ?? Number.POSITIVE_INFINITY));
  if (best === undefined) return reached;
  const { ranking } = book.config();
  // Most are far behind, and that memory alone can say.
  if (sets.leastRankOf(all.set.id, key, ranking) > TIERS[2]) return reached;
  const rank = sets.rankOf(all.set.id, key, ranking);
  const tier = TIERS.find((candidate) => rank <= candidate && candidate < total);
  if (tier === undefined || tier >= (reached ?? Number.POSITIVE_INFINITY)) return reached;
  const board = kit.address.name;
  kit.outbox.emit({
    type: "meridian.milestone.reached",
    subject: `leaderboard/${board}`,
    data: { board, window: "all", milestone: tier, rank, total, personal: { player: key.player } },
  });
  return tier;
}
