import type { MemberState, RoomRole } from "../../../contract/rooms.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import type { Standing } from "./acts.ts";
import type { RoomHead, StoredMember } from "./store.ts";

/** What somebody may in a room. */
export interface Rights {
  readonly standing: Standing;
  /** Absent of services, operators, visitors and readers of a public room. */
  readonly member: StoredMember | undefined;
  /** Whether what others wrote is theirs to edit and delete. */
  readonly moderates: boolean;
  /** Whom they may add, change and remove: everybody, members and readers, nobody. */
  readonly manages: "all" | "lower" | "none";
  readonly mayReact: boolean;
}

/** `joins`: whoever comes in becomes a member in this role first. */
export type Admission =
  { readonly type: "in"; readonly rights: Rights } | { readonly type: "joins"; readonly role: RoomRole } | { readonly type: "out" };

const OUT: Admission = { type: "out" };

/** States in which somebody belongs to the room. */
export function belongs(state: MemberState): boolean {
  return state === "active" || state === "invited";
}

/**
 * Who somebody is here. Membership decides; a grant makes a member of who never was one; a ban or a removal beats every grant. A direct
 * room is its two people's, whatever was granted.
 */
export function admissionOf(head: RoomHead, by: RoomCaller, member: StoredMember | undefined): Admission {
  const granted = (action: RoomCaller["granted"][number]): boolean => by.granted.includes(action);
  if (by.kind === "visitor") return by.isPublic ? asReader(by) : OUT;
  if (by.kind !== "subject") return staffAdmission(by, granted);
  switch (member?.state) {
    case "active":
      return { type: "in", rights: memberRights(head, member, granted("manage")) };
    case "invited":
      return { type: "joins", role: member.role };
    case "banned":
    case "removed":
      return OUT;
    case "left":
      if (head.kind === "direct") return { type: "joins", role: member.role };
      break;
    case undefined:
      if (head.kind === "direct") return OUT;
  }
  // Leaving is no way out of being a reader.
  const comesAs = member?.role === "reader" ? "reader" : "member";
  if (granted("write") || granted("manage")) return { type: "joins", role: comesAs };
  if (granted("read")) return { type: "joins", role: "reader" };
  return by.isPublic ? asReader(by) : OUT;
}

/** Services and operators act without membership, as far as their actions go. */
function staffAdmission(by: RoomCaller, granted: (action: RoomCaller["granted"][number]) => boolean): Admission {
  const mayRead = granted("read") || by.isPublic;
  const mayWrite = granted("write");
  const manages = granted("manage");
  if (!mayRead && !mayWrite && !manages) return OUT;
  const role = manages ? "owner" : mayWrite ? "admin" : "reader";
  return {
    type: "in",
    rights: {
      standing: { subject: by.id, role, mayRead, mayWrite, mutedUntil: null },
      member: undefined,
      moderates: mayWrite || manages,
      manages: manages ? "all" : "none",
      mayReact: mayWrite,
    },
  };
}

function asReader(by: RoomCaller): Admission {
  const standing: Standing = { subject: by.id, role: "reader", mayRead: true, mayWrite: false, mutedUntil: null };
  return { type: "in", rights: { standing, member: undefined, moderates: false, manages: "none", mayReact: false } };
}

/** @param mayManage whether a grant gives them an owner's say over members beside their role */
export function memberRights(head: RoomHead, member: StoredMember, mayManage: boolean): Rights {
  const { subject, role, mutedUntil } = member;
  const leads = role === "owner" || role === "admin";
  const mayWrite = leads || (role === "member" && head.kind !== "channel");
  return {
    standing: { subject, role, mayRead: true, mayWrite, mutedUntil },
    member,
    moderates: leads || mayManage,
    manages: role === "owner" || mayManage ? "all" : leads ? "lower" : "none",
    mayReact: role !== "reader",
  };
}
