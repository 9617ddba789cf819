import { decodeCursor, encodeCursor } from "../../../contract/cursor.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import type { HistoryQuery } from "../../../contract/rooms.ts";
import { BAD_CURSOR } from "./reads.ts";
import type { StoredMessage } from "./store.ts";

/** Where messages are read from, oldest first: the room itself, and behind it the archive. */
export interface MessageSource {
  /** The newest ones below a place. */
  before(offset: number, limit: number): Promise<StoredMessage[]>;
  /** The oldest ones above a place. */
  after(offset: number, limit: number): Promise<StoredMessage[]>;
}

export interface HistoryPage {
  readonly items: readonly StoredMessage[];
  readonly nextCursor: string | null;
}

type Way = "before" | "after";

/** Pages of which nothing may be shown any more, because of their age, that one call reads before it answers with what it has. */
const EMPTY_PAGES = 5;

/**
 * One page of messages, oldest first. A cursor is a way and the place to go on from, so that what comes meanwhile neither repeats nor
 * skips any.
 * @param newest place of the newest event
 * @param cutoff epoch milliseconds: messages from before are too old to be shown
 */
export async function readHistory(
  source: MessageSource,
  query: HistoryQuery,
  newest: number,
  cutoff: number,
): Promise<Outcome<HistoryPage>> {
  const { limit, around } = query;
  if (around !== undefined) {
    const older = await page(source, "before", around + 1, Math.ceil(limit / 2), cutoff);
    const newer = limit > 1 ? await page(source, "after", around, Math.floor(limit / 2), cutoff) : { items: [] };
    return accept({ items: [...older.items, ...newer.items], nextCursor: older.nextCursor });
  }
  const from = beginning(query, newest);
  return from ? accept(await page(source, from.way, from.offset, limit, cutoff)) : BAD_CURSOR;
}

function beginning({ before, after, cursor }: HistoryQuery, newest: number): { way: Way; offset: number } | undefined {
  if (cursor !== undefined) {
    const [way, offset] = decodeCursor(cursor, ["string", "number"]) ?? [];
    return (way === "before" || way === "after") && Number.isSafeInteger(offset) ? { way, offset: Number(offset) } : undefined;
  }
  if (after !== undefined) return { way: "after", offset: after };
  return { way: "before", offset: before ?? newest + 1 };
}

async function page(source: MessageSource, way: Way, from: number, limit: number, cutoff: number): Promise<HistoryPage> {
  let offset = from;
  for (let n = 1; ; n++) {
    const rows = await source[way](offset, limit + 1);
    if (rows.length <= limit) return { items: rows.filter(({ at }) => at >= cutoff), nextCursor: null };
    const shown = way === "before" ? rows.slice(1) : rows.slice(0, limit);
    offset = (way === "before" ? shown[0] : shown.at(-1))?.offset ?? offset;
    const items = shown.filter(({ at }) => at >= cutoff);
    if (items.length > 0 || n === EMPTY_PAGES) return { items, nextCursor: encodeCursor([way, offset]) };
  }
}
