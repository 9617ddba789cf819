/** Colour tokens of series, in an order that keeps neighbours apart for colour-blind eyes (after Okabe and Ito, 2008). */
export const SERIES_COLOURS = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `--series-${n}`);

/** FNV-1a, 32 bits: small, and the same everywhere. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}

/**
 * A colour token per name. A name has a favourite by its text, not by its place; when two names of one chart have the same
 * favourite, the later in the alphabet takes the next free one. More than eight names share, so they also get dashes.
 */
export function seriesColours(names: readonly string[]): Map<string, { token: string; dashed: boolean }> {
  const count = SERIES_COLOURS.length;
  const uses = SERIES_COLOURS.map(() => 0);
  const out = new Map<string, { token: string; dashed: boolean }>();
  for (const name of [...new Set(names)].toSorted()) {
    const favourite = hash(name) % count;
    const round = Math.min(...uses);
    let slot = favourite;
    while ((uses[slot] ?? 0) > round) slot = (slot + 1) % count;
    uses[slot] = (uses[slot] ?? 0) + 1;
    out.set(name, { token: SERIES_COLOURS[slot] ?? "--series-1", dashed: round > 0 });
  }
  return out;
}

/**
 * Colours of lines of which some are of an earlier time: those have the colour of their present one, dashed.
 * @param before the present line by the line of its past
 */
export function lineColours(
  names: readonly string[],
  before: ReadonlyMap<string, string> = new Map(),
): Map<string, { token: string; dashed: boolean }> {
  const colours = seriesColours(names.filter((name) => !before.has(name)));
  for (const [past, now] of before) {
    const colour = colours.get(now);
    if (colour) colours.set(past, { ...colour, dashed: true });
  }
  return colours;
}
