/** How many of the newest page are not among the rows shown. */
export function countNew<T>(shown: readonly T[], newest: readonly T[], id: (item: T) => string): number {
  const known = new Set(shown.map(id));
  return newest.filter((item) => !known.has(id(item))).length;
}

/** Rows shown, each replaced by its newer version; rows that are new stay away until asked for. */
export function refreshNewest<T>(shown: readonly T[], newest: readonly T[], id: (item: T) => string): readonly T[] {
  const newer = new Map(newest.map((item) => [id(item), item]));
  return shown.map((item) => newer.get(id(item)) ?? item);
}

/** Rows shown with older ones after them; a row that is there already is not repeated. */
export function joinOlder<T>(shown: readonly T[], older: readonly T[], id: (item: T) => string): readonly T[] {
  const known = new Set(shown.map(id));
  return [...shown, ...older.filter((item) => !known.has(id(item)))];
}
