import { HOSTED, parseSubject } from "../../contract/subject-id.ts";
import type { SubjectsParts } from "./subjects-parts.ts";

/**
 * Removes every row of a subject from this object, whichever half of it is here, in the running transaction.
 * @returns rows that went
 */
export function removeSubject(parts: SubjectsParts, issuer: string, sub: string): number {
  const { accounts, directory, families, logins } = parts;
  const emails = new Set<string>();
  let rows = families.deleteOf(issuer, sub).length;
  if (issuer === HOSTED) {
    const own = accounts.find(issuer, sub)?.emailDigest;
    for (const { emailDigest } of directory.claimsOf(sub)) emails.add(emailDigest);
    if (own) emails.add(own);
    rows += directory.deleteOfSub(sub);
    for (const emailDigest of emails) {
      rows += directory.deleteClaim(emailDigest, sub);
      rows += directory.deleteOfEmail(emailDigest) + logins.deleteOfEmail(emailDigest) + logins.forgetPlaces(emailDigest);
    }
  }
  rows += accounts.delete(issuer, sub);
  if (rows > 0) parts.recount();
  return rows;
}

/** The kit's hook. A subject that is none has left nothing here. */
export function forgetSubject(parts: SubjectsParts, subject: string): number {
  const who = parseSubject(subject);
  return who ? removeSubject(parts, who.issuer, who.sub) : 0;
}
