import {
  boardFiguresSchema,
  entriesQuerySchema,
  entriesSchema,
  feedQuerySchema,
  feedSchema,
  lookupReplySchema,
  lookupSchema,
  searchQuerySchema,
  type Submission,
  topQuerySchema,
  topSchema,
  windowListSchema,
} from "../../contract/leaderboard-reads.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { BoardQuestion, BoardQuestions, LeaderboardRpc } from "../../contract/rpc/leaderboard.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { shareWithVisitors } from "../http/edge-cache.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import type { EdgeEnv } from "../env.ts";
import { boardParams, forEndUsers, withBoard } from "./leaderboards-calls.ts";
import { answerTop, topHitRatio } from "./leaderboards-top.ts";

/** How old an answer to visitors may be. */
export const VISITORS_STALENESS_S = 5;

const common = { ...forEndUsers, method: "get", action: "leaderboards:read", tag: "live", params: boardParams } as const;
const REFUSALS = ["not-found", "invalid-id", "limit-too-high", "board-busy"] as const;

/** Ranks as lists. Where a window is named without a date, it is the current one. */
export function registerBoardReadRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/top",
      summary: "The best of a ranking",
      description: "At most 5 s old, the same for everybody; the socket is fresher. Send If-None-Match with the ETag of the last answer.",
      query: topQuerySchema,
      answer: { status: 200, schema: topSchema },
      problems: REFUSALS,
    },
    async (call) => await answerTop(call, call.params.board, call.query),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/entries",
      summary: "A ranking page by page",
      description:
        "From a place (`rank`), or on from a cursor, `forward` or `backward`; items are always in the order of ranks. `backward` without either ends with the last. A cursor holds a place in the order, so that scores that come meanwhile neither repeat nor hide anybody.",
      query: entriesQuerySchema,
      answer: { status: 200, schema: entriesSchema },
      problems: REFUSALS,
    },
    async (call) => await askShared(call, call.params.board, "entries", call.query),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/players",
      summary: "Find players by the beginning of their name",
      query: searchQuerySchema,
      answer: { status: 200, schema: lookupReplySchema },
      problems: REFUSALS,
    },
    async (call) => await askShared(call, call.params.board, "search", call.query),
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/leaderboards/{board}/player-lookups",
      summary: "Ranks of up to 500 players, such as friends",
      description: "In the order of ranks; who has none is in `missing`.",
      body: lookupSchema,
      answer: { status: 200, schema: lookupReplySchema },
      problems: REFUSALS,
    },
    async (call) => await askShared(call, call.params.board, "lookup", call.body),
  );
  registerNewsRoutes(app);
}

function registerNewsRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/windows",
      summary: "Windows of a leaderboard, open and closed",
      answer: { status: 200, schema: windowListSchema },
      problems: REFUSALS,
    },
    async (call) => await askShared(call, call.params.board, "windows", {}),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/feed",
      summary: "The newest scores that count",
      query: feedQuerySchema,
      answer: { status: 200, schema: feedSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const feed = await askShared(call, call.params.board, "feed", call.query);
      return feed.ok ? accept({ items: feed.value.items.map((item) => shownTo(call.principal, item)) }) : feed;
    },
  );
  route(
    app,
    {
      method: "get",
      path: "/v1/leaderboards/{board}/stats",
      action: "leaderboards:manage",
      tag: "live",
      summary: "Figures of a leaderboard: what happens on it just now",
      params: boardParams,
      answer: { status: 200, schema: boardFiguresSchema },
      problems: REFUSALS,
    },
    async (call) => {
      const { board } = call.params;
      const figures = await withBoard(call, board, async (object) => await object.ask("figures", {}));
      return figures.ok ? accept({ ...figures.value, topHitRatio: topHitRatio(call.principal.tenantId, board, call.now) }) : figures;
    },
  );
}

/** What this needs of a route's call. */
export interface BoardCall {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly principal: AnyPrincipal;
  readonly now: number;
  readonly answerHeaders: Headers;
}

/** Asks the board; visitors share one answer. @param by how the question goes to the board's object */
export async function askShared<Q extends BoardQuestion>(
  call: BoardCall,
  board: string,
  question: Q,
  ask: BoardQuestions[Q]["ask"],
  by = async (object: LeaderboardRpc): Promise<Outcome<BoardQuestions[Q]["answer"]>> => await object.ask(question, ask),
): Promise<Outcome<BoardQuestions[Q]["answer"]>> {
  const key = { name: `leaderboards/${question}`, parts: [board, ask], maxAgeS: VISITORS_STALENESS_S };
  return await shareWithVisitors(call, key, async () => await withBoard(call, board, by));
}

/** Whether a score is under suspicion is for those who judge it. */
export function shownTo(principal: AnyPrincipal, submission: Submission): Submission {
  if (principal.kind === "operator" || principal.kind === "service") return submission;
  return { ...submission, verdict: "accepted", reasons: [] };
}
