import { deflateRawSync, inflateRawSync } from "node:zlib";
import { type ServerFrame, serverFrameSchema, type SharedFrame, sharedFrameSchema } from "../../../contract/live.ts";
import type { Action } from "../../../contract/permissions.ts";
import type { PresencePush, ReceiptsPush, RoomEvent, TypingPush } from "../../../contract/room-live.ts";
import type { MemberPut, RoomKind } from "../../../contract/rooms.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import { admission } from "../testing.ts";
import type { RoomActs, WantedChange } from "./acts.ts";
import { RoomDesk } from "./desk.ts";
import { MemoryRoomStore } from "./memory-store-testing.ts";
import type { RoomEffect, RoomReport } from "./room-effects.ts";
import { RoomMachine } from "./room-machine.ts";
import type { RoomAdmission } from "./room-protocol.ts";
import { callerOf } from "./room-session.ts";

export const START = 1_800_000_000_000;
/** Shapes of what passes, as contract/room-live.ts gives them. */
type PassedFrame =
  | ({ readonly type: "typing" } & TypingPush)
  | ({ readonly type: "presence" } & PresencePush)
  | ({ readonly type: "receipts" } & ReceiptsPush);
export type AnyFrame = ServerFrame | Extract<SharedFrame, { type: "batch" }> | PassedFrame;
type FrameOf<T extends AnyFrame["type"]> = Extract<AnyFrame, { type: T }>;

/** A person of the tenant's own. */
export function person(name: string, changed: Partial<RoomAdmission["person"]> = {}): RoomAdmission["person"] {
  return { kind: "subject", id: `minted|${name}`, ref: `ref-${name}`, name, avatarUrl: null, isPublic: false, ...changed };
}

export const WRITER: readonly Action[] = ["rooms:read", "rooms:write"];

/** Lets somebody in as the edge does. */
export function entry(name: string, actions: readonly Action[] = WRITER, changed: Partial<RoomAdmission> = {}): RoomAdmission {
  const checked = { actor: `subject:ref-${name}`, credential: `token:${name}`, checkedAt: START, actions: [...actions] };
  return { ...admission(checked), person: person(name), ...changed };
}

/** A room's log and members in memory, as its object has them in tables. */
export class RoomBook {
  readonly store = new MemoryRoomStore();
  readonly desk: RoomDesk;
  /** Offsets that went out, as `trace` is told. */
  readonly fannedOut: number[] = [];

  constructor(kind: RoomKind = "group", epoch = "e1") {
    const kept = { retentionDays: null, hotMessages: 100_000, version: 1, createdAt: START, state: "live" } as const;
    this.store.putHead({ room: "lobby", kind, title: "Lobby", epoch, ...kept });
    const presence = { stateOf: () => "offline" as const };
    this.desk = new RoomDesk({ store: this.store, emit: () => undefined, presence: () => presence, receiptsWait: () => undefined });
  }

  /** The log begins anew, as after a restore. */
  restart(epoch: string): void {
    const head = this.store.head();
    if (head) this.store.putHead({ ...head, epoch });
  }
}

/** A room's machine with its effects sorted by kind; every frame is held against the contract, and counted as clients do. */
export class RoomBench {
  readonly book: RoomBook;
  acts: RoomActs;
  machine: RoomMachine;
  now = START;
  readonly frames = new Map<string, AnyFrame[]>();
  /** Frames by socket, as they are numbered. */
  readonly counts = new Map<string, number>();
  readonly attachments = new Map<string, string>();
  readonly closed = new Map<string, number>();
  readonly verify: Extract<RoomEffect, { type: "verify" }>[] = [];
  readonly failures: unknown[] = [];
  readonly reports: RoomReport[] = [];
  /** From then on a client may find that a frame's number is not what it counted. */
  endedSuddenly = false;
  readonly misnumbered = new Set<string>();
  /** Every share, as it was made. */
  readonly shares: Extract<RoomEffect, { type: "share" }>[] = [];
  saves = 0;
  expiry: number | null = null;
  /** When `pump` is to be called; undefined: nothing is armed, and the room sleeps. */
  wakeAt: number | undefined;

  constructor(book = new RoomBook()) {
    this.book = book;
    this.acts = book.desk;
    this.machine = this.#newMachine();
  }

