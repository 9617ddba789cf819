import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { Revocation } from "../../contract/rpc/access.ts";
import { HOSTED, MINTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";

export const REVOCATION_LIMITS = {
  /** Of tokens and of subjects together. Issuers and the tenant itself are few and can always be revoked. */
  remembered: SUBJECT_LIMITS.revocations,
  /** Of these, those that end users make by themselves: they must leave room for the tenant's own. */
  ofEndUsers: SUBJECT_LIMITS.revocations / 2,
  /**
   * Milliseconds until a token that was taken once, brought ones included, has certainly ended by itself: clocks may differ at both
   * ends, so its issue may have yet to come when it is revoked.
   */
  lifeMs: (SUBJECT_LIMITS.broughtTtlMaxS + 2 * SUBJECT_LIMITS.clockSkewS) * 1_000,
  /** One answer to an isolate. */
  page: 1_000,
  /** Rows that one run of the sweep deletes. */
  sweepRows: 1_000,
} as const;

export type Revoked = Pick<Revocation, "kind" | "id">;

/** What may have to be looked up before something is revoked. Times are epoch milliseconds. */
export interface RevocationState {
  /** Revocations of tokens and subjects that still count. */
  countSingle(): number;
  /** The one of the same thing, which the new one replaces. */
  former(): Pick<Revocation, "before"> | undefined;
  /** The latest `before` of all, for one that replaces all. */
  latestBefore(): number;
  /** Whether an issuer of this name was ever registered. */
  isIssuer(name: string): boolean;
  /** Whether an end user wishes it: by a log-out everywhere, a new password, a deletion. */
  readonly byEndUser: boolean;
}

/** Whether it may be revoked, and up to when it counts: never to an earlier moment than before, even if the clock went back. */
export function decideRevocation(what: Revoked, state: RevocationState, now: number): Outcome<Omit<Revocation, "seq">> {
  const { kind } = what;
  const id = kind === "tenant" ? "" : what.id;
  if (kind === "issuer" && id !== MINTED && id !== HOSTED && !state.isIssuer(id))
    return refuse("not-found", "There never was an issuer of this name.");
  const former = state.former();
  const most = state.byEndUser ? REVOCATION_LIMITS.ofEndUsers : REVOCATION_LIMITS.remembered;
  if ((kind === "token" || kind === "subject") && !former && state.countSingle() >= most) {
    return refuse(
      "limit-reached",
      `${most} single revocations are in force. Revoke the issuer, or everyone (kind "tenant"): that replaces them all.`,
    );
  }
  const before = Math.max(now, kind === "tenant" ? state.latestBefore() : (former?.before ?? 0));
  return accept({ kind, id, before, until: before + REVOCATION_LIMITS.lifeMs });
}

/** What the audit log and events call it: `token/{jti}`, `subject/{ref}`, `issuer/{name}` or `tenant`. */
export function revokedName({ kind, id }: Revoked): string {
  return kind === "tenant" ? "tenant" : `${kind}/${id}`;
}
