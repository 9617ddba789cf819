import { callObject, objectAt, type ObjectNamespace } from "../../contract/address.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import { rendezvousPlace } from "../../contract/rendezvous.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { ClaimedAccount, PendingAccount, SubjectsRpc } from "../../contract/rpc/subjects.ts";
import { HOSTED, SUBJECT_LIMITS, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import { type EmailClaim, judgeClaim, mayVerify, plainLink } from "../../core/control/subject-directory.ts";
import { checked, SUBJECT_INPUT } from "../../core/control/subject-input.ts";
import { SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import type { AccountDesk } from "./subjects-accounts.ts";
import type { Verification } from "./subjects-directory-store.ts";
import type { SubjectsParts } from "./subjects-parts.ts";

const OPEN_MS = SUBJECT_LIMITS.verificationTtlS * 1_000;
const USED_UP = "This link is used up or too old. Log in, or register again.";
const TAKEN = "This address has an account already. Log in with it.";
const WAIT = "Another link of this address is being used. Try again in ten minutes.";

/**
 * Whose an address is. An account and its address may live in two objects, and whoever drives them may stop between any two
 * calls, so an address changes hands like this:
 *
 * 1. `claim` gives the address to a sub, under a claim of its own id, unfinished.
 * 2. The sub's object makes the account (`putAccount`), unless that claim was voided there.
 * 3. `finish` makes the claim final.
 *
 * A claim moves from one sub to another only while it is unfinished, and only after the first sub's object has said that no
 * account of it has the address and has voided the claim in the same transaction. From then on no account can come of it: the
 * void is remembered until the claim is older than accounts may be made of. So at any moment an account that has an address is
 * the one whose sub the directory names, and there is never a second. Whoever stopped after 1 or 2 repeats the link and comes
 * to 3; who never comes back has the claim settled when the link is over. Log-ins read unfinished claims too: an account that
 * was made can be used at once.
 */
export class DirectoryDesk {
  readonly #parts: SubjectsParts;
  readonly #accounts: AccountDesk;
  readonly #objects: ObjectNamespace<SubjectsRpc>;
  /** Rows of verifications; counted once per wake. */
  #rows = 0;

  constructor(parts: SubjectsParts, accounts: AccountDesk, objects: ObjectNamespace<SubjectsRpc>) {
    this.#parts = parts;
    this.#accounts = accounts;
    this.#objects = objects;
  }

  recount(): void {
    this.#rows = this.#parts.directory.count();
  }

  async findEmail(emailDigest: string): Promise<{ sub: string } | null> {
    return await this.#parts.kit.read(() => {
      const claim = this.#parts.directory.claim(emailDigest);
      return claim ? { sub: claim.sub } : null;
    });
  }

  async begin(pending: PendingAccount, tokenHash: string, link: string, meta: CallMeta): Promise<Outcome<null>> {
    const input = checked(SUBJECT_INPUT.verification, { pending, tokenHash, link });
    if (!input.ok) return input;
    const { kit, directory } = this.#parts;
    const { pending: wanted } = input.value;
    const { emailDigest, email, name } = wanted;
    return await kit.changeAfter<string, null>(
      undefined,
      async () => await this.#refOf(wanted.sub),
      (ref, now) => {
        const owner = directory.claim(emailDigest);
        const known = owner?.finished === true;
        if (directory.verification(tokenHash) || !mayVerify(directory.countOpen(emailDigest, now - OPEN_MS))) return accept(null);
        if (this.#rows >= LIMITS.verifications) this.#rows -= directory.evict(LIMITS.evictAtOnce);
        if (this.#rows >= LIMITS.verifications) return accept(null); // all of them are being finished at this moment
        directory.open({ tokenHash, emailDigest, pending: known ? null : wanted, openedAt: now });
        this.#rows += 1;
        this.#parts.expireBy(now + OPEN_MS);
        const mailedRef = known ? owner.ref : ref;
        const personal = { email, name, link: known ? plainLink(link) : link };
        const data = { ref: mailedRef, known, actor: meta.actor, personal };
        kit.outbox.emit({ type: "meridian.subject.verification-requested", subject: `subject/${mailedRef}`, data });
        return accept(null);
      },
    );
  }

  async pendingOf(tokenHash: string): Promise<Pick<PendingAccount, "emailDigest" | "passwordHash"> | null> {
    const { kit } = this.#parts;
    return await kit.read(() => {
      const pending = this.#pending(tokenHash, kit.now());
      return pending ? { emailDigest: pending.emailDigest, passwordHash: pending.passwordHash } : null;
    });
  }

  async claim(tokenHash: string): Promise<Outcome<ClaimedAccount>> {
    const { kit, directory } = this.#parts;
    return await kit.changeAfter<{ ref: string; settled: Settled | undefined }, ClaimedAccount>(
      undefined,
      async () => {
        const pending = this.#pending(tokenHash, kit.now());
        if (!pending) return { ref: "", settled: undefined };
        const verdict = judgeClaim(directory.claim(pending.emailDigest), pending.sub, kit.now());
        const settled = verdict.kind === "take-over" ? await this.#settle(verdict.claim) : undefined;
        return { ref: await this.#refOf(pending.sub), settled };
      },
      ({ ref, settled }, now) => {
        const pending = this.#pending(tokenHash, now);
        if (!pending || ref === "") return refuse("gone", USED_UP);
        const { sub, emailDigest } = pending;
        const verdict = judgeClaim(directory.claim(emailDigest), sub, now);
        switch (verdict.kind) {
          case "claim":
            break;
          case "repeat":
            return accept({ ...pending, claimId: verdict.claim.claimId, claimedAt: verdict.claim.claimedAt });
          case "taken":
            return refuse("conflict", TAKEN);
          case "wait":
            return refuse("conflict", WAIT);
          case "take-over":
            // What the other object said is about one claim: another may have come since.
            if (settled?.claimId !== verdict.claim.claimId) return refuse("conflict", WAIT);
            if (settled.kept) {
              directory.finish(verdict.claim);
              return refuse("conflict", TAKEN);
            }
        }
        const claimId = uuidv7(now, cryptoRandom);
        directory.putClaim({ emailDigest, sub, ref, claimId, claimedAt: now, finished: false });
        return accept({ ...pending, claimId, claimedAt: now });
      },
    );
  }

  async finish(tokenHash: string): Promise<void> {
    const { kit, directory } = this.#parts;
    await kit.ready();
    kit.transaction(() => {
      const pending = directory.verification(tokenHash)?.pending;
      if (!pending) return;
      const claim = directory.claim(pending.emailDigest);
      if (claim?.sub !== pending.sub) return;
      directory.finish(claim);
      this.#rows -= directory.delete(tokenHash);
    });
  }

  /** Gives an address back whose account is not there, and will not be: whoever asks may be late or mistaken. */
  async release(emailDigest: string, sub: string): Promise<void> {
    const { kit, directory, logins } = this.#parts;
    await kit.ready();
    const claim = directory.claim(emailDigest);
    if (claim?.sub !== sub) return;
    const { claimId, kept } = await this.#settle(claim);
    if (kept) return;
    kit.transaction(() => {
      if (directory.claim(emailDigest)?.claimId !== claimId) return;
      directory.deleteClaim(emailDigest, sub);
      this.#rows -= directory.deleteOfEmail(emailDigest);
      logins.deleteOfEmail(emailDigest);
      logins.forgetPlaces(emailDigest);
    });
  }

  /**
   * Removes a slice of the verifications that are over, and settles the claims that they leave unfinished.
   * @returns whether there may be more
   */
  async sweep(now: number): Promise<boolean> {
    const { kit, directory } = this.#parts;
    const over = directory.over(now - OPEN_MS, LIMITS.sweepRows);
    const unfinished = over.filter((one) => this.#unfinished(one)).slice(0, LIMITS.settleAtOnce);
    const settled = new Map<string, Settled>();
    for (const one of unfinished) {
      const claim = this.#unfinished(one);
      if (claim) settled.set(one.tokenHash, await this.#settle(claim));
    }
    const dropped = kit.transaction(() => over.filter((one) => this.#drop(one, settled.get(one.tokenHash))).length);
    return over.length === LIMITS.sweepRows || dropped < over.length;
  }

  /** The claim that this verification began and nobody finished. */
  #unfinished({ pending }: Verification): EmailClaim | undefined {
    const claim = pending ? this.#parts.directory.claim(pending.emailDigest) : undefined;
    return claim && !claim.finished && claim.sub === pending?.sub ? claim : undefined;
  }

  /** @returns whether it went: one with an unfinished claim waits until that is settled */
  #drop(verification: Verification, settled: Settled | undefined): boolean {
    const { directory } = this.#parts;
    const claim = this.#unfinished(verification);
    if (claim && settled?.claimId !== claim.claimId) return false;
    if (claim && settled?.kept) directory.finish(claim);
    else if (claim) directory.deleteClaim(claim.emailDigest, claim.sub);
    this.#rows -= directory.delete(verification.tokenHash);
    return true;
  }

  #pending(tokenHash: string, now: number): PendingAccount | undefined {
    const found = this.#parts.directory.verification(tokenHash);
    return found?.pending && found.openedAt > now - OPEN_MS ? found.pending : undefined;
  }

  /** Asks the object of the claim's sub whether an account came of it; if not, none will. */
  async #settle({ sub, emailDigest, claimId }: EmailClaim): Promise<Settled> {
    const { tenantId, name } = this.#parts.kit.address;
    const place = String(rendezvousPlace(subjectOf(HOSTED, sub), SUBJECT_LIMITS.places));
    const asked = { sub, emailDigest, claimId };
    const { kept } =
      place === name
        ? await this.#accounts.voidClaim(asked)
        : await callObject(() => objectAt(this.#objects, { tenantId, kind: "subjects", name: place }).voidClaim(asked));
    return { claimId, kept };
  }

  async #refOf(sub: string): Promise<string> {
    return await subjectRef(this.#parts.kit.address.tenantId, subjectOf(HOSTED, sub));
  }
}

interface Settled {
  readonly claimId: string;
  readonly kept: boolean;
}
