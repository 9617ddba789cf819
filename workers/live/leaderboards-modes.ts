import { z } from "@hono/zod-openapi";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import {
  type BoardMode,
  newBoardConfigSchema,
  boardModeSchema,
  modeIdSchema,
  type ModeView,
  modeViewSchema,
  SEEDED_MODES,
} from "../../contract/leaderboards.ts";
import { pageSchema } from "../../contract/pages.ts";
import { accept, type Outcome, type Problem } from "../../contract/problems.ts";
import { changeInD1, type D1Call } from "../db/d1-change.ts";
import type { App } from "../http/app.ts";
import { check, route } from "../http/define-route.ts";
import { dropMode, hasModeRoom, modesOf, putMode } from "./leaderboards-modes-store.ts";

const params = z.object({ mode: modeIdSchema });
const one = { path: "/v1/leaderboard-modes/{mode}", params, tag: "live" } as const;
const NO_MODE: Problem = { slug: "not-found", detail: "There is no mode of this name." };
const FULL: Problem = {
  slug: "quota-reached",
  detail: `A tenant may have ${LEADERBOARD_LIMITS.modes} modes of its own. Delete one that no new board needs.`,
};
const ANYWAY = { sql: "1 = ?", params: [1] } as const;

/** Modes: what boards of one kind begin with. Changing one changes no board that is there. */
export function registerBoardModeRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/leaderboard-modes",
      action: "leaderboards:read",
      tag: "live",
      summary: "List modes of leaderboards by name",
      answer: { status: 200, schema: pageSchema(modeViewSchema) },
    },
    async ({ env, principal }) => accept({ items: [...(await modesOf(env.DB, principal.tenantId)).values()], nextCursor: null }),
  );
  route(
    app,
    {
      ...one,
      method: "get",
      action: "leaderboards:read",
      summary: "A mode of leaderboards",
      answer: { status: 200, schema: modeViewSchema },
      problems: ["not-found", "invalid-id"],
    },
    async ({ env, principal, params: path }): Promise<Outcome<ModeView>> => {
      const mode = (await modesOf(env.DB, principal.tenantId)).get(path.mode);
      return mode ? accept(mode) : { ok: false, problem: NO_MODE };
    },
  );
  route(
    app,
    {
      ...one,
      method: "put",
      action: "leaderboards:manage",
      summary: "Create or replace a mode of leaderboards",
      description: "Boards that are there already stay as they are.",
      body: boardModeSchema,
      answer: { status: 200, schema: modeViewSchema },
      problems: ["invalid-id", "invalid-name", "too-many-windows", "quota-reached"],
    },
    async (call) => await writeMode(call, call.params.mode, call.body),
  );
  route(
    app,
    {
      ...one,
      method: "delete",
      action: "leaderboards:manage",
      summary: "Delete a mode of leaderboards",
      description: "A seeded one too. Boards that were made with it stay as they are.",
      answer: { status: 204 },
      problems: ["not-found", "invalid-id"],
    },
    async (call) => await removeMode(call, call.params.mode),
  );
}

/** Replaces a mode. What no board could be made of is refused. */
export async function writeMode(call: D1Call, mode: string, defaults: BoardMode): Promise<Outcome<ModeView>> {
  const { env, now } = call;
  const { tenantId } = call.principal;
  const whole = checkMode(mode, defaults);
  if (!whole.ok) return whole;
  const guard = hasModeRoom(tenantId, mode, LEADERBOARD_LIMITS.modes);
  return await changeInD1(
    call,
    (answer) => modeViewSchema.parse(answer),
    async () =>
      await Promise.resolve(
        accept({
          about: { action: "leaderboard-mode.put", target: `leaderboard-mode/${mode}`, detail: {} },
          event: modeEvent(mode, defaults),
          guard,
          statements: [putMode(env.DB, tenantId, mode, defaults, now, guard)],
          answer: { mode, defaults, seeded: false },
          refused: async () => await Promise.resolve(FULL),
        }),
      ),
  );
}

export function checkMode(mode: string, defaults: BoardMode): Outcome<unknown> {
  return check(newBoardConfigSchema, { title: mode, ...defaults }, "body");
}

/** Deletes a mode; of a seeded one a mark stays. */
export async function removeMode(call: D1Call, mode: string): Promise<Outcome<undefined>> {
  const { env, now } = call;
  const { tenantId } = call.principal;
  const removed = await changeInD1(
    call,
    () => null,
    async () => {
      if (!(await modesOf(env.DB, tenantId)).has(mode)) return { ok: false, problem: NO_MODE };
      const seeded = Object.hasOwn(SEEDED_MODES, mode);
      return accept({
        about: { action: "leaderboard-mode.delete", target: `leaderboard-mode/${mode}`, detail: {} },
        event: modeEvent(mode, null),
        guard: ANYWAY,
        statements: [seeded ? putMode(env.DB, tenantId, mode, null, now, ANYWAY) : dropMode(env.DB, tenantId, mode)],
        answer: null,
        refused: async () => await Promise.resolve(NO_MODE),
      });
    },
  );
  return removed.ok ? accept(undefined) : removed;
}

function modeEvent(mode: string, defaults: BoardMode | null) {
  return { type: "meridian.leaderboard.changed", subject: `leaderboard-mode/${mode}`, data: { mode, defaults } } as const;
}
