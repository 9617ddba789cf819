import { decodeCursor, encodeCursor } from "../../../contract/cursor.ts";
import type { SortKey } from "./ranked-sets.ts";

/** A place in a ranking: between entries, so it stays a place whatever comes and goes. */
export interface Cursor {
  /** The window's full name: pages of `daily` stay in the day in which they began. */
  readonly window: string;
  readonly key: SortKey;
}

export function cursorText({ window, key }: Cursor): string {
  return encodeCursor([window, key.inv, key.sub, key.at, key.player]);
}

/** The place that a cursor names; undefined when it is none of ours, or of another window than the one asked for. */
export function readCursor(text: string, asked: string): Cursor | undefined {
  const parts = decodeCursor(text, ["string", "number", "number", "number", "string"]);
  if (!parts) return undefined;
  const [window, inv, sub, at, player] = parts as [string, number, number, number, string]; // each part was just checked
  return window === asked || window.startsWith(`${asked}:`) ? { window, key: { inv, sub, at, player } } : undefined;
}

/** The place behind an entry with everybody who stands like it. */
export function behind({ inv, sub, at }: SortKey): SortKey {
  return { inv, sub, at: at + 1, player: "" };
}

/** The place before an entry and everybody who stands like it. */
export function before({ inv, sub, at }: SortKey): SortKey {
  return { inv, sub, at: at - 1, player: "" };
}
