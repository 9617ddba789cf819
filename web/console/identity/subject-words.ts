import type { Subject, SubjectSummary } from "../../../contract/subjects.ts";
import { deviceWords } from "../../../contract/device-words.ts";
import { HOSTED, MINTED } from "../../../contract/subject-id.ts";
import { plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

type Origin = Pick<SubjectSummary, "issuer" | "guest">;
type Named = Pick<SubjectSummary, "name" | "sub">;

/** How an end user came to be one, as short as a column wants it. */
export function originWords({ issuer, guest }: Origin): string {
  if (guest) return "guest";
  if (issuer === HOSTED) return "account";
  return issuer === MINTED ? "minted" : `by ${issuer}`;
}

/** The same as a sentence's part. */
export function originSentence(of: Origin): string {
  if (of.guest) return "a guest: no address, so the account lives in one browser";
  if (of.issuer === HOSTED) return "a hosted account, with an address and a password";
  return of.issuer === MINTED ? "named by your backend, which mints the tokens" : `signed in by your issuer ${of.issuer}`;
}

/** What an end user is called on the page. */
export function nameOf({ name, sub }: Named): string {
  return name || sub;
}

/** When they were last seen. It is kept to the hour, which may begin before they first came. */
export function lastSeen({ createdAt, lastSeenAt }: Pick<SubjectSummary, "createdAt" | "lastSeenAt">): string {
  return Date.parse(lastSeenAt) < Date.parse(createdAt) ? createdAt : lastSeenAt;
}

/** Longer names are copied, not typed, and copying confirms nothing. */
const TYPED_CHARS = 40;

/** What is typed to confirm a deletion. People choose their own names: one that a keyboard does not have gives way to the sub, and a long sub to the start of the digest. */
export function typedName({ name, sub, ref }: Named & Pick<SubjectSummary, "ref">): string {
  const typable = /^[\p{L}\p{N}\p{P}]+( [\p{L}\p{N}\p{P}]+)*$/u;
  return [name, sub].find((text) => text.length <= TYPED_CHARS && typable.test(text)) ?? ref.slice(0, 8);
}

/** What signing somebody out everywhere does to this one. */
export function signOutWords({ sessions, guest, issuer }: Pick<Subject, "sessions" | "guest" | "issuer">): string {
  const ends = sessions.length === 0 ? "" : `, ${plural(sessions.length, "session")} cannot be renewed any more`;
  const after = guest
    ? "A guest has no address to come back with: this account is lost to them for good."
    : issuer === HOSTED
      ? "They may log in again with their password."
      : "They may come back with a token that is issued from now on.";
  return `Within 2 seconds every token of this person is refused${ends}, and their sockets close. ${after}`;
}

/** The program of a session. */
export function sessionWords({ userAgent, keyId }: Pick<Subject["sessions"][number], "userAgent" | "keyId">): string {
  return keyId === null ? (deviceWords(userAgent) ?? "a program that does not say its name") : `minted with key ${keyId}`;
}

/** When a session was last renewed; kept to the minute, which may begin before the session. */
export function lastRenewal({ createdAt, lastUsedAt }: Pick<Subject["sessions"][number], "createdAt" | "lastUsedAt">): string | null {
  return Date.parse(lastUsedAt) <= Date.parse(createdAt) ? null : lastUsedAt;
}

/** The top line over what is loaded. */
export function subjectsHead(count: number, more: boolean, filtered: boolean): { tone: Tone; headline: string; detail: string } {
  const shown = `${count}${more ? "+" : ""} end user${count === 1 && !more ? "" : "s"}`;
  return {
    tone: "ok",
    headline: filtered ? `${shown} found` : shown,
    detail: "newest first; the people who use your product",
  };
}

/** A subject's address in the console; `sub` may hold anything printable. */
export function subjectPath(list: string, { issuer, sub }: Pick<SubjectSummary, "issuer" | "sub">): string {
  return `${list}/${encodeURIComponent(issuer)}/${encodeURIComponent(sub)}`;
}
