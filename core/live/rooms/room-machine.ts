import { gcra } from "../../../contract/gcra.ts";
import type { AuthData } from "../../../contract/live.ts";
import { LIVE_CLOSE } from "../../../contract/live-codes.ts";
import type { Problem } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Receipt } from "../../../contract/rooms.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { SocketMachine } from "../socket-machine.ts";
import type { PresenceBook, RoomActs, RoomChange, Standing } from "./acts.ts";
import { Attendance } from "./attendance.ts";
import { FanOut, type RoomSockets } from "./fan-out.ts";
import { bySocket, type Flushed, Gathering } from "./gathering.ts";
import type { RoomEffect, RoomReport } from "./room-effects.ts";
import { busiest, FigureBook } from "./room-figures.ts";
import { ReportPace } from "./report-pace.ts";
import { ABUSES, FRAMES, FULL, LIMITS, SUBSCRIPTIONS, type RoomAdmission, type RoomClientFrame as Frame } from "./room-protocol.ts";
import { RoomSession, type SharedPlace } from "./room-session.ts";
import { beginning } from "./subscribing.ts";

/** Attachments are saved so long after the last change: while there is one to come, the timer keeps the room awake. */
const SAVE_MS = 1_000;
/** No pacing waits longer; a clock that was set back holds up nothing beyond it. */
const LONGEST_WAIT_MS = L.presenceGraceMs;

export interface RoomMachineDeps {
  readonly acts: RoomActs;
  readonly room: string;
  /** Raw deflate (RFC 1951). */
  readonly deflate: (text: string) => Uint8Array;
  /** These events went out to sockets. */
  readonly fannedOut: (events: readonly RoomEvent[], now: number) => void;
}

/**
 * The protocol of a room's sockets: commands in, effects out, in the order in which they are to happen. What it shares with other native
 * sockets is `../socket-machine.ts`; what a room is and who may what is behind `RoomActs`. `now` is epoch milliseconds.
 */
export class RoomMachine implements PresenceBook {
  readonly #acts: RoomActs;
  readonly #channel: string;
  readonly #place: SharedPlace = { at: { epoch: "", offset: 0 }, pace: new ReportPace() };
  readonly #figures = new FigureBook();
  readonly #gathering: Gathering;
  readonly #fanOut: FanOut<Frame>;
  readonly #attendance: Attendance<Frame>;
  /** Of the command that runs. */
  #now = 0;
  /** For when the shell was asked to call `pump`; null: not at all. */
  #wakeAt: number | null = null;
  /** When something changed that is not saved yet. */
  #changedAt = 0;
  readonly #sockets: RoomSockets<Frame> = new SocketMachine({
    limits: LIMITS,
    full: FULL,
    frames: FRAMES,
    // The shell lets nobody in without a person.
    admitted: (id, admission) => RoomSession.admitted(id, admission as RoomAdmission, this.#place),
    decode: (attachment) => RoomSession.decode(attachment, this.#place),
    handle: (session, frame) => this.#handle(session, frame),
    acknowledged: (session) => this.#acknowledged(session),
    asked: (session, data) => this.#asked(session, data),
    replaced: (session) => void this.#enter(session),
    left: (session) => {
      this.#fanOut.remove(session);
      this.#attendance.left(session, this.#now);
      this.#figures.add("closed");
    },
  });

