import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import {
  type BoardConfig,
  newBoardConfigSchema,
  type BoardCreate,
  type BoardMode,
  type BoardPatch,
  type BoardView,
  boardViewSchema,
} from "../../contract/leaderboards.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import { changeInD1, type D1Call } from "../db/d1-change.ts";
import { check } from "../http/define-route.ts";
import { boardOf } from "../http/objects.ts";
import { changedEvent, finishBoard } from "./leaderboards-finish.ts";
import { modesOf } from "./leaderboards-modes-store.ts";
import {
  type BoardRow,
  dropPending,
  findBoard,
  hasRoom,
  insertBoard,
  isPending,
  isThere,
  markDeleting,
  notePending,
  type PendingChange,
  settlePending,
  viewOf,
} from "./leaderboards-store.ts";

export const NO_BOARD: Problem = { slug: "not-found", detail: "There is no board of this name." };
const BUSY: Problem = { slug: "conflict", detail: "Somebody else is changing this board just now. Read it, then try again." };
/** An object of that name which is just being emptied is asked again: a small one needs less than a second. */
const SETTLE = { asked: 5, pauseMs: 200 } as const;
const parse = (answer: unknown): BoardView => boardViewSchema.parse(answer);

/** A board's whole configuration: what is given, else what its mode says, else the defaults of the contract. */
export function configOf(board: string, mode: BoardMode | undefined, given: BoardPatch): Outcome<BoardConfig> {
  return check(newBoardConfigSchema, { title: board, ...mode, ...given }, "body");
}

/** Creates a board: a row, the check of the quota and an outbox row in one batch; then its object is told. */
export async function createBoard(call: D1Call, { board, mode, ...given }: BoardCreate): Promise<Outcome<BoardView>> {
  const { env, principal, now } = call;
  const { tenantId } = principal;
  const created = await changeInD1(call, parse, async () => {
    const before = await findBoard(env.DB, tenantId, board);
    if (before && (before.state !== "deleting" || (await finishBoard(env, tenantId, board, now)))) return taken(before);
    const defaults = mode === undefined ? undefined : (await modesOf(env.DB, tenantId)).get(mode);
    if (mode !== undefined && !defaults) return noMode("/mode");
    const config = configOf(board, defaults?.defaults, given);
    if (!config.ok) return config;
    const row = { tenantId, board, mode: mode ?? null, config: config.value, version: now, createdAt: now };
    const guard = hasRoom(tenantId, board, LEADERBOARD_LIMITS.boards);
    return accept({
      about: { action: "leaderboard.create", target: `leaderboard/${board}`, detail: { mode: row.mode } },
      event: {
        type: "meridian.leaderboard.created",
        subject: `leaderboard/${board}`,
        data: { board, mode: row.mode, version: row.version, config: row.config },
      } as const,
      guard,
      statements: [insertBoard(env.DB, row, guard)],
      answer: viewOf({ ...row, state: "live", updatedAt: now }),
      refused: async () => {
        const other = await findBoard(env.DB, tenantId, board);
        return other ? taken(other).problem : quota();
      },
    });
  });
  return created.ok ? accept(await settled(call, created.value)) : created;
}

/** A creation is committed; whether the object knows of it already is told by the state. What is missing here is done by the event and the sweep. */
async function settled(call: D1Call, view: BoardView): Promise<BoardView> {
  try {
    for (let asked = 0; asked < SETTLE.asked; asked++) {
      if (asked > 0) await scheduler.wait(SETTLE.pauseMs);
      const row = await finishBoard(call.env, call.principal.tenantId, view.board, call.now);
      if (row?.state !== "creating") return view;
    }
  } catch (error) {
    console.error(JSON.stringify({ level: "warn", event: "board-later", tenant: call.principal.tenantId, error: String(error) }));
  }
  return { ...view, state: "creating" };
}

function taken({ state }: Pick<BoardRow, "state">): { readonly ok: false; readonly problem: Problem } {
  const detail =
    state === "deleting"
      ? "A board of this name is still being removed. Try again in a minute."
      : "There is a board of this name already. Change it, or choose another name.";
  return { ok: false, problem: { slug: "conflict", detail } };
}

function quota(): Problem {
  return { slug: "quota-reached", detail: `A tenant may have ${LEADERBOARD_LIMITS.boards} boards. Delete one that nobody plays any more.` };
}

