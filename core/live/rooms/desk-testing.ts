import type * as z from "zod";
import type { NewEvent } from "../../../contract/events.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import { type MemberPut, messageInputSchema, type RoomKind, type RoomRole } from "../../../contract/rooms.ts";
import type { RoomAction, RoomCaller } from "../../../contract/rpc/room.ts";
import type { Committed, RoomChange } from "./acts.ts";
import { RoomDesk } from "./desk.ts";
import { MemoryRoomStore } from "./memory-store-testing.ts";
import type { RoomStore } from "./store.ts";

export const START = 1_800_000_000_000;

export function person(name: string, granted: readonly RoomAction[] = [], isPublic = false): RoomCaller {
  return { kind: "subject", id: `minted|${name}`, ref: `ref-${name}`, name, avatarUrl: null, granted, isPublic };
}

export function service(...granted: RoomAction[]): RoomCaller {
  return { kind: "service", id: "key:1", ref: "", name: "Server", avatarUrl: null, granted, isPublic: false };
}

/** A room in memory, its clock and what it told. */
export class TestDesk {
  readonly store: RoomStore;
  readonly desk: RoomDesk;
  readonly outbox: NewEvent[] = [];
  readonly told: RoomEvent[] = [];
  now = START;
  #sent = 0;

  constructor(kind: RoomKind = "group", store: RoomStore = new MemoryRoomStore()) {
    this.store = store;
    const kept = { retentionDays: null, hotMessages: 100_000, version: 1, createdAt: START, state: "live" } as const;
    store.putHead({ room: "lobby", kind, title: "Lobby", epoch: "e1", ...kept });
    const presence = { stateOf: () => "offline" as const };
    this.desk = new RoomDesk({
      store,
      emit: (event) => void this.outbox.push(event),
      presence: () => presence,
      receiptsWait: () => undefined,
    });
  }

  /** Somebody who is in the room without anybody being told. */
  seat(name: string, role: RoomRole = "member", fields: Partial<Parameters<RoomStore["putMember"]>[0]> = {}): RoomCaller {
    const { offset, ordinal } = this.store.places();
    const progress = { deliveredOffset: offset, readOffset: offset, readOrdinal: ordinal, delivered: [], read: [] };
    const by = person(name);
    this.store.putMember({
      subject: by.id,
      ref: by.ref,
      role,
      state: "active",
      name,
      avatarUrl: null,
      joinedAt: START,
      mutedUntil: null,
      seenAt: null,
      ...progress,
      ...fields,
    });
    return by;
  }

  do(by: RoomCaller, change: RoomChange): Outcome<Committed> {
    const { results, events } = this.desk.commit([{ by, change }], this.now);
    this.told.push(...events);
    const [result] = results;
    if (!result) throw new Error("no result");
    return result;
  }

  send(by: RoomCaller, text = "hello", more: Partial<z.input<typeof messageInputSchema>> = {}): Outcome<Committed> {
    this.#sent += 1;
    return this.do(by, { type: "send", message: messageInputSchema.parse({ clientId: `c-${this.#sent}`, text, ...more }) });
  }

  /** The place of a message that must be taken. */
  say(by: RoomCaller, text = "hello", more: Parameters<TestDesk["send"]>[2] = {}): number {
    const sent = this.send(by, text, more);
    if (!sent.ok) throw new Error(sent.problem.slug);
    return sent.value.offset;
  }

  put(by: RoomCaller, name: string, change: MemberPut = {}): string {
    return slug(this.do(by, { type: "put-member", subject: `minted|${name}`, ref: `ref-${name}`, change }));
  }

  remove(by: RoomCaller, name: string): string {
    return slug(this.do(by, { type: "remove-member", subject: `minted|${name}` }));
  }

  enter(by: RoomCaller): string {
    const entered = this.desk.enter(by, this.now);
    if (entered.ok) this.told.push(...entered.value.events);
    return entered.ok ? entered.value.standing.role : entered.problem.slug;
  }

  state(name: string): string | undefined {
    return this.store.member(`minted|${name}`)?.state;
  }
}

/** What was refused, or that it was not. */
export function slug(outcome: Outcome<unknown>): string {
  return outcome.ok ? "ok" : outcome.problem.slug;
}
