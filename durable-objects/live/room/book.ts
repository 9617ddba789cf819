import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { RoomCaller, RoomDefinition } from "../../../contract/rpc/room.ts";
import type { RoomDesk } from "../../../core/live/rooms/desk.ts";
import { LogWriter } from "../../../core/live/rooms/log-writer.ts";
import type { RoomHead, RoomStore } from "../../../core/live/rooms/store.ts";

export interface Configured {
  readonly version: number;
  readonly events: readonly RoomEvent[];
}

/**
 * Makes the room what the catalogue says it is. Inside the object's transaction. A version that is not newer changes nothing; the people
 * are looked at once, when the room is made.
 * @param actor who changed it, as the log names them
 * @param epoch of a room that is made by this
 */
export function configure(
  desk: RoomDesk,
  store: RoomStore,
  definition: RoomDefinition,
  actor: string,
  epoch: string,
  now: number,
): Outcome<Configured> {
  const held = store.head();
  const { version, settings } = definition;
  if (held?.state === "removing")
    return refuse("unavailable", "A room of this name is still being removed. Try again in a few seconds.", { retryAfterS: 2 });
  if (held && version <= held.version) return accept({ version: held.version, events: [] });
  if (held) {
    store.putHead({ ...held, ...settings, version });
    const log = new LogWriter(store, held, now);
    if (settings.title !== held.title) log.note({ type: "room", data: { title: settings.title, by: actor } });
    desk.end(log);
    return accept({ version, events: log.events });
  }
  const { room, kind, createdAt } = definition;
  const head: RoomHead = { room, kind, ...settings, version, createdAt, epoch, state: "live" };
  store.putHead(head);
  const log = new LogWriter(store, head, now);
  const by: RoomCaller = { kind: "service", id: actor, ref: "", name: "", avatarUrl: null, granted: [], isPublic: false };
  for (const member of definition.members) {
    const put = desk.membership.begin({ ...member, state: "active", mutedUntil: null }, by, log);
    if (!put.ok) return put;
  }
  desk.end(log);
  return accept({ version, events: log.events });
}
