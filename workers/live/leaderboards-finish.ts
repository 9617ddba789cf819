import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { NewEvent } from "../../contract/events.ts";
import { insertEntry, type OutboxEntry, tell } from "../db/d1-outbox.ts";
import type { EdgeEnv } from "../env.ts";
import { boardOf } from "../http/objects.ts";
import {
  type BoardRow,
  dropPending,
  findBoard,
  forgetBoard,
  isPending,
  markLive,
  type PendingChange,
  postponeBoard,
  settlePending,
  unfinishedBoards,
} from "./leaderboards-store.ts";

export const FINISH_LIMITS = {
  /** What is younger is left to the request that does it. */
  settleMs: 10_000,
  /** Boards that one sweep brings on: each is a few calls of its object and of D1. */
  boards: 50,
  /** The first removes what one slice holds, the second learns that nothing is left. */
  removals: 2,
} as const;

const SYSTEM = { requestId: "leaderboards", actor: "system", actorName: "system" };

/** The event of a changed board: the whole of it. */
export function changedEvent(board: string, { mode, config, version }: Pick<PendingChange, "mode" | "config" | "version">): NewEvent {
  return { type: "meridian.leaderboard.changed", subject: `leaderboard/${board}`, data: { board, mode, version, config } };
}

/**
 * Brings a board to where its row says it should be: tells the object what it is, takes in a change that it has taken, removes
 * what is deleted. Whatever was done already is done again without effect.
 * @returns the row as it is then; undefined when there is none (any more)
 * @throws when the object or D1 cannot be reached
 */
export async function finishBoard(env: EdgeEnv, tenantId: string, board: string, now: number): Promise<BoardRow | undefined> {
  const row = await findBoard(env.DB, tenantId, board);
  if (!row || (row.state === "live" && row.pending === null)) return row;
  const object = boardOf({ env, principal: { tenantId } }, board);
  if (row.state === "deleting") {
    for (let asked = 0; asked < FINISH_LIMITS.removals; asked++) {
      const removed = await object.remove(SYSTEM);
      if (removed.ok) continue;
      if (removed.problem.slug === "not-found") await forgetBoard(env.DB, row);
      break;
    }
  } else if (row.state === "creating") {
    const taken = await object.configure({ config: row.config, version: row.version }, SYSTEM);
    if (taken.ok) await markLive(env.DB, row);
  } else if (row.pending && row.updatedAt <= now - FINISH_LIMITS.settleMs) {
    const { config, version } = row.pending;
    const taken = await object.configure({ config, version }, SYSTEM);
    if (taken.ok) await settle(env, row, row.pending, now);
    else if (taken.problem.slug === "board-fixed") await dropPending(env.DB, row, version);
  }
  return await findBoard(env.DB, tenantId, board);
}

/** What the request that began it would have done: state and outbox row in one batch. */
async function settle(env: EdgeEnv, row: BoardRow, pending: PendingChange, now: number): Promise<void> {
  const entry: OutboxEntry = {
    id: uuidv7(now, cryptoRandom),
    tenantId: row.tenantId,
    meta: pending.meta,
    note: { action: "leaderboard.change", target: `leaderboard/${row.board}`, outcome: "done", detail: {} },
    event: changedEvent(row.board, pending),
  };
  const guard = isPending(row, pending.version);
  const [told] = await env.DB.batch([insertEntry(env.DB, entry, now, guard), settlePending(env.DB, row, pending, now)]);
  if (told?.meta.changes === 1) await tell(env, entry);
}

/** Every minute: finishes what requests left in the middle. What cannot be finished holds up no other board, in this sweep or in those to come. */
export async function sweepBoards(env: EdgeEnv, now: number): Promise<void> {
  for (const at of await unfinishedBoards(env.DB, now - FINISH_LIMITS.settleMs, FINISH_LIMITS.boards)) {
    try {
      await finishBoard(env, at.tenantId, at.board, now);
    } catch (error) {
      console.error(
        JSON.stringify({ level: "error", event: "board-unfinished", tenant: at.tenantId, board: at.board, error: String(error) }),
      );
    }
    await postponeBoard(env.DB, at, now);
  }
}
