import type { EdgeEnv } from "../env.ts";
import { roomOf } from "../http/objects.ts";
import { definitionOf, findRoom, forgetRoom, markLive, postponeRoom, type RoomRow, unfinishedRooms } from "./rooms-store.ts";

export const FINISH_LIMITS = {
  /** What is younger is left to the request that does it. */
  settleMs: 10_000,
  /** Rooms that one sweep brings on: each is a few calls of its object and of D1. */
  rooms: 50,
  /** The first begins it, and a small room is gone within a moment: one of the next learns that nothing is left. */
  removals: 4,
  removalPauseMs: 100,
} as const;

const SYSTEM = { requestId: "rooms", actor: "system", actorName: "system" };

/**
 * Brings a room to where its row says it should be: tells the object what it is, or removes what is deleted. Whatever was done already
 * is done again without effect.
 * @returns the row as it is then; undefined when there is none (any more)
 * @throws when the object or D1 cannot be reached
 */
export async function finishRoom(env: EdgeEnv, tenantId: string, room: string): Promise<RoomRow | undefined> {
  const row = await findRoom(env.DB, tenantId, room);
  if (!row || row.state === "live") return row;
  const object = roomOf({ env, principal: { tenantId } }, room);
  if (row.state === "deleting") {
    for (let asked = 0; asked < FINISH_LIMITS.removals; asked++) {
      if (asked > 0) await scheduler.wait(FINISH_LIMITS.removalPauseMs);
      const removed = await object.remove(SYSTEM);
      if (removed.ok) continue;
      if (removed.problem.slug === "not-found") await forgetRoom(env.DB, row);
      break;
    }
  } else {
    const taken = await object.configure(definitionOf(row), SYSTEM);
    if (taken.ok) await markLive(env.DB, row);
  }
  return await findRoom(env.DB, tenantId, room);
}

/** Every minute: finishes what requests left in the middle. What cannot be finished holds up no other room, in this sweep or in those to come. */
export async function sweepRooms(env: EdgeEnv, now: number): Promise<void> {
  for (const at of await unfinishedRooms(env.DB, now - FINISH_LIMITS.settleMs, FINISH_LIMITS.rooms)) {
    try {
      await finishRoom(env, at.tenantId, at.room);
    } catch (error) {
      console.error(JSON.stringify({ level: "error", event: "room-unfinished", tenant: at.tenantId, room: at.room, error: String(error) }));
    }
    await postponeRoom(env.DB, at, now);
  }
}
