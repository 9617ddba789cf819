import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { MemberPut, MemberState, RoomRole } from "../../../contract/rooms.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import type { LogWriter } from "./log-writer.ts";
import type { Receipts } from "./receipts.ts";
import { admissionOf, belongs, memberRights, type Rights } from "./rights.ts";
import type { RoomStore, StoredMember } from "./store.ts";

export type WantedMember = Pick<StoredMember, "subject" | "ref" | "role" | "state" | "mutedUntil" | "name" | "avatarUrl">;

/** Also to who was banned, so that a room does not say that it exists. */
export const NO_ROOM = refuse("not-found", "There is no such room.");

/** Who is in the room and what they may; every change of it is an event of the log. */
export class Membership {
  readonly #store: RoomStore;
  readonly #receipts: Receipts;

  constructor(store: RoomStore, receipts: Receipts) {
    this.#store = store;
    this.#receipts = receipts;
  }

  find(subject: string): StoredMember | undefined {
    const member = this.#store.member(subject);
    return member && this.#receipts.over(member);
  }

  /** Somebody who is in the room from its beginning. */
  begin(member: WantedMember, by: RoomCaller, log: LogWriter): Outcome<StoredMember> {
    return this.#put(member, by, log);
  }

  /** What somebody may here, and a member of who comes for the first time. */
  enter(by: RoomCaller, log: LogWriter): Outcome<Rights> {
    const member = by.kind === "subject" ? this.find(by.id) : undefined;
    const admission = admissionOf(log.head, by, member);
    if (admission.type === "out") return NO_ROOM;
    if (admission.type === "in") return accept(admission.rights);
    const { name, avatarUrl, ref } = by;
    // Leaving is no way out of a mute.
    const mutedUntil = member?.mutedUntil ?? null;
    const put = this.#put({ subject: by.id, ref, role: admission.role, state: "active", mutedUntil, name, avatarUrl }, by, log);
    return put.ok ? accept(memberRights(log.head, put.value, by.granted.includes("manage"))) : put;
  }

  /** Somebody comes in: their name and picture are those of their token from now on. */
  come(by: RoomCaller, log: LogWriter): Outcome<Rights> {
    const entered = this.enter(by, log);
    const member = entered.ok ? entered.value.member : undefined;
    if (!member) return entered;
    const { subject, ref, role, state, mutedUntil } = member;
    const [name, avatarUrl] = [by.name || member.name, by.avatarUrl ?? member.avatarUrl];
    const put = this.#put({ subject, ref, role, state, mutedUntil, name, avatarUrl }, by, log);
    return put.ok ? entered : put;
  }

  /** What somebody may here who does not become anything by asking. */
  look(by: RoomCaller, head: LogWriter["head"]): Rights | undefined {
    const member = by.kind === "subject" ? this.find(by.id) : undefined;
    const admission = admissionOf(head, by, member);
    if (admission.type === "in") return admission.rights;
    if (admission.type === "out") return undefined;
    const standing = { subject: by.id, role: admission.role, mayRead: true, mayWrite: false, mutedUntil: null };
    return { standing, member, moderates: false, manages: "none", mayReact: false };
  }

  /** Adds, invites or changes somebody. */
  change(by: RoomCaller, rights: Rights, of: { subject: string; ref: string }, change: MemberPut, log: LogWriter): Outcome<StoredMember> {
    const before = this.find(of.subject);
    const role = change.role ?? before?.role ?? "member";
    const fault = this.#mayChange(rights, before, role) ?? this.#fitsRoom(log, before);
    if (fault) return fault;
    // A ban ends only where it is said: a change of something else is no pardon.
    const kept = before && (belongs(before.state) || before.state === "banned") ? before.state : undefined;
    const state = change.state ?? kept ?? "active";
    if (before?.role === "owner" && before.state === "active" && (role !== "owner" || state !== "active") && this.#isLastOwner())
      return LAST_OWNER;
    const until = change.mutedUntil;
    return this.#put(
      {
        ...of,
        ref: before?.ref ?? of.ref,
        role,
        state,
        mutedUntil: until === undefined ? (before?.mutedUntil ?? null) : until === null ? null : Date.parse(until),
        name: change.name ?? before?.name ?? "",
        avatarUrl: change.avatarUrl === undefined ? (before?.avatarUrl ?? null) : change.avatarUrl,
      },
      by,
      log,
    );
  }

