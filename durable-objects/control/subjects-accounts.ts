import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { ClaimedAccount, HostedAccount, SubjectName } from "../../contract/rpc/subjects.ts";
import { HOSTED, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import type { Subject } from "../../contract/subjects.ts";
import { judgePut, judgeSeen, type SubjectAccount, subjectEvent } from "../../core/control/subject-accounts.ts";
import { isClaimTimely } from "../../core/control/subject-directory.ts";
import { isFamilyOver } from "../../core/control/subject-families.ts";
import { checked, SUBJECT_INPUT } from "../../core/control/subject-input.ts";
import { hourOf, SUBJECT_STORE_LIMITS } from "../../core/control/subject-limits.ts";
import type { SubjectsParts } from "./subjects-parts.ts";
import { removeSubject } from "./subjects-removal.ts";

const NOBODY = "There is no such subject.";
const GONE = "This subject was deleted and cannot come back. Use another sub.";

/** Subjects that live at this object. Repetitions are recognised by what is there, so no answer of theirs is ever stored. */
export class AccountDesk {
  readonly #parts: SubjectsParts;

  constructor(parts: SubjectsParts) {
    this.#parts = parts;
  }

  async createGuest(input: { sub: string; name: string }, meta: CallMeta): Promise<Outcome<HostedAccount>> {
    const guest = checked(SUBJECT_INPUT.guest, input);
    if (!guest.ok) return guest;
    const { sub, name } = guest.value;
    return await this.changeOf({ issuer: HOSTED, sub }, (ref, now) => {
      const known = this.#parts.accounts.find(HOSTED, sub);
      if (known?.guest) return accept(hostedView(known));
      if (known) return refuse("conflict", "This account has an address already.");
      const account = { ...newcomer({ issuer: HOSTED, sub }, ref, now), name, guest: true };
      this.#parts.accounts.put(account);
      this.#parts.kit.outbox.emit(subjectEvent("meridian.subject.registered", account, meta.actor));
      return accept(hostedView(account));
    });
  }

  async put(input: ClaimedAccount, meta: CallMeta): Promise<Outcome<{ account: HostedAccount; upgraded: boolean }>> {
    const claimed = checked(SUBJECT_INPUT.claimed, input);
    if (!claimed.ok) return claimed;
    const { sub, email, emailDigest, passwordHash, name, claimId, claimedAt } = claimed.value;
    return await this.changeOf({ issuer: HOSTED, sub }, (ref, now) => {
      const known = this.#parts.accounts.find(HOSTED, sub);
      const verdict = judgePut(known, emailDigest);
      if (known && verdict === "repeat") return accept({ account: hostedView(known), upgraded: known.upgradedAt !== null });
      if (!isClaimTimely(claimedAt, now) || this.#parts.accounts.isVoided(claimId))
        return refuse("conflict", "Another link of this address was used since. Log in, or register again.");
      if (verdict === "has-another") return refuse("conflict", "This account has another address already.");
      const upgraded = known !== undefined;
      const account: SubjectAccount = {
        ...(known ?? newcomer({ issuer: HOSTED, sub }, ref, now)),
        email,
        emailDigest,
        passwordHash,
        name,
        guest: false,
        upgradedAt: upgraded ? now : null,
      };
      this.#parts.accounts.put(account);
      const type = upgraded ? "meridian.subject.upgraded" : "meridian.subject.registered";
      this.#parts.kit.outbox.emit(subjectEvent(type, account, meta.actor));
      return accept({ account: hostedView(account), upgraded });
    });
  }

  async find(sub: string): Promise<HostedAccount | null> {
    return await this.#parts.kit.read(() => {
      const known = this.#parts.accounts.find(HOSTED, sub);
      return known ? hostedView(known) : null;
    });
  }

  async setPassword(sub: string, passwordHash: string): Promise<Outcome<null>> {
    const input = checked(SUBJECT_INPUT.password, { sub, passwordHash });
    if (!input.ok) return input;
    return await this.#parts.kit.change<null>(undefined, () => {
      const known = this.#parts.accounts.find(HOSTED, sub);
      if (!known) return refuse("not-found", NOBODY);
      if (known.guest) return refuse("conflict", "A guest has no password: give the account an address first.");
      if (known.passwordHash !== passwordHash) this.#parts.accounts.put({ ...known, passwordHash });
      return accept(null);
    });
  }

  async noteSeen(input: SubjectName & { name: string; avatarUrl: string | null }): Promise<void> {
    const said = checked(SUBJECT_INPUT.seen, input);
    if (!said.ok) return; // the token of a stranger's issuer may say anything: what does not fit is not listed
    await this.changeOf(said.value, (ref, now) => {
      this.see(said.value, ref, now);
      return accept(null);
    });
  }

  /**
   * In the running transaction: lists a subject that another has named, and writes that it was seen.
   * @returns the account, undefined for a hosted one that does not exist
   */
  see(
    said: SubjectName & { readonly name: string; readonly avatarUrl: string | null },
    ref: string,
    now: number,
  ): SubjectAccount | undefined {
    const known = this.#parts.accounts.find(said.issuer, said.sub);
    if (!known && said.issuer === HOSTED) return undefined;
    const { name, avatarUrl } = said;
    const next = known ? judgeSeen(known, said, now) : { ...newcomer(said, ref, now), name, avatarUrl };
    if (!next) return known;
    this.#parts.accounts.put(next);
    this.#parts.kit.outbox.emit(subjectEvent("meridian.subject.changed", next));
    return next;
  }

  async describe({ issuer, sub }: SubjectName): Promise<Outcome<Subject>> {
    return await this.#parts.kit.read(() => {
      const known = this.#parts.accounts.find(issuer, sub);
      if (!known) return refuse("not-found", NOBODY);
      const now = this.#parts.kit.now();
      const endedUntil = this.#parts.families.endedUntil(issuer);
      const families = this.#parts.families.of(issuer, sub).filter((one) => !isFamilyOver(one, endedUntil, now));
      return accept({
        issuer,
        sub,
        ref: known.ref,
        name: known.name,
        email: known.email,
        guest: known.guest,
        createdAt: instant(known.createdAt),
        lastSeenAt: instant(hourOf(Math.max(known.lastSeenAt, ...families.map((one) => one.lastUsedAt)))),
        emailVerified: known.email !== null,
        avatarUrl: known.avatarUrl,
        sessions: families.map((one) => ({
          id: one.family.familyId,
          createdAt: instant(one.createdAt),
          lastUsedAt: instant(one.lastUsedAt),
          userAgent: one.userAgent,
          keyId: one.family.minted?.keyId ?? null,
        })),
      });
    });
  }

  async delete(input: SubjectName, meta: CallMeta): Promise<Outcome<{ emailDigest: string | null }>> {
    const who = checked(SUBJECT_INPUT.who, input);
    if (!who.ok) return who;
    const { issuer, sub } = who.value;
    const { kit, accounts } = this.#parts;
    return await kit.changeAfter(
      undefined,
      async () => await this.#refOf(who.value),
      (ref, now) => {
        if (accounts.isBuried(ref)) return accept({ emailDigest: null });
        const emailDigest = accounts.find(issuer, sub)?.emailDigest ?? null;
        removeSubject(this.#parts, issuer, sub);
        accounts.bury(ref, now);
        this.#parts.expireBy(now + SUBJECT_STORE_LIMITS.tombstoneMs);
        const data = { ref, actor: meta.actor, personal: { issuer, sub } };
        kit.outbox.emit({ type: "meridian.subject.deleted", subject: `subject/${ref}`, data });
        return accept({ emailDigest });
      },
    );
  }

  /** Whether an account here has the address; if not, nothing comes of this claim of it any more. Repeating it changes nothing. */
  async voidClaim(claim: { readonly sub: string; readonly emailDigest: string; readonly claimId: string }): Promise<{ kept: boolean }> {
    if (!checked(SUBJECT_INPUT.claim, claim).ok) throw new RangeError("a claim has an address and an id of its own");
    const { kit, accounts } = this.#parts;
    await kit.ready();
    return kit.transaction(() => {
      const kept = accounts.find(HOSTED, claim.sub)?.emailDigest === claim.emailDigest;
      if (!kept) {
        const now = kit.now();
        accounts.voidClaim(claim.claimId, now);
        this.#parts.expireBy(now + SUBJECT_STORE_LIMITS.voidedMs);
      }
      return { kept };
    });
  }

  async #refOf({ issuer, sub }: SubjectName): Promise<string> {
    return await subjectRef(this.#parts.kit.address.tenantId, subjectOf(issuer, sub));
  }

  /** A change that would bring a subject into being, or back: refused for one that was deleted. */
  async changeOf<T>(who: SubjectName, work: (ref: string, now: number) => Outcome<T>): Promise<Outcome<T>> {
    return await this.#parts.kit.changeAfter(
      undefined,
      async () => await this.#refOf(who),
      (ref, now) => (this.#parts.accounts.isBuried(ref) ? refuse("gone", GONE) : work(ref, now)),
    );
  }
}

function newcomer({ issuer, sub }: SubjectName, ref: string, now: number): SubjectAccount {
  const nothing = { avatarUrl: null, email: null, emailDigest: null, passwordHash: null, upgradedAt: null };
  return { issuer, sub, ref, name: "", guest: false, ...nothing, createdAt: now, lastSeenAt: now, writtenAt: now };
}

function hostedView({ sub, name, avatarUrl, email, emailDigest, passwordHash, guest }: SubjectAccount): HostedAccount {
  return { sub, name, avatarUrl, email, emailDigest, passwordHash, guest };
}

const instant = (at: number) => new Date(at).toISOString();
