import type { Member } from "../../../contract/access.ts";
import type { PublicThing } from "../../../contract/settings.ts";
import { plural } from "../../lib/format.ts";

/** Who marked something, by name while they are a member: `user:{id}` says nothing to a person. */
export function markerWords(markedBy: string, own: string | undefined, members: readonly Pick<Member, "userId" | "name">[]): string {
  if (own !== undefined && markedBy === `user:${own}`) return "you";
  const member = members.find(({ userId }) => markedBy === `user:${userId}`);
  if (member) return member.name;
  return markedBy.startsWith("user:") ? "somebody who is no member any more" : markedBy;
}

/** How much is public; a beginning of names is more than one thing. */
export function publicHead(things: readonly Pick<PublicThing, "name">[]): { headline: string; detail: string } {
  if (things.length === 0) return { headline: "Everything is private", detail: "nobody reads anything without a token" };
  const beginnings = things.filter(({ name }) => name.endsWith("*")).length;
  const open = beginnings === 0 ? "" : `${beginnings} with * ${beginnings === 1 ? "covers" : "cover"} all names that begin so; `;
  return {
    headline: `${plural(things.length, "name")} ${things.length === 1 ? "is" : "are"} public`,
    detail: `${open}anybody reads them without a token`,
  };
}