export function noMode(pointer: string): Outcome<never> {
  return refuse("invalid-body", "One field has to be changed: see `errors`.", {
    errors: [{ pointer, detail: "There is no such mode. Create it, or name one of `GET /v1/leaderboard-modes`." }],
  });
}

/** A board that is not in the middle of anything. */
async function quietBoard({ env, principal, now }: D1Call, board: string): Promise<Outcome<BoardRow>> {
  const row = await findBoard(env.DB, principal.tenantId, board);
  if (!row || row.state === "deleting") return { ok: false, problem: NO_BOARD };
  if (row.state === "live" && row.pending === null) return accept(row);
  const finished = await finishBoard(env, principal.tenantId, board, now);
  return finished?.state === "live" && finished.pending === null ? accept(finished) : { ok: false, problem: BUSY };
}

/** What a board is to become. */
export type Wanted = Pick<BoardRow, "config" | "mode">;

/**
 * Changes a board. The object decides, since it knows whether there are scores: the change is noted in the row, told to the object, and only
 * then in force in the catalogue, in one batch with its outbox row.
 * @param expected version of If-Match, when given
 */
export async function changeBoard(
  call: D1Call,
  board: string,
  expected: number | undefined,
  wantedOf: (row: BoardRow) => Outcome<Wanted>,
): Promise<Outcome<BoardView>> {
  const { env, now } = call;
  return await changeInD1(call, parse, async () => {
    const found = await quietBoard(call, board);
    if (!found.ok) return found;
    const row = found.value;
    if (expected !== undefined && expected !== row.version)
      return refuse("precondition-failed", "The board was changed since you read it. Read it again.");
    const wanted = wantedOf(row);
    if (!wanted.ok) return wanted;
    if (isSame(row, wanted.value)) return accept({ unchanged: viewOf(row) });
    const { requestId, actor, actorName } = call.meta;
    const version = Math.max(row.version + 1, now);
    const pending: PendingChange = { ...wanted.value, version, meta: { requestId, actor, actorName } };
    return accept({
      about: { action: "leaderboard.change", target: `leaderboard/${board}`, detail: { fields: differing(row, wanted.value) } },
      event: changedEvent(board, pending),
      guard: isPending(row, version),
      first: async () => {
        if (!(await notePending(env.DB, row, pending, now))) return { ok: false, problem: BUSY };
        const told = await boardOf(call, board).configure({ config: pending.config, version }, pending.meta);
        if (!told.ok) await dropPending(env.DB, row, version);
        return told;
      },
      statements: [settlePending(env.DB, row, pending, now)],
      answer: viewOf({ ...row, ...wanted.value, version, updatedAt: now }),
      refused: async () => await Promise.resolve(BUSY),
    });
  });
}

/** Fields that change, as the audit log names them. */
function differing(row: Wanted, wanted: Wanted): string[] {
  const keys = Object.keys(wanted.config) as (keyof BoardConfig)[]; // both were made by the same schema
  const fields: string[] = keys.filter((key) => JSON.stringify(row.config[key]) !== JSON.stringify(wanted.config[key]));
  return row.mode === wanted.mode ? fields : ["mode", ...fields];
}

export function isSame(row: Wanted, wanted: Wanted): boolean {
  return differing(row, wanted).length === 0;
}

/** Deletes a board: in the catalogue at once, what it holds in slices. */
export async function deleteBoard(call: D1Call, board: string): Promise<Outcome<undefined>> {
  const { env, principal, now } = call;
  const { tenantId } = principal;
  const deleted = await changeInD1(
    call,
    () => null,
    async () => {
      const row = await findBoard(env.DB, tenantId, board);
      if (!row || row.state === "deleting") return { ok: false, problem: NO_BOARD };
      return accept({
        about: { action: "leaderboard.delete", target: `leaderboard/${board}`, detail: {} },
        event: { type: "meridian.leaderboard.deleted", subject: `leaderboard/${board}`, data: { board } } as const,
        guard: isThere(row, row.version),
        statements: [markDeleting(env.DB, row, now)],
        answer: null,
        refused: async () => await Promise.resolve(BUSY),
      });
    },
  );
  if (!deleted.ok) return deleted;
  try {
    await finishBoard(env, tenantId, board, now);
  } catch (error) {
    // The row says that it is being deleted: the event and the sweep go on.
    console.error(JSON.stringify({ level: "warn", event: "board-later", tenant: tenantId, error: String(error) }));
  }
  return accept(undefined);
}
