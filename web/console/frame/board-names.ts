import { signal } from "@preact/signals";
import { collect } from "../../lib/collect.ts";
import { api } from "../api.ts";
import { can } from "../session.ts";

/** Names of the leaderboards, for the palette. */
export const boardNames = signal<readonly string[]>([]);

/** Reads the names each time the palette is opened: boards come and go, and one read tells of up to 1,000. */
export async function needBoardNames(): Promise<void> {
  if (!can("leaderboards:read")) return;
  boardNames.value = await collect(async (page) => await api.leaderboards.list(page)).then(
    (boards) => boards.map(({ board }) => board),
    () => boardNames.peek(), // those known before, if any; the palette offers everything else
  );
}
