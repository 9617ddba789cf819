import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { type Connection, type RealtimeReport, REPORTED_CONNECTIONS } from "../../contract/realtime.ts";
import { type EncodedPublication, type Reply } from "./frames.ts";
import { ReportPace } from "./rooms/report-pace.ts";
import { FigureBook } from "./rooms/room-figures.ts";
import type { Session } from "./session.ts";
import { utf8Bytes } from "./unread-bytes.ts";

/** What a hub's sockets did since its last report. The shell adds what it knows of the object. */
export type HubReport = Omit<RealtimeReport, "outboxDepth" | "slowQueries" | "queued">;

/** What a publication alone would cost more than in a batch: a frame's own words. */
const FRAME_BYTES = 32;
const ID_TIME_DIGITS = 12;

/** What a hub tells operators of its sockets, and when: each minute while it is active, more often while one looks, idle never. */
export class HubFigures {
  readonly #book = new FigureBook();
  readonly #pace = new ReportPace();
  /** The first socket has come or the last has gone, which was not told yet. */
  #turned = false;
  #asked = false;
  /** The newest delivery, of which most sockets get the same. */
  #shared: { readonly events: string; readonly bytes: number } | undefined;

  /** When the hub reported last, as a socket kept it over a sleep. */
  restore({ reportedAt }: Session): void {
    this.#pace.reportedAt = Math.max(this.#pace.reportedAt, reportedAt);
  }

  /** A socket came in. @param isFirst operators hear at once that somebody is here, since nothing more may happen */
  opened(isFirst: boolean, now: number): void {
    this.#book.add("opened");
    this.#pace.active(now);
    this.#turned ||= isFirst;
  }

  /** A socket has closed. @param isLast operators hear at once that nobody is left, since nothing may happen here any more */
  ended(isLast: boolean, now: number): void {
    this.#pace.active(now);
    this.#turned ||= isLast;
  }

  left(session: Session): void {
    this.#book.add("closed");
    this.#book.add("shed", session.takeShed());
  }

  /** A client published, followed or stopped to. */
  heard(isPublished: boolean, now: number): void {
    if (isPublished) this.#book.add("sends");
    this.#pace.active(now);
  }

  /** A subscription to a topic was answered; other channels promise no recovery. @param asked whether it named a place */
  answered(reply: Reply, asked: boolean): void {
    if (asked && reply.type === "subscribed") this.#book.add(reply.recovered ? "recoveries" : "refusedRecoveries");
  }

  flushed(now: number): void {
    this.#book.add("flushes");
    this.#pace.active(now);
  }

  /** So many publications went to one socket in one frame. */
  delivered(session: Session, publications: readonly EncodedPublication[], events: string, now: number | undefined): void {
    if (this.#shared?.events !== events) this.#shared = { events, bytes: utf8Bytes(events) + FRAME_BYTES };
    const { bytes } = this.#shared;
    this.#book.add("deliveries", publications.length);
    this.#book.add("bytesSingle", bytes + (publications.length - 1) * FRAME_BYTES);
    this.#book.add("bytesBatched", bytes);
    this.#book.add("bytesSent", bytes);
    if (now !== undefined && session.sent % LIVE_LIMITS.probeEvery === 0) session.probe = { n: session.sent, at: now };
  }

  acknowledged(session: Session, now: number): void {
    const ms = session.takeProbe(now);
    if (ms !== undefined) this.#book.delivered(ms);
  }

  /** A socket was closed with this code. */
  closed(code: number): void {
    this.#book.error(code);
  }

  /** Whether to report now; said once until the report is taken. */
  isDue(now: number): boolean {
    if (this.#asked) return false;
    this.#asked = this.#turned || this.#pace.isDue(now, true);
    return this.#asked;
  }

  /** Somebody looks until then; null: nobody. */
  watched(until: number | null): void {
    this.#pace.watched(until);
  }

  /** The figures since the last report, the busiest sockets first. @param object `hub/{n}` */
  take(sessions: Iterable<Session>, object: string, now: number): HubReport {
    const overMs = this.#pace.take(now);
    this.#turned = false;
    this.#asked = false;
    const all: { session: Session; frames: number }[] = [];
    let unreadBytes = 0;
    for (const session of sessions) {
      all.push({ session, frames: session.sent - session.reported });
      session.reported = session.sent;
      session.reportedAt = now; // it is saved with whatever else changes in the session
      unreadBytes += session.unreadBytes;
      this.#book.add("shed", session.takeShed());
    }
    all.sort((a, b) => b.frames - a.frames);
    const connections = all.slice(0, REPORTED_CONNECTIONS).map(({ session, frames }): Connection => ({
      id: session.id,
      object,
      actor: session.held.actor,
      subject: null,
      channels: [...session.channels.keys()],
      openedAt: madeAt(session.id),
      framesPerSecond: (frames * 1_000) / overMs,
      reconnects: 0,
      unreadBytes: session.unreadBytes,
      deflate: false,
    }));
    return { at: now, overMs, sockets: all.length, ...this.#book.take(), unreadBytes, connections };
  }
}

/** A connection's id is a UUIDv7, whose first 48 bits are when it was made. */
function madeAt(id: string): number {
  return Number.parseInt(id.replace("-", "").slice(0, ID_TIME_DIGITS), 16) || 0;
}
