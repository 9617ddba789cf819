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
  if (wanted === "") {
    const all = [...lines].sort(compareLines);
    return { items: all.slice(0, limit), total: all.length };
  }
  const found: { line: T; rank: number }[] = [];
  for (const line of lines) {
    const at = line.value.toLowerCase().indexOf(wanted);
    if (at >= 0) found.push({ line, rank: Math.min(at, 1) });
  }
  found.sort((a, b) => a.rank - b.rank || compareLines(a.line, b.line));
  return { items: found.slice(0, limit).map(({ line }) => line), total: found.length };
}

/** As they come, where they are ranked later; else, and when there are more than the limit, like {@link rankLines}. */
export function listLines<T extends Line>(
  lines: Iterable<T>,
  ask: { readonly search?: string; readonly limit: number; readonly unranked?: boolean },
): { items: T[]; total: number } {
  const all = ask.unranked && ask.search === undefined ? [...lines] : undefined;
  if (all && all.length <= ask.limit) return { items: all, total: all.length };
  return rankLines(all ?? lines, ask.search, ask.limit);
}

/** By number of series, then by code units of the text, as everywhere in our lists. */
function compareLines(a: Line, b: Line): number {
  if (a.series !== b.series) return b.series - a.series;
  if (a.value === b.value) return 0;
  return a.value < b.value ? -1 : 1;
}

/** Lines on their way between objects, as columns: ten thousand small objects take a call three times as long. */
export interface PackedLines {
  readonly values: readonly string[];
  /** As many. */
  readonly series: Uint32Array;
  readonly total: number;
}

export function packLines({ items, total }: { readonly items: readonly Line[]; readonly total: number }): PackedLines {
  return { values: items.map(({ value }) => value), series: Uint32Array.from(items, ({ series }) => series), total };
}

export function unpackLines({ values, series }: PackedLines): Line[] {
  return values.map((value, i) => ({ value, series: series[i] ?? 0 }));
}
