import type { BoardView } from "../../../contract/leaderboards.ts";
import { useResource } from "../../lib/resource.ts";
import { api } from "../api.ts";
import { can } from "../session.ts";
import type { BoardKnown } from "./board-words.ts";

/** Boards whose figures a list shows: each is a question to an object of its own. */
export const FIGURES_OF = 20;
const AT_ONCE = 4;
const EVERY_MS = 15_000;

const NOTHING_KNOWN: ReadonlyMap<string, BoardKnown> = new Map();

/** Players and figures of the first boards of a list; what cannot be read of one is null there and hides no other. */
export function useBoardsKnown(boards: readonly BoardView[] | undefined): ReadonlyMap<string, BoardKnown> {
  const live = (boards ?? []).filter(({ state }) => state === "live").slice(0, FIGURES_OF);
  const ids = live.map(({ board }) => board);
  const known = useResource(`known:${ids.join(" ")}`, async (signal) => await readKnown(ids, signal), EVERY_MS);
  return known.data.value ?? NOTHING_KNOWN;
}

async function readKnown(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, BoardKnown>> {
  const known = new Map<string, BoardKnown>();
  const left = [...ids];
  const work = async () => {
    for (let board = left.shift(); board !== undefined; board = left.shift()) known.set(board, await readOne(board, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return known;
}

/** @returns how many players a board has, and its figures where the role may see them */
export async function readOne(board: string, signal: AbortSignal): Promise<BoardKnown> {
  const [top, figures] = await Promise.allSettled([
    api.leaderboards.top(board, { limit: 1 }, { signal }),
    can("leaderboards:manage") ? api.leaderboards.figures(board, { signal }) : null,
  ]);
  return {
    players: top.status === "fulfilled" ? top.value.total : null,
    figures: figures.status === "fulfilled" ? figures.value : null,
  };
}
