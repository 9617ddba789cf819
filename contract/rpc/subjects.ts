import type { Grant } from "../grants.ts";
import type { Outcome } from "../problems.ts";
import type { Subject } from "../subjects.ts";
import type { CallMeta, ObjectRpc } from "./call.ts";

/** Who is meant: `issuer` and `sub` of a subject that lives at this object. */
export interface SubjectName {
  readonly issuer: string;
  readonly sub: string;
}

/** A hosted account as the edge needs it to check a password or to make a token. */
export interface HostedAccount {
  readonly sub: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  /** Null for a guest. */
  readonly email: string | null;
  readonly emailDigest: string | null;
  /** As `workers/control/auth-password.ts` writes it; null for a guest. */
  readonly passwordHash: string | null;
  readonly guest: boolean;
}

/** What somebody asked to become and has yet to prove by the mailed link. */
export interface PendingAccount {
  readonly sub: string;
  readonly email: string;
  readonly emailDigest: string;
  readonly passwordHash: string;
  readonly name: string;
}

/** A pending account whose address is claimed for its sub. */
export interface ClaimedAccount extends PendingAccount {
  /** The claim it stands on. It may be voided while nobody finishes it; then no account comes of it any more. */
  readonly claimId: string;
  /** When the address was claimed, epoch milliseconds: one that is older than any link is void too. */
  readonly claimedAt: number;
}

/** What a refresh handle stands for. */
export interface RefreshFamily {
  readonly familyId: string;
  readonly issuer: string;
  readonly sub: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly guest: boolean;
  /** Minted: what the key gave, and the key. Hosted: null, the tenant's default grants count at each refresh. */
  readonly minted: { readonly keyId: string; readonly grants: readonly Grant[] } | null;
  /** Of the tokens it renews. */
  readonly ttlSeconds: number;
}

/** Why a handle is refused. `replayed` has ended its family: somebody else holds it too. `switched-off` changed nothing. */
export type RefreshRefusal = "unknown" | "ended" | "replayed" | "switched-off";

/**
 * `{tenantId}/subjects/{n}`, `SUBJECT_LIMITS.places` of them. Two halves, each found by its own key:
 * *accounts and families* at `rendezvousPlace(subjectOf(issuer, sub), places)`; *the directory of addresses* at
 * `rendezvousPlace("email " + digest, places)`, which says which `sub` an address belongs to. The edge picks the sub of a new
 * account so that both are the same object; only an upgraded guest may have them apart.
 * Secrets and tokens reach it as SHA-256 in hex.
 */
export interface SubjectsRpc extends ObjectRpc {
  // The directory.

  /**
   * Takes a log-in attempt of this address from this place (digest of a network address). Per address and place 5 in 5 min, then
   * waits that double up to 15 min; strangers' attempts on an address do not slow places from which its owner has logged in.
   * An address without an account is counted alike.
   */
  takeLogin(emailDigest: string, place: string): Promise<{ allowed: boolean; retryAfterMs: number }>;
  /** The right password: attempts are given back and the place is known from now on. */
  loginSucceeded(emailDigest: string, place: string): Promise<void>;
  /** Whose address it is; null when nobody has proved it. */
  findEmail(emailDigest: string): Promise<{ sub: string } | null>;
  /**
   * Keeps a pending account and emits the event whose consumer mails the link. Of an address that is taken, or has too many open
   * verifications, nothing is kept; its owner is mailed all the same where it is taken. The answer never tells.
   * @param link with the token in it; it leaves only by mail
   */
  beginVerification(pending: PendingAccount, tokenHash: string, link: string, meta: CallMeta): Promise<Outcome<null>>;
  /** What a mailed token would complete, to check the password with; null when there is no such token any more. Changes nothing. */
  pendingOf(tokenHash: string): Promise<Pick<PendingAccount, "emailDigest" | "passwordHash"> | null>;
  /** The pending account of a mailed token, whose address is now claimed for its sub: call `putAccount`, then `finishVerification`. May be repeated. */
  claimEmail(tokenHash: string, meta: CallMeta): Promise<Outcome<ClaimedAccount>>;
  finishVerification(tokenHash: string): Promise<void>;
  /** Gives an address back when its account has gone, or never came; of an account that has it nothing is released. */
  releaseEmail(emailDigest: string, sub: string): Promise<void>;

  // Accounts.

  createGuest(input: { sub: string; name: string }, meta: CallMeta): Promise<Outcome<HostedAccount>>;
  /** Makes the account, or gives a guest of this sub its address and password. Emits registered or upgraded. May be repeated. */
  putAccount(claimed: ClaimedAccount, meta: CallMeta): Promise<Outcome<{ account: HostedAccount; upgraded: boolean }>>;
  account(sub: string): Promise<HostedAccount | null>;
  /**
   * A directory asks before it gives an address to another sub: whether this sub's account has the address (`kept`). If not, none
   * will ever get it by that claim.
   */
  voidClaim(claim: { sub: string; emailDigest: string; claimId: string }): Promise<{ kept: boolean }>;
  setPassword(sub: string, passwordHash: string, meta: CallMeta): Promise<Outcome<null>>;
  /** A subject that another has named: listed from now on. Writes at most once a day per subject. */
  noteSeen(who: SubjectName & { name: string; avatarUrl: string | null }): Promise<void>;
  describe(who: SubjectName): Promise<Outcome<Subject>>;
  /** Removes account, families and attempts and emits `meridian.subject.deleted`; a deleted subject cannot come back under this sub. */
  deleteSubject(who: SubjectName, meta: CallMeta): Promise<Outcome<{ emailDigest: string | null }>>;

  // Families of refresh handles.

  openFamily(
    input: Omit<RefreshFamily, "familyId"> & { familyId: string; secretHash: string; userAgent: string | null },
    meta: CallMeta,
  ): Promise<Outcome<null>>;
  /**
   * Trades a handle's secret for the next. The secret before the newest is taken once more within `refreshGraceMs` as long as the
   * newest was never used; any other used one ends the family.
   * @param hosted whether the tenant's hosted accounts are on: while they are off, their handles are kept as they are
   */
  rotateFamily(
    familyId: string,
    secretHash: string,
    nextSecretHash: string,
    hosted?: boolean,
  ): Promise<{ ok: true; family: RefreshFamily } | { ok: false; reason: RefreshRefusal; who: SubjectName | null }>;
  /** Ends one family, or all of a subject. Answers the ids of those ended. */
  closeFamilies(who: SubjectName, familyId: string | null, meta: CallMeta): Promise<Outcome<{ closed: readonly string[] }>>;
  /**
   * Ends the families of this object that were opened up to `before` (epoch ms): of one subject, of an issuer (`sub` null), or all
   * (both null). What a revocation ends; families opened since stay. May be repeated.
   */
  endFamilies(of: { issuer: string | null; sub: string | null }, before: number): Promise<{ closed: number }>;
  /** Ends the family of a handle, given its secret or the one before. */
  closeFamilyBySecret(familyId: string, secretHash: string, meta: CallMeta): Promise<Outcome<{ closed: readonly string[] }>>;
}
