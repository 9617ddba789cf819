/** Ranks worth reaching, the next one first to be named. */
export const TIERS = [100, 50, 10, 3, 1] as const;

/** The next better tier of a rank; undefined for the first. */
export function nextTier(rank: number): number | undefined {
  return TIERS.find((tier) => rank > tier);
}

/** What is missing to stand where somebody stands, in points of the board; at least one step of it. */
export function missingTo(own: number, theirs: number, order: "asc" | "desc", decimals: number): number {
  const step = 10 ** -decimals;
  const gap = order === "desc" ? theirs - own : own - theirs;
  return Number((Math.max(0, gap) + step).toFixed(decimals));
}
