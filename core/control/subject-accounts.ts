import type { NewEvent } from "../../contract/events.ts";
import { HOSTED } from "../../contract/subject-id.ts";
import { hourOf, SUBJECT_STORE_LIMITS } from "./subject-limits.ts";

/** A subject as its object keeps it: a hosted account, or one that another has named. Epoch milliseconds. */
export interface SubjectAccount {
  readonly issuer: string;
  readonly sub: string;
  readonly ref: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly guest: boolean;
  readonly email: string | null;
  readonly emailDigest: string | null;
  readonly passwordHash: string | null;
  readonly createdAt: number;
  /** When a guest got an address. */
  readonly upgradedAt: number | null;
  readonly lastSeenAt: number;
  /** When the row was last written because of what another said. */
  readonly writtenAt: number;
}

/**
 * What to write of a subject that comes by with this name, or undefined when that is known and was written of late.
 * A hosted account has its name from itself: only that it was seen is written.
 */
export function judgeSeen(
  account: SubjectAccount,
  said: { readonly name: string; readonly avatarUrl: string | null },
  now: number,
): SubjectAccount | undefined {
  const { name, avatarUrl } = account.issuer === HOSTED ? account : said;
  const renamed = name !== account.name || avatarUrl !== account.avatarUrl;
  const dueMs = renamed ? SUBJECT_STORE_LIMITS.renameMs : SUBJECT_STORE_LIMITS.seenMs;
  // A clock that was set back makes no difference: the next day comes again.
  if (now - account.writtenAt < dueMs) return undefined;
  return { ...account, name, avatarUrl, lastSeenAt: Math.max(now, account.lastSeenAt), writtenAt: now };
}

/** What becomes of an account for whoever has proved an address. */
export type PutVerdict = "create" | "upgrade" | "repeat" | "has-another";

export function judgePut(account: SubjectAccount | undefined, emailDigest: string): PutVerdict {
  if (!account) return "create";
  if (account.emailDigest === null) return "upgrade";
  return account.emailDigest === emailDigest ? "repeat" : "has-another";
}

type SubjectEvent = "meridian.subject.registered" | "meridian.subject.upgraded" | "meridian.subject.changed";

/** The whole of what D1 finds a subject by. */
export function subjectEvent(type: SubjectEvent, account: SubjectAccount, actor?: string): NewEvent {
  const { ref, guest, createdAt, lastSeenAt, issuer, sub, name, email } = account;
  return {
    type,
    subject: `subject/${ref}`,
    data: {
      ref,
      guest,
      createdAt,
      lastSeenAt: hourOf(lastSeenAt),
      personal: { issuer, sub, name, email },
      ...(actor === undefined ? {} : { actor }),
    },
  };
}
