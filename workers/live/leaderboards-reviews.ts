import { z } from "@hono/zod-openapi";
import { LEADERBOARD_LIMITS, WINDOW_PATTERN } from "../../contract/leaderboard-limits.ts";
import {
  archiveListSchema,
  decisionReplySchema,
  decisionSchema,
  reviewListSchema,
  reviewSchema,
  reviewsQuerySchema,
  rewardListSchema,
} from "../../contract/leaderboard-reads.ts";
import { pageQuerySchema } from "../../contract/pages.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { boardParams, withBoard } from "./leaderboards-calls.ts";

const review = { action: "leaderboards:review", tag: "live" } as const;
const reviewParams = boardParams.extend({ reviewId: z.string().min(1).max(64) });
const windowParams = boardParams.extend({
  window: z.string().regex(WINDOW_PATTERN, "daily, weekly, monthly, season, or one of the past such as daily:2026-11-19"),
});
const REFUSALS = ["not-found", "invalid-id", "board-busy"] as const;

/** Suspicious players, worst first. */
export function registerBoardReviewRoutes(app: App): void {
  route(
    app,
    {
      ...review,
      method: "get",
      path: "/v1/leaderboards/{board}/reviews",
      summary: "Players under suspicion, worst first",
      params: boardParams,
      query: reviewsQuerySchema,
      answer: { status: 200, schema: reviewListSchema },
      problems: [...REFUSALS, "limit-too-high"],
    },
    async (call) => {
      const { cursor, ...query } = call.query;
      const ask = { ...query, ...(cursor !== undefined && { cursor }) };
      return await withBoard(call, call.params.board, async (board) => await board.ask("reviews", ask));
    },
  );
  route(
    app,
    {
      ...review,
      method: "get",
      path: "/v1/leaderboards/{board}/reviews/{reviewId}",
      summary: "One case: the player beside the population",
      params: reviewParams,
      answer: { status: 200, schema: reviewSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, reviewId } = call.params;
      return await withBoard(call, board, async (object) => await object.ask("review", { reviewId }));
    },
  );
  route(
    app,
    {
      ...review,
      method: "post",
      path: "/v1/leaderboards/{board}/reviews/{reviewId}/decision",
      summary: "Clear, suspend or ban a player",
      description: `Runs that are named are taken back and the entry is made anew from the rest, at most ${LEADERBOARD_LIMITS.reviews} at once.`,
      params: reviewParams,
      body: decisionSchema,
      answer: { status: 200, schema: decisionReplySchema },
      problems: [...REFUSALS, "conflict", "submission-archived"],
    },
    async (call) => {
      const { board, reviewId } = call.params;
      const { decision, until, removeSubmissions } = call.body;
      return await audited(
        tenantOf(call),
        call.meta,
        {
          action: "leaderboard.decide",
          target: `leaderboard/${board}/review/${reviewId}`,
          detail: { decision, ...(until !== undefined && { until }), removed: removeSubmissions.length },
        },
        async () => await withBoard(call, board, async (object) => await object.decide(reviewId, call.body, call.meta)),
        ({ corrected, rewards }) => ({ corrected: corrected.length, rewards: rewards.length }),
      );
    },
  );
  registerClosedWindowRoutes(app);
}

function registerClosedWindowRoutes(app: App): void {
  const closed = { method: "get", action: "leaderboards:manage", tag: "live", params: windowParams } as const;
  route(
    app,
    {
      ...closed,
      path: "/v1/leaderboards/{board}/windows/{window}/archive",
      summary: "Archives of a closed window",
      answer: { status: 200, schema: archiveListSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, window } = call.params;
      return await withBoard(call, board, async (object) => await object.ask("archive", { window }));
    },
  );
  route(
    app,
    {
      ...closed,
      path: "/v1/leaderboards/{board}/windows/{window}/rewards",
      summary: "Rewards of a closed window",
      query: pageQuerySchema,
      answer: { status: 200, schema: rewardListSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board, window } = call.params;
      const { limit, cursor } = call.query;
      const ask = { window, limit, ...(cursor !== undefined && { cursor }) };
      return await withBoard(call, board, async (object) => await object.ask("rewards", ask));
    },
  );
}