  constructor(deps: RoomMachineDeps) {
    this.#acts = deps.acts;
    this.#channel = `room/${deps.room}`;
    this.#gathering = new Gathering(deps.acts);
    this.#fanOut = new FanOut(
      {
        ...deps,
        sockets: this.#sockets,
        channel: this.#channel,
        figures: this.#figures,
        before: (events, now) => this.#attendance.notice(events, now),
      },
      this.#place,
    );
    this.#attendance = new Attendance(deps.acts, this.#sockets, this.#fanOut);
  }

  /** The connection an attachment belongs to; undefined when this release cannot read it. */
  static idOf(attachment: string): string | undefined {
    return RoomSession.decode(attachment, { at: { epoch: "", offset: 0 }, pace: new ReportPace() })?.id;
  }

  get sockets(): number {
    return this.#sockets.size;
  }

  stateOf(subject: string): "online" | "away" | "offline" {
    return this.#attendance.people.stateOf(subject);
  }

  /** Why one more socket cannot come in, if so. */
  refusal(): Problem | undefined {
    return this.#sockets.refusal();
  }

  /** What the sockets did since the last report; the next begins with this. */
  takeReport(at: number): RoomReport {
    const overMs = this.#place.pace.take(at);
    const sockets = busiest(this.#sockets.all(), this.#channel, this.#attendance.people, overMs, at);
    return { at, overMs, sockets: this.sockets, ...this.#figures.take(), ...sockets };
  }

  /** The answer to `report`: until when somebody looks, or null. */
  watched(until: number | null): void {
    this.#place.pace.watched(until);
  }

  /** Takes back the sockets that slept. @param expiresAt the deadline `expiry` as it was set before the sleep */
  restore(attachments: Iterable<string>, expiresAt: number | null, now: number): RoomEffect[] {
    this.#begin(now);
    const restored = this.#sockets.restore(attachments, expiresAt);
    if (restored.length === 0) return this.#finish();
    this.#place.at = this.#acts.position();
    this.#attendance.restore(restored, now);
    for (const session of restored) if (session.subscribed) this.#fanOut.add(session);
    // Only now: a goodbye saves nothing, and who stays has to be known before somebody goes.
    for (const session of restored) if (session.subscribed) this.#fanOut.checkSlept(session);
    return this.#finish();
  }

  /** A socket came in, whose person may (`RoomActs.enter`). */
  join(id: string, admission: RoomAdmission, now: number): RoomEffect[] {
    this.#begin(now);
    if (this.#sockets.size === 0) this.#place.at = this.#acts.position();
    const session = this.#sockets.join(id, admission, now);
    session.openedAt = now;
    this.#attendance.recognise(session, now);
    this.#sockets.save(session);
    this.#figures.add("opened");
    return this.#finish();
  }

  /** A socket is gone, whoever closed it. */
  leave(id: string, now: number): RoomEffect[] {
    this.#begin(now);
    this.#sockets.leave(id);
    return this.#finish();
  }

  /** A client's message. */
  receive(id: string, message: string | ArrayBuffer, now: number): RoomEffect[] {
    this.#begin(now);
    this.#sockets.receive(id, message, now);
    return this.#finish();
  }

  /** Something was committed by another wire. */
  tell(events: readonly RoomEvent[], now: number): RoomEffect[] {
    this.#begin(now);
    if (this.#sockets.size > 0) this.#fanOut.tell(events, now);
    return this.#finish();
  }

  /** Receipts came over another wire. */
  tellReceipt(receipt: Receipt, now: number): RoomEffect[] {
    this.#begin(now);
    this.#attendance.noteReceipt(receipt);
    return this.#finish();
  }

  /** The time of `wake` has come. */
  pump(now: number): RoomEffect[] {
    // A timer that rang says that its time has come, also where the clock was set back meanwhile.
    this.#now = Math.max(now, this.#wakeAt ?? now);
    this.#wakeAt = null;
    if (this.#gathering.isDue(this.#now)) this.#flush();
    this.#attendance.pass(this.#now);
    return this.#done();
  }

  /** The deadline `expiry` has passed. */
  expire(now: number): RoomEffect[] {
    this.#begin(now);
    this.#flush();
    this.#sockets.expire(now);
    return this.#finish();
  }

  /** Closes the sockets of these credentials, actors or groups. @param at of `HeldCredential.isEndedBy` */
  closeCredentials(credentials: readonly string[], at: number | undefined, now: number): { effects: RoomEffect[]; closed: number } {
    this.#begin(now);
    this.#flush(); // what came in before came from somebody who might
    const closed = this.#sockets.closeCredentials(credentials, at);
    return { effects: this.#finish(), closed };
  }

  /** An operator ends a socket. */
  kick(id: string, now: number): { effects: RoomEffect[]; found: boolean } {
    this.#begin(now);
    const session = this.#sockets.get(id);
    if (session) this.#sockets.close(session, LIVE_CLOSE.denied, "closed by an operator");
    return { effects: this.#finish(), found: !!session };
  }

  /** The room is being removed. */
  gone(now: number): RoomEffect[] {
    this.#begin(now);
    this.#sockets.closeAll(LIVE_CLOSE.gone, "the room was removed");
    return this.#finish();
  }

  /** The answer to `verify`: the new credential, or null when the token is worth nothing. */
  refreshed(id: string, admission: Admission | null, now: number): RoomEffect[] {
    this.#begin(now);
    this.#sockets.refreshed(id, admission);
    return this.#finish();
  }

  #handle(session: RoomSession, frame: Frame): void {
    if ("channel" in frame && frame.channel !== this.#channel)
      return this.#sockets.fail(session, frame.id, "unknown-channel", `This socket carries ${this.#channel} only.`);
    switch (frame.type) {
      case "subscribe":
        return this.#subscribe(session, frame);
      case "unsubscribe":
        this.#fanOut.remove(session);
        this.#sockets.reply(session, { type: "unsubscribed", id: frame.id, channel: frame.channel });
        return this.#sockets.save(session);
      case "send": {
        const { v: _v, type, ...message } = frame;
        return this.#want(session, message.clientId, { type, message }, message.text.length);
      }
      case "edit": {
        const { ref, offset, text, mentions } = frame;
        return this.#want(session, ref, { type: "edit", offset, edit: { text, mentions } }, text.length);
      }
      case "delete":
        return this.#want(session, frame.ref, { type: "delete", offset: frame.offset }, 0);
      case "react": {
        const { ref, offset, emoji, on } = frame;
        return this.#want(session, ref, { type: "react", offset, emoji, on }, 0);
      }
      case "typing":
        return this.#type(session, frame.on);
      case "receipt":
        return this.#refuse(session, {}, this.#attendance.receive(session, frame, this.#now));
      case "presence":
        return this.#refuse(session, {}, this.#attendance.presence(session, frame));
    }
  }

  #subscribe(session: RoomSession, frame: Extract<Frame, { type: "subscribe" }>): void {
    const pace = gcra(SUBSCRIPTIONS, session.subscribeTat, this.#now);
    session.subscribeTat = pace.tat;
    if (!pace.allowed) {
      const retryAfterS = pace.retryAfterMs / 1_000;
      return this.#refuse(session, { id: frame.id }, { slug: "rate-limited", detail: "A subscription lasts: ask once.", retryAfterS });
    }
    if (!this.#enter(session)) return;
    this.#fanOut.catchUp(this.#now);
    const { epoch, offset } = frame;
    const since = epoch === undefined || offset === undefined ? undefined : { epoch, offset };
    const encode = (event: RoomEvent, of: string): string => this.#fanOut.encode(event, of);
    const { recovery, encoded } = beginning(this.#acts, since, frame.replay ?? L.replay, encode);
    const { at, recovered } = recovery;
    const refusal = recovery.recovered || recovery.reason === undefined ? {} : { reason: recovery.reason };
    this.#sockets.reply(session, { type: "subscribed", id: frame.id, channel: this.#channel, ...at, recovered, ...refusal });
    if (since) this.#figures.add(recovered ? "recoveries" : "refusedRecoveries");
    if (encoded.length > 0 && this.#sockets.has(session)) this.#sockets.pass(session, session.catchUp(encoded));
    if (!this.#sockets.has(session)) return;
    if (session.hopeless) return this.#sockets.close(session, LIVE_CLOSE.slow, "asks for more than it reads");
    this.#fanOut.add(session);
    this.#sockets.save(session);
    this.#attendance.show(session, this.#now);
  }

  #acknowledged(session: RoomSession): void {
    if (session.ahead) return this.#sockets.close(session, LIVE_CLOSE.gap, "more was acknowledged than was sent: recover");
    const probe = session.takeProbe(this.#now);
    if (probe !== undefined) this.#figures.delivered(probe);
    if (!session.behind || !session.keepsUp || !session.subscribed) return;
    session.behind = false;
    this.#attendance.showPeople(session, this.#now);
  }

  #asked(session: RoomSession, { deflate }: AuthData): void {
    session.deflate = deflate ?? session.deflate;
    this.#sockets.save(session);
  }

  #want(session: RoomSession, ref: string, change: RoomChange, bytes: number): void {
    if (this.#gathering.add({ session, ref, change }, bytes, this.#fanOut.subscribers, this.#now)) this.#flush();
  }

  /** Stores what waits; then says so to who asked, and tells everybody. */
  #flush(): void {
    const flushed = this.#gathering.flush(this.#now);
    if (flushed.answers.length === 0) return;
    this.#changedAt = this.#now;
    this.#figures.add("flushes");
    for (const [session, answers] of bySocket(flushed)) this.#answer(session, answers);
    this.#fanOut.tell(flushed.events, this.#now);
    if ("error" in flushed) this.#sockets.push({ type: "failed", error: flushed.error });
  }

  #answer(session: RoomSession, answers: Flushed["answers"]): void {
    const items: { ref: string; offset: number; at: number }[] = [];
    for (const { wanted, outcome } of answers) {
      const { ref, change } = wanted;
      if (outcome.ok) items.push({ ref, offset: outcome.value.offset, at: outcome.value.at });
      if (outcome.ok && change.type === "send") this.#figures.add("sends");
    }
    if (!this.#sockets.has(session)) return; // it left: it will ask again, or does not care
    if (items.length > 0) this.#sockets.reply(session, { type: "ack", items });
    for (const { wanted, outcome } of answers) if (!outcome.ok) this.#refuse(session, { ref: wanted.ref }, outcome.problem);
  }

  /** @param names what the frame that is refused calls itself */
  #refuse(session: RoomSession, names: { readonly id?: string; readonly ref?: string }, problem: Problem | undefined): void {
    if (!problem || !this.#sockets.has(session)) return;
    const { slug, detail, retryAfterS, errors } = problem;
    const pointer = errors?.[0]?.pointer;
    this.#sockets.reply(session, {
      type: "error",
      code: slug,
      detail,
      ...names,
      ...(pointer === undefined ? {} : { pointer }),
      ...(retryAfterS === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterS * 1_000) }),
    });
    if (slug !== "rate-limited") return;
    const verdict = gcra(ABUSES, session.abuseTat, this.#now);
    session.abuseTat = verdict.tat;
    if (!verdict.allowed) this.#sockets.close(session, LIVE_CLOSE.rate, "too often beyond the rate");
  }

  #type(session: RoomSession, on: boolean): void {
    const standing = session.member ? this.#enter(session) : undefined;
    this.#refuse(session, {}, this.#attendance.type(session, on, standing, this.#now));
  }

  /** Whether this person may be here; who may not is sent away. */
  #enter(session: RoomSession): Standing | undefined {
    const entered = this.#acts.enter(session.caller, this.#now);
    if (!entered.ok) {
      this.#sockets.close(session, LIVE_CLOSE.denied, "this room is not open to you");
      return undefined;
    }
    this.#attendance.recognise(session, this.#now);
    if (entered.value.events.length > 0) this.#fanOut.tell(entered.value.events, this.#now);
    return entered.value.standing;
  }

  /** Everything but `pump` begins with this. */
  #begin(now: number): void {
    this.#now = now;
    this.#changedAt = now;
    this.#place.pace.active(now);
  }

  /** Tells what may be told at once, and gives out what is to be done. */
  #finish(): RoomEffect[] {
    const dueAt = this.#attendance.dueAt();
    if (dueAt !== undefined && dueAt <= this.#now) this.#attendance.pass(this.#now);
    return this.#done();
  }

  #done(): RoomEffect[] {
    const resting = this.#sockets.unsaved && Math.abs(this.#now - this.#changedAt) >= SAVE_MS;
    if (this.#place.pace.isDue(this.#now, resting)) this.#sockets.push({ type: "report", report: this.takeReport(this.#now) });
    // Once nothing has changed for a while; the timer that is armed until then keeps the room awake.
    const saves = resting ? this.#sockets.saves() : [];
    this.#schedule();
    const effects: RoomEffect[] = [...saves, ...this.#sockets.effects()];
    for (const effect of effects) if (effect.type === "close") this.#figures.error(effect.code);
    return effects;
  }

  /** When something is due; undefined: until something happens, never. */
  #dueAt(): number | undefined {
    const times = [this.#gathering.dueAt(), this.#attendance.dueAt(), this.#sockets.unsaved ? this.#changedAt + SAVE_MS : undefined];
    const due = times.filter((at) => at !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Asks to be called for what is pending. With nothing pending nothing is armed, and the room may sleep. */
  #schedule(): void {
    const now = this.#now;
    const dueAt = this.#dueAt();
    if (dueAt === undefined) return;
    const at = Math.min(Math.max(dueAt, now), now + LONGEST_WAIT_MS);
    if (this.#wakeAt !== null && this.#wakeAt <= at) return;
    this.#wakeAt = at;
    this.#sockets.push({ type: "wake", inMs: at - now });
  }
}
