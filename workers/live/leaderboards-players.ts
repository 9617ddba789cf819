import { sha256Hex } from "../../contract/base64.ts";
import { aroundQuerySchema, entriesSchema, playerStatsSchema, setQuerySchema, standingSchema } from "../../contract/leaderboard-reads.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { forEndUsers, playerParams, withBoard } from "./leaderboards-calls.ts";
import { askShared } from "./leaderboards-reads.ts";

const read = { ...forEndUsers, method: "get", action: "leaderboards:read", tag: "live", params: playerParams } as const;
const REFUSALS = ["not-found", "invalid-id", "limit-too-high", "board-busy"] as const;

/** One player of a leaderboard. The id is percent-encoded in the path. */
export function registerBoardPlayerRoutes(app: App): void {
  route(
    app,
    {
      ...read,
      path: "/v1/leaderboards/{board}/players/{player}",
      summary: "A player's rank",
      description: "`rank` and `entry` are null for somebody who has none in this ranking.",
      query: setQuerySchema,
      answer: { status: 200, schema: standingSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, player } = call.params;
      return await askShared(call, board, "standing", { ...call.query, player, own: isOwn(call.principal, player) });
    },
  );
  route(
    app,
    {
      ...read,
      path: "/v1/leaderboards/{board}/players/{player}/around",
      summary: "The ranking around a player",
      description: "`limit` rows with the player as near to the middle as both ends allow; none for somebody without an entry.",
      query: aroundQuerySchema,
      answer: { status: 200, schema: entriesSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, player } = call.params;
      return await askShared(call, board, "around", { ...call.query, player, own: isOwn(call.principal, player) });
    },
  );
  route(
    app,
    {
      ...read,
      path: "/v1/leaderboards/{board}/players/{player}/stats",
      summary: "A player's history: runs, total, mean, best, streak, first and last seen",
      answer: { status: 200, schema: playerStatsSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, player } = call.params;
      return await askShared(call, board, "stats", { player, trusted: isTrusted(call.principal) });
    },
  );
  route(
    app,
    {
      method: "delete",
      path: "/v1/leaderboards/{board}/players/{player}",
      action: "leaderboards:manage",
      tag: "live",
      summary: "Forget a player of a leaderboard",
      description: "Entries, submissions, runs, cases and rewards go, for good.",
      params: playerParams,
      answer: { status: 204 },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, player } = call.params;
      // The log is for ever, and the player is to be forgotten: it says who by a digest.
      const who = (await sha256Hex(new TextEncoder().encode(`${call.principal.tenantId} ${player}`))).slice(0, 16);
      const erased = await audited(
        tenantOf(call),
        call.meta,
        { action: "leaderboard.erase-player", target: `leaderboard/${board}`, detail: { player: who } },
        async () => await withBoard(call, board, async (object) => await object.erasePlayer(player, call.meta)),
      );
      return erased.ok ? accept(undefined) : erased;
    },
  );
}

function isOwn(principal: AnyPrincipal, player: string): boolean {
  return principal.kind === "subject" && principal.sub === player;
}

function isTrusted(principal: AnyPrincipal): boolean {
  return principal.kind === "operator" || principal.kind === "service";
}
