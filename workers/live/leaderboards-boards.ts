import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { boardCreateSchema, boardPatchSchema, type BoardView, boardViewSchema } from "../../contract/leaderboards.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { shareWithVisitors } from "../http/edge-cache.ts";
import { etagOf, ifMatchVersion } from "../http/etag.ts";
import { boardParams, forEndUsers } from "./leaderboards-calls.ts";
import { changeBoard, configOf, createBoard, deleteBoard, NO_BOARD } from "./leaderboards-change.ts";
import { findBoard, listBoards, viewOf } from "./leaderboards-store.ts";

const read = { action: "leaderboards:read", tag: "live" } as const;
const manage = { action: "leaderboards:manage", tag: "live" } as const;
const VISITORS_STALENESS_S = 5;

/** Boards as the catalogue has them. */
export function registerBoardRoutes(app: App): void {
  route(
    app,
    {
      ...read,
      method: "get",
      path: "/v1/leaderboards",
      summary: "List leaderboards by name",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(boardViewSchema) },
    },
    async ({ env, principal, query }) => {
      const after = query.cursor === undefined ? [""] : decodeCursor(query.cursor, ["string"]);
      if (!after) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the first board.");
      const found = await listBoards(env.DB, principal.tenantId, String(after[0]), query.limit + 1);
      const items = found.slice(0, query.limit).map(viewOf);
      const last = items.at(-1);
      return accept({ items, nextCursor: last && found.length > query.limit ? encodeCursor([last.board]) : null });
    },
  );
  route(
    app,
    {
      ...manage,
      method: "post",
      path: "/v1/leaderboards",
      summary: "Create a leaderboard",
      description:
        "What is left out comes from the mode, then from the defaults. How it orders (order, operator, decimals, subscore, ranking, windows, time zone, partitions) is fixed by its first score.",
      body: boardCreateSchema,
      answer: { status: 201, schema: boardViewSchema },
      problems: ["invalid-id", "invalid-name", "too-many-windows", "conflict", "quota-reached"],
    },
    async (call) => versioned(await createBoard(call, call.body), call.answerHeaders),
  );
  registerOneBoard(app);
}

function registerOneBoard(app: App): void {
  const one = { path: "/v1/leaderboards/{board}", params: boardParams } as const;
  route(
    app,
    {
      ...read,
      ...one,
      ...forEndUsers,
      method: "get",
      summary: "A leaderboard",
      description: "End users and visitors see it without its rules.",
      answer: { status: 200, schema: boardViewSchema },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => {
      const { env, principal, params } = call;
      const key = { name: "leaderboards/board", parts: params.board, maxAgeS: VISITORS_STALENESS_S };
      return await shareWithVisitors(call, key, async (): Promise<Outcome<BoardView>> => {
        const row = await findBoard(env.DB, principal.tenantId, params.board);
        if (!row) return { ok: false, problem: NO_BOARD };
        return versioned(accept(shownTo(principal, viewOf(row))), call.answerHeaders);
      });
    },
  );
  route(
    app,
    {
      ...manage,
      ...one,
      method: "patch",
      summary: "Change a leaderboard",
      description: "What is left out stays. Send If-Match with the ETag of what you saw.",
      body: boardPatchSchema,
      answer: { status: 200, schema: boardViewSchema },
      problems: ["not-found", "invalid-id", "invalid-name", "board-fixed", "too-many-windows", "conflict", "precondition-failed"],
    },
    async (call) => {
      const expected = ifMatchVersion(call.request);
      if (!expected.ok) return expected;
      const { board } = call.params;
      const changed = await changeBoard(call, board, expected.value, (row) => {
        const config = configOf(board, row.config, call.body);
        return config.ok ? accept({ config: config.value, mode: row.mode }) : config;
      });
      return versioned(changed, call.answerHeaders);
    },
  );
  route(
    app,
    {
      ...manage,
      ...one,
      method: "delete",
      summary: "Delete a leaderboard with all its scores and archives",
      description: "It answers nobody any more at once; what it holds goes in the background. Its name is free when that is done.",
      answer: { status: 204 },
      problems: ["not-found", "invalid-id", "conflict"],
    },
    async (call) => await deleteBoard(call, call.params.board),
  );
}

/** What stops cheaters is no business of players. */
function shownTo(principal: AnyPrincipal, view: BoardView): BoardView {
  if (principal.kind === "operator" || principal.kind === "service") return view;
  return { ...view, config: { ...view.config, rules: [] } };
}

function versioned(outcome: Outcome<BoardView>, headers: Headers): Outcome<BoardView> {
  if (outcome.ok) headers.set("etag", etagOf(outcome.value.version));
  return outcome;
}
