/** A text with the number of series behind it. */
export interface Line {
  readonly value: string;
  readonly series: number;
}

/**
 * The lines that hold what is looked for, in whatever case: what begins with it first, then by number of series, then by text.
 * @returns the first `limit`, and how many there are in all
 */
export function rankLines<T extends Line>(lines: Iterable<T>, search: string | undefined, limit: number): { items: T[]; total: number } {
  const wanted = search?.toLowerCase() ?? "";
  const found: { line: T; rank: number }[] = [];
  for (const line of lines) {
    const at = wanted === "" ? 0 : line.value.toLowerCase().indexOf(wanted);
    if (at >= 0) found.push({ line, rank: Math.min(at, 1) });
  }
  found.sort((a, b) => a.rank - b.rank || b.line.series - a.line.series || compareTexts(a.line.value, b.line.value));
  return { items: found.slice(0, limit).map(({ line }) => line), total: found.length };
}

/** By code units, as everywhere in our lists. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
