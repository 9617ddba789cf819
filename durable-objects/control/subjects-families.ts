import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { RefreshFamily, SubjectName, SubjectsRpc } from "../../contract/rpc/subjects.ts";
import { HOSTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { minuteOf } from "../../core/control/keys.ts";
import { familyEndsAt, firstSecrets, holdsSecret, isFamilyOver, tradeSecret } from "../../core/control/subject-families.ts";
import { checked, SUBJECT_INPUT } from "../../core/control/subject-input.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import type { AccountDesk } from "./subjects-accounts.ts";
import type { FamilyRecord } from "./subjects-families-store.ts";
import type { SubjectsParts } from "./subjects-parts.ts";

type Opening = Parameters<SubjectsRpc["openFamily"]>[0];
type Rotated = Awaited<ReturnType<SubjectsRpc["rotateFamily"]>>;
type Closed = Outcome<{ closed: readonly string[] }>;

/** Families of refresh handles of the subjects that live here. */
export class FamilyDesk {
  readonly #parts: SubjectsParts;
  readonly #accounts: AccountDesk;

  constructor(parts: SubjectsParts, accounts: AccountDesk) {
    this.#parts = parts;
    this.#accounts = accounts;
  }

  async open(input: Opening): Promise<Outcome<null>> {
    const opening = checked(SUBJECT_INPUT.family, input);
    if (!opening.ok) return opening;
    const { secretHash, userAgent, ...family } = opening.value;
    return await this.#accounts.changeOf<null>(family, (ref, now) => {
      const { families } = this.#parts;
      const known = families.find(family.familyId);
      if (known) return isSame(known, family, secretHash) ? accept(null) : refuse("conflict", "There is a family of this id already.");
      if (!this.#accounts.see(family, ref, now)) return refuse("not-found", "There is no such account.");
      for (const { family: oldest } of families.of(family.issuer, family.sub).slice(SUBJECT_LIMITS.families - 1))
        families.delete(oldest.familyId);
      const lastUsedAt = minuteOf(now);
      families.insert({ family, userAgent, secrets: firstSecrets(secretHash), createdAt: now, lastUsedAt });
      this.#parts.expireBy(familyEndsAt(now, lastUsedAt) + DAY_MS);
      return accept(null);
    });
  }

  async rotate(familyId: string, secretHash: string, nextSecretHash: string, hosted = true): Promise<Rotated> {
    const input = checked(SUBJECT_INPUT.rotation, { familyId, secretHash, nextSecretHash });
    if (!input.ok) return { ok: false, reason: "unknown", who: null };
    const { kit, families } = this.#parts;
    await kit.ready();
    return kit.transaction((): Rotated => {
      const record = families.find(familyId);
      if (!record) return { ok: false, reason: "unknown", who: null };
      const now = kit.now();
      const trade = tradeSecret(record.secrets, secretHash, nextSecretHash, now);
      if (trade.kind === "unknown") return { ok: false, reason: "unknown", who: null };
      const who = { issuer: record.family.issuer, sub: record.family.sub };
      if (isFamilyOver(record, families.endedUntil(who.issuer), now)) return { ok: false, reason: "ended", who };
      if (trade.kind === "replayed") {
        families.delete(familyId);
        return { ok: false, reason: "replayed", who };
      }
      if (!hosted && who.issuer === HOSTED) return { ok: false, reason: "switched-off", who };
      const family = this.#current(record.family, now);
      if (!family) return { ok: false, reason: "ended", who };
      families.trade(record, trade.secrets, Math.max(record.lastUsedAt, minuteOf(now)));
      return { ok: true, family };
    });
  }

  async close(who: SubjectName, familyId: string | null): Promise<Closed> {
    return await this.#parts.kit.change(undefined, () => {
      const { families } = this.#parts;
      if (familyId === null) return accept({ closed: families.deleteOf(who.issuer, who.sub) });
      const known = families.find(familyId)?.family;
      if (known?.issuer !== who.issuer || known.sub !== who.sub) return accept({ closed: [] });
      families.delete(familyId);
      return accept({ closed: [familyId] });
    });
  }

  async closeBySecret(familyId: string, secretHash: string): Promise<Closed> {
    return await this.#parts.kit.change(undefined, () => {
      const { families } = this.#parts;
      const known = families.find(familyId);
      if (!known || !holdsSecret(known.secrets, secretHash)) return accept({ closed: [] });
      families.delete(familyId);
      return accept({ closed: [familyId] });
    });
  }

  async end({ issuer, sub }: { readonly issuer: string | null; readonly sub: string | null }, before: number): Promise<{ closed: number }> {
    const { kit, families } = this.#parts;
    await kit.ready();
    return kit.transaction(() => {
      if (sub !== null) return { closed: issuer === null ? 0 : families.deleteOf(issuer, sub, before).length };
      const closed = families.end(issuer, before);
      if (closed > 0) this.#parts.expireBy(kit.now() + LIMITS.sliceMs);
      return { closed };
    });
  }

  /** What a token is made from now: a hosted account speaks for itself, of others stands what was said when the family was opened. */
  #current(family: RefreshFamily, now: number): RefreshFamily | undefined {
    const known = this.#parts.accounts.find(family.issuer, family.sub);
    if (!known) return undefined;
    const said = family.issuer === HOSTED ? known : family;
    const { name, avatarUrl, guest } = said;
    this.#accounts.see({ issuer: family.issuer, sub: family.sub, name: known.name, avatarUrl: known.avatarUrl }, known.ref, now);
    return { ...family, name, avatarUrl, guest };
  }
}

function isSame({ family, secrets }: FamilyRecord, wanted: SubjectName, secretHash: string): boolean {
  return family.issuer === wanted.issuer && family.sub === wanted.sub && secrets.newest === secretHash;
}
