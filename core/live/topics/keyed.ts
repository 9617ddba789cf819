/** What decides which of two writes of one key stays. */
export interface WriteStamp {
  readonly version: number;
  /** Epoch milliseconds of the writer's clock. */
  readonly at: number;
  readonly clientId: string;
}

/**
 * Last write wins by (version, at, clientId): a total order, so that writers agree whatever the order in which they are heard.
 * @returns above 0 when `a` is the later one, 0 when they are the same write
 */
export function compareWrites(a: WriteStamp, b: WriteStamp): number {
  if (a.version !== b.version) return a.version - b.version;
  if (a.at !== b.at) return a.at - b.at;
  if (a.clientId === b.clientId) return 0;
  return a.clientId < b.clientId ? -1 : 1;
}
