import type { Meridian } from "../../sdk/client.ts";
import { openLoop } from "./load.ts";

const BOARD = "tops";
const PER_SECOND = 1_000;
const SECONDS = 10;

/** How often a board's object was read while its top was asked for 10,000 times in ten seconds, as the board's own figures say. */
export async function objectReadsOfTops(client: Meridian, url: string, token: string): Promise<number> {
  await client.leaderboards.create({ board: BOARD, title: "Tops", windows: ["all"] });
  await client.leaderboards.submit(BOARD, { player: "ann", score: 1 });
  await openLoop({ url, token, method: "GET", path: () => `/v1/leaderboards/${BOARD}/top?limit=100` }, PER_SECOND, SECONDS);
  const { topHitRatio } = await client.leaderboards.figures(BOARD);
  return Math.round((1 - (topHitRatio ?? 0)) * PER_SECOND * SECONDS);
}
