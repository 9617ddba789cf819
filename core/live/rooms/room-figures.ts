import { DELIVERY_BOUNDS_MS, type RealtimeReport, REPORTED_CONNECTIONS } from "../../../contract/realtime.ts";
import type { RoomSession } from "./room-session.ts";

/** The busiest first. @returns so many of them, and what all together left unread */
export function busiest(
  sessions: Iterable<RoomSession>,
  object: string,
  people: { returnsOf(subject: string, now: number): number },
  overMs: number,
  now: number,
): Pick<RealtimeReport, "connections" | "unreadBytes"> {
  const all: { session: RoomSession; frames: number }[] = [];
  let unreadBytes = 0;
  for (const session of sessions) {
    all.push({ session, frames: session.sent - session.reported });
    session.reported = session.sent;
    unreadBytes += session.unreadBytes;
  }
  all.sort((a, b) => b.frames - a.frames);
  const connections = all.slice(0, REPORTED_CONNECTIONS).map(({ session, frames }) => ({
    id: session.id,
    object,
    actor: session.held.actor,
    subject: session.person.id,
    channels: session.subscribed ? [object] : [],
    openedAt: session.openedAt,
    framesPerSecond: (frames * 1_000) / overMs,
    reconnects: people.returnsOf(session.person.id, now),
    unreadBytes: session.unreadBytes,
    deflate: session.deflate,
  }));
  return { connections, unreadBytes };
}

type Counted = "opened" | "closed" | "sends" | "deliveries" | "flushes" | "recoveries" | "refusedRecoveries" | "shed";
type Bytes = "bytesSingle" | "bytesBatched" | "bytesSent";
export type RoomFigures = Pick<RealtimeReport, Counted | Bytes | "errors" | "delivery">;

/** What a room's sockets have done since it was asked last: for reports to operators. In memory only. */
export class FigureBook {
  #figures = none();

  add(name: Counted | Bytes, by = 1): void {
    this.#figures[name] += by;
  }

  /** A socket was closed with this code. */
  error(code: number): void {
    this.#figures.errors[code] = (this.#figures.errors[code] ?? 0) + 1;
  }

  /** A probe was acknowledged after so many milliseconds. */
  delivered(ms: number): void {
    const bucket = DELIVERY_BOUNDS_MS.findIndex((bound) => ms <= bound);
    const at = bucket < 0 ? DELIVERY_BOUNDS_MS.length : bucket;
    this.#figures.delivery[at] = (this.#figures.delivery[at] ?? 0) + 1;
  }

  /** The figures; they begin again with this. */
  take(): RoomFigures {
    const figures = this.#figures;
    this.#figures = none();
    return figures;
  }
}

function none() {
  const counted = { opened: 0, closed: 0, sends: 0, deliveries: 0, flushes: 0, recoveries: 0, refusedRecoveries: 0, shed: 0 };
  const bytes = { bytesSingle: 0, bytesBatched: 0, bytesSent: 0 };
  const errors: Record<string, number> = {};
  return { ...counted, ...bytes, errors, delivery: Array.from({ length: DELIVERY_BOUNDS_MS.length + 1 }, () => 0) };
}
