import { LIVE_CLOSE } from "../../../contract/live-codes.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Position } from "../frames.ts";
import type { SocketMachine } from "../socket-machine.ts";
import { utf8Bytes } from "../unread-bytes.ts";
import type { RoomActs } from "./acts.ts";
import type { RoomEffect } from "./room-effects.ts";
import type { FigureBook } from "./room-figures.ts";
import { encodeEvent, type Passing, passingText, sharedBatches, type SharedText } from "./room-frames.ts";
import type { RoomSession, SharedPlace } from "./room-session.ts";

/** Below this a frame is hardly smaller for being compressed. */
const DEFLATED_CHARS = 512;

type OwnEffect = Extract<RoomEffect, { readonly type: "share" | "wake" | "report" | "failed" }>;
export type RoomSockets<F extends { readonly type: string }> = SocketMachine<RoomSession, F, OwnEffect>;

export interface FanOutDeps<F extends { readonly type: string }> {
  readonly sockets: RoomSockets<F>;
  readonly acts: RoomActs;
  /** `room/{room}`. */
  readonly channel: string;
  /** Raw deflate (RFC 1951), at once: frames keep their order. */
  readonly deflate: (text: string) => Uint8Array;
  readonly figures: FigureBook;
  /** These went out. */
  readonly fannedOut: (events: readonly RoomEvent[], now: number) => void;
  /** Before these go out: whoever was sent away by them does not hear of it. */
  readonly before: (events: readonly RoomEvent[], now: number) => void;
}

/**
 * Sends the log to everybody who follows it, each event once and in order. All subscribers are at the same place: who comes is brought
 * there first, and what a wire commits goes to all or, where something in between is not known here, is read from the log.
 */
export class FanOut<F extends { readonly type: string }> {
  readonly #deps: FanOutDeps<F>;
  readonly #channel: string;
  readonly #subscribers = new Set<RoomSession>();
  readonly #place: SharedPlace;

  constructor(deps: FanOutDeps<F>, place: SharedPlace) {
    this.#deps = deps;
    this.#channel = JSON.stringify(deps.channel);
    this.#place = place;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  add(session: RoomSession): void {
    session.subscribed = true;
    this.#subscribers.add(session);
  }

  remove(session: RoomSession): void {
    session.subscribed = false;
    this.#subscribers.delete(session);
  }

  /** What was committed: the next events of the log, or, when another commit has not been told yet, whatever the log has. */
  tell(events: readonly RoomEvent[], now: number): void {
    const { epoch, offset } = this.#place.at;
    // A log that began anew may go on from the same place, and is another one.
    if (this.#deps.acts.position().epoch !== epoch) return this.catchUp(now);
    const news = events.filter((event) => event.offset > offset);
    const [first] = news;
    if (!first) return;
    if (first.offset === offset + 1) this.#send(news, now);
    else this.catchUp(now);
  }

  /** Brings everybody to the end of the log. */
  catchUp(now: number): void {
    const { acts } = this.#deps;
    const { at } = this.#place;
    const end = acts.position();
    if (end.epoch === at.epoch && end.offset === at.offset) return;
    const recovery = end.epoch === at.epoch && end.offset > at.offset ? acts.recover(at, 0) : undefined;
    if (recovery?.recovered) this.#send(recovery.events, now);
    else this.#lose(end);
  }

  /** Closes subscribers whose sleep was not the end of what they were sent: the object ended suddenly. */
  checkSlept(session: RoomSession): void {
    const { at } = this.#place;
    if (session.sleptAt?.epoch !== at.epoch || session.sleptAt.offset !== at.offset) this.#closeGap(session);
  }

  /** An event as subscribers get it. */
  encode(event: RoomEvent, epoch: string): string {
    return encodeEvent(event, this.#channel, epoch);
  }

  /** Tells what is not kept. Slow readers are left out of it, but for receipts. */
  pass(news: Passing, now: number): void {
    const text = passingText(news, this.#channel);
    this.#share({ text, bytes: utf8Bytes(text), events: 0 }, news.type !== "receipts", now);
  }

  /** Tells one socket what is not kept. */
  passTo(session: RoomSession, news: Passing, now: number): void {
    if (news.items.length === 0 || !this.#deps.sockets.has(session)) return;
    const text = passingText(news, this.#channel);
    const bytes = utf8Bytes(text);
    if (!session.fits(bytes)) return this.#closeSlow(session);
    session.went(bytes, now);
    this.#deps.sockets.touch(session);
    this.#deps.sockets.push({ type: "share", sockets: [session.id], frame: text });
  }

  #send(events: readonly RoomEvent[], now: number): void {
    const last = events.at(-1);
    if (!last) return;
    const { epoch } = this.#place.at;
    this.#deps.before(events, now);
    this.#place.at = { epoch, offset: last.offset };
    if (this.#subscribers.size > 0) {
      const encoded = events.map((event) => this.encode(event, epoch));
      for (const batch of sharedBatches(encoded)) this.#share(batch, false, now);
    }
    this.#deps.fannedOut(events, now);
  }

  #share({ text, bytes, events }: SharedText, mayLeaveOut: boolean, now: number): void {
    const { sockets, figures } = this.#deps;
    const plain: string[] = [];
    const packed: string[] = [];
    let frame: Uint8Array | undefined;
    for (const session of this.#subscribers) {
      if (sockets.closeEnded(session, now)) continue;
      if (mayLeaveOut && !session.keepsUp) {
        session.behind = true;
        figures.add("shed");
        continue;
      }
      const small = session.deflate && events > 0 && text.length >= DEFLATED_CHARS;
      if (small) frame ??= this.#deps.deflate(text);
      const size = small && frame ? frame.byteLength : bytes;
      if (!session.fits(size)) {
        this.#closeSlow(session);
        continue;
      }
      session.went(size, now);
      sockets.touch(session);
      (small ? packed : plain).push(session.id);
    }
    if (plain.length > 0) sockets.push({ type: "share", sockets: plain, frame: text });
    if (frame && packed.length > 0) sockets.push({ type: "share", sockets: packed, frame });
    this.#count(events, bytes, plain.length, packed.length, frame?.byteLength ?? 0);
  }

  #count(events: number, bytes: number, plain: number, packed: number, packedBytes: number): void {
    const { figures } = this.#deps;
    const all = plain + packed;
    figures.add("deliveries", events * all);
    // Alone each event would have been a frame around it.
    figures.add("bytesSingle", (bytes + Math.max(0, events - 1) * 32) * all);
    figures.add("bytesBatched", bytes * all);
    figures.add("bytesSent", bytes * plain + packedBytes * packed);
  }

  /** What came in between cannot be told any more. */
  #lose(end: Position): void {
    for (const session of this.#subscribers) this.#closeGap(session);
    this.#place.at = end;
  }

  #closeGap(session: RoomSession): void {
    this.#deps.sockets.close(session, LIVE_CLOSE.gap, "recover: something was missed");
  }

  #closeSlow(session: RoomSession): void {
    this.#deps.sockets.close(session, LIVE_CLOSE.slow, `more than ${L.unackedBytes} bytes are unread`);
  }
}
