import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { cardOf, type HostCard } from "../../core/observe/host-cards.ts";
import { newestOf } from "../../core/observe/newest.ts";
import type { Shard } from "../../core/observe/shard.ts";
import { ALL_KEPT, TierReader } from "../../core/observe/tier-reader.ts";

export interface HostPage {
  readonly limit: number;
  readonly cursor?: string;
}

/** Hosts of a shard by name, page by page. */
export function listHosts(
  shard: Shard,
  page: HostPage,
  now: number,
): Outcome<{ items: HostCard[]; nextCursor: string | null; now: number }> {
  const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, ["string"]);
  if (page.cursor !== undefined && !after) return refuse("invalid-parameter", "This cursor is not one of ours: begin without one.");
  const entries = shard.hosts.list(after === undefined ? undefined : String(after[0]), page.limit + 1);
  const shown = entries.slice(0, page.limit);
  const source = new TierReader(shard, now, ALL_KEPT);
  const newest = newestOf(shard.heads);
  const last = shown.at(-1);
  const nextCursor = entries.length > page.limit && last ? encodeCursor([last.host]) : null;
  return accept({ items: shown.map((entry) => cardOf(entry, newest, source, now)), nextCursor, now });
}

export function findHost(shard: Shard, host: string, now: number): Outcome<HostCard & { now: number }> {
  const entry = shard.hosts.find(host);
  if (!entry) return refuse("not-found", "No host of this name has sent samples within the last 24 hours.");
  return accept({ ...cardOf(entry, newestOf(shard.heads), new TierReader(shard, now, ALL_KEPT), now), now });
}
