import { isPlayerId, LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import {
  runReplySchema,
  runStartSchema,
  type ScoreInput,
  type SubmitReply,
  submitReplySchema,
  submitSchema,
} from "../../contract/leaderboard-scores.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { SentScore, Submitter } from "../../contract/rpc/leaderboard.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import type { ObjectCall } from "../http/objects.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { boardParams, forEndUsers, withBoard } from "./leaderboards-calls.ts";
import { Together } from "./leaderboards-together.ts";

const common = { ...forEndUsers, method: "post", action: "leaderboards:submit", tag: "live", params: boardParams } as const;
const REFUSALS = ["not-found", "invalid-id", "invalid-name", "not-your-player", "player-suspended", "board-busy"] as const;

/** Runs and scores, one at a time. */
export function registerScoreRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/runs",
      summary: "Begin a run",
      description: "Its id goes with the score that it ends in, once. End users need not name themselves, and can name nobody else.",
      body: runStartSchema,
      answer: { status: 201, schema: runReplySchema },
      problems: REFUSALS,
    },
    async (call) => {
      const player = playerOf(call.principal, call.body.player);
      if (!player.ok) return player;
      return await withBoard(call, call.params.board, async (board) => await board.startRun(player.value, call.meta));
    },
  );
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/scores",
      summary: "Submit a score",
      description:
        "Durable when it is answered, with the player's rank in every window. End users submit as themselves, under the name in their token; `occurredAt` is for services. A score that a rule refuses is 422 score-implausible with its reasons; it is kept, and never counts.",
      body: submitSchema,
      maxBodyBytes: LEADERBOARD_LIMITS.submitBytes,
      answer: { status: 200, schema: submitReplySchema },
      problems: [...REFUSALS, "score-out-of-range", "score-implausible", "run-used", "run-expired", "window-closed"],
    },
    async (call) => {
      const { principal, body } = call;
      const player = playerOf(principal, body.player);
      if (!player.ok) return player;
      if (principal.kind !== "subject") return await submitTogether(call, call.params.board, { ...body, player: player.value }, "service");
      if (body.occurredAt !== undefined) return field("/occurredAt", "is for services: the server's clock says when it was");
      const input: ScoreInput = { ...body, player: player.value, name: nameOf(principal.name) };
      return await submitTogether(call, call.params.board, input, "subject");
    },
  );
}

const crossing = new Together<SentScore, Outcome<SubmitReply>>();

interface SubmitCall extends ObjectCall {
  readonly ctx: KeepAlive;
  readonly meta: CallMeta;
}

/** Scores with a key may be sent again when the object moves, others may not: they do not cross together. */
async function submitTogether(call: SubmitCall, board: string, input: ScoreInput, by: Submitter): Promise<Outcome<SubmitReply>> {
  const { ctx, meta, principal } = call;
  const name = `${principal.tenantId}/${board}${meta.idempotency ? " keyed" : ""}`;
  return await withBoard(
    call,
    board,
    async (object) => await crossing.run(name, ctx, { input, by, meta }, async (scores) => await object.submitMany(scores)),
  );
}

/** Whose score it is: an end user's own, or the one that a service names. */
function playerOf(principal: AnyPrincipal, named: string | undefined): Outcome<string> {
  if (principal.kind !== "subject")
    return named === undefined ? field("/player", "says whose score it is: send the player's id") : accept(named);
  const { sub } = principal;
  if (named !== undefined && named !== sub)
    return refuse("not-your-player", "End users submit as themselves: leave `player` out, or send the `sub` of the token.");
  if (!isPlayerId(sub))
    return refuse("invalid-id", `The token's sub is longer than ${LEADERBOARD_LIMITS.playerBytes} bytes, so it cannot be a player's id.`);
  return accept(sub);
}

/** As the token has it: players do not choose the name that others see. Cut between characters, never within one. */
function nameOf(name: string): string | undefined {
  const shown = name
    .trim()
    .slice(0, LEADERBOARD_LIMITS.nameChars)
    .replace(/[\ud800-\udbff]$/, "");
  return shown === "" ? undefined : shown;
}

function field(pointer: string, detail: string): Outcome<never> {
  return refuse("invalid-body", "One field has to be changed: see `errors`.", { errors: [{ pointer, detail }] });
}
