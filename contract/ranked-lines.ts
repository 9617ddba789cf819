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

/** Lines on their way between objects, as columns and one text: thousands of small objects or texts take a call several times as long. */
export interface PackedLines {
  /** The texts of all lines, one behind the other. */
  readonly text: string;
  /** Code units of each text. */
  readonly lengths: Uint32Array;
  /** As many. */
  readonly series: Uint32Array;
  readonly total: number;
}

export function packLines({ items, total }: { readonly items: readonly Line[]; readonly total: number }): PackedLines {
  const lengths = new Uint32Array(items.length);
  const series = new Uint32Array(items.length);
  for (const [i, line] of items.entries()) {
    lengths[i] = line.value.length;
    series[i] = line.series;
  }
  return { text: items.map(({ value }) => value).join(""), lengths, series, total };
}

export function unpackLines({ text, lengths, series }: Omit<PackedLines, "total">): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (const [i, length] of lengths.entries()) {
    const end = from + length;
    lines.push({ value: text.slice(from, end), series: series[i] ?? 0 });
    from = end;
  }
  return lines;
}

/** The lines of several lists, each text once with the sum of its series, by text. Lists that are in that order already cost least. */
export function uniteLines(lists: readonly (readonly Line[])[]): readonly Line[] {
  let left = lists.map((lines) => (isInOrder(lines) ? lines : [...lines].sort(byText)));
  while (left.length > 1) {
    const united: (readonly Line[])[] = [];
    for (let i = 0; i < left.length; i += 2) united.push(unitePair(left[i] ?? [], left[i + 1] ?? []));
    left = united;
  }
  return left[0] ?? [];
}

function unitePair(a: readonly Line[], b: readonly Line[]): readonly Line[] {
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [one, other] = [a[i], b[j]];
    if (!one || !other) break;
    if (one.value === other.value) {
      lines.push({ value: one.value, series: one.series + other.series });
      i++;
      j++;
    } else if (one.value < other.value) {
      lines.push(one);
      i++;
    } else {
      lines.push(other);
      j++;
    }
  }
  return lines.concat(a.slice(i), b.slice(j));
}

function isInOrder(lines: readonly Line[]): boolean {
  return lines.every(({ value }, i) => i === 0 || (lines[i - 1]?.value ?? "") < value);
}

function byText(a: Line, b: Line): number {
  return a.value < b.value ? -1 : 1;
}
