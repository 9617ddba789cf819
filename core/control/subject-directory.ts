import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { SUBJECT_STORE_LIMITS } from "./subject-limits.ts";

/** Whose an address is, in the directory's view. */
export interface EmailClaim {
  readonly emailDigest: string;
  readonly sub: string;
  readonly ref: string;
  /** Of its own for every time that an address changes hands: by it an account's object knows a claim that no longer stands. */
  readonly claimId: string;
  readonly claimedAt: number;
  /** The account exists and has this address. */
  readonly finished: boolean;
}

/**
 * What the holder of a mailed link may do about its address.
 * - `claim`: nobody has it.
 * - `repeat`: it is theirs already.
 * - `taken`: it is another's for good.
 * - `wait`: another is about to get it.
 * - `take-over`: another was about to get it and never finished; that one's object has to say whether an account came of it.
 */
export type ClaimVerdict =
  { readonly kind: "claim" } | { readonly kind: "repeat" | "taken" | "wait" | "take-over"; readonly claim: EmailClaim };

export function judgeClaim(claim: EmailClaim | undefined, sub: string, now: number): ClaimVerdict {
  if (!claim) return { kind: "claim" };
  if (claim.sub === sub) return { kind: "repeat", claim };
  if (claim.finished) return { kind: "taken", claim };
  return { kind: now - claim.claimedAt < SUBJECT_STORE_LIMITS.takeOverMs ? "wait" : "take-over", claim };
}

/** Whether an account may still come of a claim, unless it was voided. */
export function isClaimTimely(claimedAt: number, now: number): boolean {
  return now - claimedAt <= SUBJECT_STORE_LIMITS.claimMs;
}

/** Whether one more verification of an address may be open. */
export function mayVerify(open: number): boolean {
  return open < SUBJECT_LIMITS.verifications;
}

/** Where a link leads without what is secret in it: for the mail to an owner who has an account already. */
export function plainLink(link: string): string {
  const end = link.search(/[?#]/);
  return end === -1 ? link : link.slice(0, end);
}
