import { sha256Hex } from "../../contract/base64.ts";
import {
  aroundQuerySchema,
  type Entries,
  entriesSchema,
  eraseQuerySchema,
  playerStatsSchema,
  setQuerySchema,
  type Standing,
  standingSchema,
} from "../../contract/leaderboard-reads.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { BoardQuestions, PlayerQuestion } from "../../contract/rpc/leaderboard.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { forEndUsers, playerParams, withBoard } from "./leaderboards-calls.ts";
import { askShared, type BoardCall } from "./leaderboards-reads.ts";
import { Together } from "./leaderboards-together.ts";

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
      return await askPlayer(call, board, "standing", { ...call.query, player, own: isOwn(call.principal, player) });
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
      return await askPlayer(call, board, "around", { ...call.query, player, own: isOwn(call.principal, player) });
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
      description:
        "Entries, submissions, runs, cases and rewards go, for good. Of a player who is banned or suspended a digest of their id stays, so that they stay out; `ban=lift` lets them come back.",
      params: playerParams,
      query: eraseQuerySchema,
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
        { action: "leaderboard.erase-player", target: `leaderboard/${board}`, detail: { player: who, ban: call.query.ban } },
        async () => await withBoard(call, board, async (object) => await object.erasePlayer(player, call.meta, call.query.ban)),
      );
      return erased.ok ? accept(undefined) : erased;
    },
  );
}

const crossing = new Together<PlayerQuestion, Outcome<Standing | Entries>>();

/** Questions of one moment about players of a board cross to it together. */
async function askPlayer<Q extends PlayerQuestion["question"]>(
  call: BoardCall,
  board: string,
  question: Q,
  ask: BoardQuestions[Q]["ask"],
): Promise<Outcome<BoardQuestions[Q]["answer"]>> {
  const { ctx, principal } = call;
  return await askShared(call, board, question, ask, async (object) => {
    const one = { question, ask } as PlayerQuestion; // both are of the same Q
    const answer = await crossing.run(`${principal.tenantId}/${board}`, ctx, one, async (all) => await object.askMany(all));
    return answer as Outcome<BoardQuestions[Q]["answer"]>; // the object answers the question that was asked
  });
}

function isOwn(principal: AnyPrincipal, player: string): boolean {
  return principal.kind === "subject" && principal.sub === player;
}

function isTrusted(principal: AnyPrincipal): boolean {
  return principal.kind === "operator" || principal.kind === "service";
}
