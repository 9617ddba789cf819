import { z } from "@hono/zod-openapi";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { playerSchema } from "../../contract/leaderboard-scores.ts";
import { boardIdSchema } from "../../contract/leaderboards.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { LeaderboardRpc } from "../../contract/rpc/leaderboard.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { boardOf, type ObjectCall } from "../http/objects.ts";
import type { SubjectParts } from "../http/route.ts";

export const boardParams = z.object({ board: boardIdSchema });
export const playerParams = z.object({ board: boardIdSchema, player: playerSchema });

/** What routes about one board have in common for end users: a grant for it, or its public mark. */
export const forEndUsers = {
  subjects: ({ params }: SubjectParts): readonly string[] => [String(params["board"])],
  door: "also",
} as const;

/** Calls under way by tenant and board. */
const inFlight = new Map<string, number>();
registerIsolateCache(() => inFlight.clear());

/** Asks one board, unless so many of this isolate's calls wait for it already that one more would only make all of them later. */
export async function withBoard<T>(
  call: ObjectCall,
  board: string,
  ask: (object: LeaderboardRpc) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const name = `${call.principal.tenantId}/${board}`;
  const before = inFlight.get(name) ?? 0;
  if (before >= LEADERBOARD_LIMITS.inFlight)
    return refuse("board-busy", "Too many calls wait for this board already. Try again in a second.", { retryAfterS: 1 });
  inFlight.set(name, before + 1);
  try {
    return await ask(boardOf(call, board));
  } finally {
    const now = (inFlight.get(name) ?? 1) - 1;
    if (now <= 0) inFlight.delete(name);
    else inFlight.set(name, now);
  }
}