  #newMachine(): RoomMachine {
    return new RoomMachine({
      acts: this.acts,
      room: "lobby",
      deflate: (text) => deflateRawSync(text, { level: 1 }),
      fannedOut: (events) => this.book.fannedOut.push(...events.map(({ offset }) => offset)),
    });
  }

  do(effects: readonly RoomEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#got(effect.socket, effect.text);
          break;
        case "share":
          this.shares.push(effect);
          for (const socket of effect.sockets) this.#got(socket, effect.frame);
          break;
        case "save":
          this.saves++;
          this.attachments.set(effect.socket, effect.attachment);
          break;
        case "close":
          this.closed.set(effect.socket, effect.code);
          this.attachments.delete(effect.socket);
          break;
        case "verify":
          this.verify.push(effect);
          break;
        case "wake":
          this.wakeAt = this.now + effect.inMs;
          break;
        case "expiry":
          this.expiry = effect.at;
          break;
        case "report":
          this.reports.push(effect.report);
          break;
        case "failed":
          this.failures.push(effect.error);
          break;
      }
    }
  }

  #got(socket: string, data: string | Uint8Array): void {
    if (this.closed.has(socket)) throw new Error("sent after the close");
    const text = typeof data === "string" ? data : new TextDecoder().decode(inflateRawSync(data));
    const json: unknown = JSON.parse(text);
    const numbered = typeof json === "object" && json !== null && "n" in json;
    const frame = (numbered ? serverFrameSchema.parse(json) : sharedFrameSchema.parse(json)) as AnyFrame; // what our own machine sends
    const count = (this.counts.get(socket) ?? 0) + 1;
    if ("n" in frame && frame.n !== count) {
      if (!this.endedSuddenly) throw new Error(`frame ${frame.n} of ${socket} is its ${count}.`);
      this.misnumbered.add(socket);
    }
    this.counts.set(socket, count);
    this.frames.set(socket, [...(this.frames.get(socket) ?? []), frame]);
  }

  /** Comes in as the shell lets somebody in. @returns whether the room let them */
  join(id: string, who: RoomAdmission = entry(id)): boolean {
    const entered = this.acts.enter(callerOf(who.person, who.actions), this.now);
    if (!entered.ok) return false;
    this.do(this.machine.tell(entered.value.events, this.now));
    this.do(this.machine.join(id, who, this.now));
    return true;
  }

  say(id: string, frame: object): void {
    this.do(this.machine.receive(id, JSON.stringify({ v: 1, ...frame }), this.now));
  }

  subscribe(id: string, more: object = {}): void {
    this.say(id, { type: "subscribe", id: "s", channel: "room/lobby", ...more });
  }

  /** In, and following from here on; what that was answered with is forgotten. */
  follow(...ids: string[]): void {
    for (const id of ids) {
      if (!this.counts.has(id)) this.join(id);
      this.subscribe(id, { replay: 0 });
    }
    this.wait(2_000);
    for (const id of this.frames.keys()) this.take(id);
  }

  send(id: string, clientId: string, text = clientId): void {
    this.say(id, { type: "send", clientId, text });
  }

  /** The client acknowledges everything. */
  ack(id: string, n = this.counts.get(id) ?? 0): void {
    this.say(id, { type: "ack", n });
  }

  /** A change over another wire, told after its commit. */
  change(by: RoomCaller, change: WantedChange["change"]): readonly RoomEvent[] {
    const { events, results } = this.acts.commit([{ by, change }], this.now);
    for (const result of results) if (!result.ok) throw new Error(result.problem.detail);
    this.do(this.machine.tell(events, this.now));
    return events;
  }

  /** What an operator changes of a member. */
  put(name: string, change: MemberPut): void {
    const by = callerOf(person("op", { kind: "operator", id: "user:op" }), ["rooms:read", "rooms:write", "rooms:manage"]);
    this.change(by, { type: "put-member", subject: `minted|${name}`, ref: `ref-${name}`, change });
  }

  /** Time passes; timers ring. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (let rings = 0; this.wakeAt !== undefined && this.wakeAt <= until; rings++) {
      if (rings > 1_000) throw new Error("timers do not come to rest");
      this.now = Math.max(this.now, this.wakeAt);
      this.wakeAt = undefined;
      this.do(this.machine.pump(this.now));
    }
    this.now = until;
  }

  /** The room ends without warning and begins again: only the log and what was saved of sockets remain. */
  end(): void {
    this.endedSuddenly = true;
    this.#begin();
  }

  #begin(): void {
    this.machine = this.#newMachine();
    this.wakeAt = undefined;
    this.do(this.machine.restore(this.attachments.values(), this.expiry, this.now));
  }

  /** The room sleeps, as it does once no timer is armed, and wakes. */
  sleep(): void {
    this.wait(20_000);
    if (this.wakeAt !== undefined) throw new Error("the room cannot sleep");
    this.#begin();
  }

  /** Frames since the last look. */
  take(id: string): AnyFrame[] {
    const frames = this.frames.get(id) ?? [];
    this.frames.set(id, []);
    return frames;
  }

  /** Frames of a kind since the last look. */
  taken<T extends AnyFrame["type"]>(id: string, type: T): FrameOf<T>[] {
    return this.take(id).filter((frame): frame is FrameOf<T> => frame.type === type);
  }

  /** Offsets of the log that a socket got since the last look. */
  offsets(id: string): number[] {
    return this.taken(id, "batch").flatMap(({ events }) => events.map(({ offset }) => offset));
  }
}
