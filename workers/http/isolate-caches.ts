const clears = new Set<() => void>();

/** Makes a cache that lives as long as its isolate known to {@link clearIsolateCaches}. */
export function registerIsolateCache(clear: () => void): void {
  clears.add(clear);
}

/** Forgets everything that isolates remember between requests. Tests call it where they reset storage. */
export function clearIsolateCaches(): void {
  for (const clear of clears) clear();
}