  /** One's own: leaves. Another's: removes. */
  remove(by: RoomCaller, rights: Rights, subject: string, log: LogWriter): Outcome<StoredMember> {
    const before = this.find(subject);
    const isOwn = by.kind === "subject" && by.id === subject;
    if (!before || before.state === "removed" || before.state === "left") return NO_MEMBER;
    const fault = isOwn ? undefined : this.#mayChange(rights, before, before.role);
    if (fault) return fault;
    if (before.role === "owner" && before.state === "active" && this.#isLastOwner()) return LAST_OWNER;
    const { ref, role, mutedUntil, name, avatarUrl } = before;
    // A ban that is taken away leaves somebody who was removed, not a member.
    return this.#put({ subject, ref, role, state: isOwn ? "left" : "removed", mutedUntil, name, avatarUrl }, by, log);
  }

  /** Members whose role nobody else may touch are refused, and roles that only an owner gives. */
  #mayChange(rights: Rights, before: StoredMember | undefined, role: RoomRole): Outcome<never> | undefined {
    if (rights.manages === "all") return undefined;
    if (rights.manages === "none") return refuse("forbidden", "Only owners and admins of the room change its members.");
    const isLower = (one: RoomRole): boolean => one === "member" || one === "reader";
    return isLower(before?.role ?? "member") && isLower(role)
      ? undefined
      : refuse("forbidden", "Only an owner changes owners and admins, or makes them.");
  }

  #fitsRoom({ head }: LogWriter, before: StoredMember | undefined): Outcome<never> | undefined {
    if (head.kind !== "direct" || before) return undefined;
    return refuse("conflict", "A direct room has its two people. Make a group for more.");
  }

  #isLastOwner(): boolean {
    return this.#store.ownerCount() <= 1;
  }

  #put(wanted: WantedMember, by: RoomCaller, log: LogWriter): Outcome<StoredMember> {
    const before = this.find(wanted.subject);
    const comes = belongs(wanted.state) && !(before && belongs(before.state));
    if (comes && this.#store.memberCount() >= L.members) return ROOM_FULL;
    if (!before && !this.#store.makeRoomForMember()) return ROOM_FULL;
    // Whoever comes has nothing unread: what was said before is there to be read.
    const { offset, ordinal } = this.#store.places();
    const fresh = { seenAt: null, deliveredOffset: offset, readOffset: offset, readOrdinal: ordinal, delivered: [], read: [] };
    const member: StoredMember = {
      ...(before ?? { ...fresh, joinedAt: log.now }),
      ...(comes ? { ...fresh, joinedAt: log.now } : {}),
      ...wanted,
    };
    if (before && isSame(before, member)) return accept(before);
    this.#store.putMember(member);
    if (comes) this.#receipts.forget(wanted.subject);
    else this.#receipts.stored(wanted.subject, log.now);
    const { subject, role, state, name, avatarUrl, mutedUntil } = member;
    log.note({ type: "member", data: { subject, role, state, name, avatarUrl, mutedUntil, by: by.id } });
    if (before?.state !== state) this.#emit(member, by, log);
    return accept(member);
  }

  #emit({ subject, ref, role, state, name }: StoredMember, by: RoomCaller, log: LogWriter): void {
    const type = EVENT_OF[state];
    if (type === undefined) return;
    const { room } = log.head;
    const actor = by.kind === "subject" ? `subject:${by.ref}` : by.id;
    log.emit({ type, subject: `room/${room}`, data: { room, ref, role, state, actor, personal: { subject, name } } });
  }
}

/** An invitation is no event yet: its acceptance is. */
const EVENT_OF = {
  active: "meridian.room.member.joined",
  invited: undefined,
  left: "meridian.room.member.left",
  removed: "meridian.room.member.left",
  banned: "meridian.room.member.banned",
} as const satisfies Record<MemberState, string | undefined>;

const ROOM_FULL = refuse("room-full", `A room has at most ${L.members} members. Remove some first.`);
const LAST_OWNER = refuse("conflict", "A room keeps an owner. Make somebody else one first.");
const NO_MEMBER = refuse("not-found", "There is no such member.");

function isSame(a: StoredMember, b: StoredMember): boolean {
  return (["role", "state", "name", "avatarUrl", "mutedUntil"] as const).every((field) => a[field] === b[field]);
}
