import { DurableObject } from "cloudflare:workers";
import type { Outcome } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { ClaimedAccount, PendingAccount, SubjectName, SubjectsRpc } from "../../contract/rpc/subjects.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { AccountDesk } from "./subjects-accounts.ts";
import { AccountStore } from "./subjects-accounts-store.ts";
import { DirectoryDesk } from "./subjects-directory.ts";
import { DirectoryStore } from "./subjects-directory-store.ts";
import { FamilyDesk } from "./subjects-families.ts";
import { FamilyStore } from "./subjects-families-store.ts";
import { LoginDesk } from "./subjects-logins.ts";
import { LoginStore } from "./subjects-logins-store.ts";
import { forgetSubject } from "./subjects-removal.ts";
import { SUBJECTS_MIGRATIONS } from "./subjects-schema.ts";
import { sweepExpired } from "./subjects-sweep.ts";
import type { SubjectsParts } from "./subjects-parts.ts";

/** Answers of methods, by name. */
type Answer<M extends keyof SubjectsRpc> = ReturnType<SubjectsRpc[M]>;

/**
 * `{tenantId}/subjects/{n}`: hosted accounts, their addresses and log-in attempts, and refresh families of a tenant's end users.
 * Repetitions are recognised by what is there and never by a stored answer: that would outlive whoever is deleted.
 */
export class Subjects extends DurableObject<ObjectsEnv> implements SubjectsRpc {
  readonly #kit: ObjectKit;
  readonly #accounts: AccountDesk;
  readonly #directory: DirectoryDesk;
  readonly #families: FamilyDesk;
  readonly #logins: LoginDesk;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    const kit = createKit(ctx, env, {
      kind: "subjects",
      migrations: SUBJECTS_MIGRATIONS,
      registered: true,
      timers: { buckets: (now) => this.#logins.sweep(now), expiry: async (now) => await sweepExpired(parts, this.#directory, now) },
      load: () => parts.recount(),
      forgetSubject: (subject) => forgetSubject(parts, subject),
    });
    const parts: SubjectsParts = {
      kit,
      accounts: new AccountStore(ctx.storage.sql),
      directory: new DirectoryStore(ctx.storage.sql),
      families: new FamilyStore(ctx.storage.sql),
      logins: new LoginStore(ctx.storage.sql),
      expireBy: (dueAt) => {
        if (dueAt < (kit.timers.get("expiry") ?? Number.POSITIVE_INFINITY)) kit.timers.set("expiry", dueAt);
      },
      recount: () => {
        this.#logins.recount();
        this.#directory.recount();
      },
    };
    this.#kit = kit;
    this.#accounts = new AccountDesk(parts);
    this.#directory = new DirectoryDesk(parts, this.#accounts, env.SUBJECTS);
    this.#families = new FamilyDesk(parts, this.#accounts);
    this.#logins = new LoginDesk(parts);
  }

  async takeLogin(emailDigest: string, place: string): Answer<"takeLogin"> {
    return await this.#logins.take(emailDigest, place);
  }

  async loginSucceeded(emailDigest: string, place: string): Promise<void> {
    await this.#logins.succeeded(emailDigest, place);
  }

  async findEmail(emailDigest: string): Answer<"findEmail"> {
    return await this.#directory.findEmail(emailDigest);
  }

  async beginVerification(pending: PendingAccount, tokenHash: string, link: string, meta: CallMeta): Promise<Outcome<null>> {
    return await this.#directory.begin(pending, tokenHash, link, meta);
  }

  async pendingOf(tokenHash: string): Answer<"pendingOf"> {
    return await this.#directory.pendingOf(tokenHash);
  }

  async claimEmail(tokenHash: string): Answer<"claimEmail"> {
    return await this.#directory.claim(tokenHash);
  }

  async finishVerification(tokenHash: string): Promise<void> {
    await this.#directory.finish(tokenHash);
  }

  async releaseEmail(emailDigest: string, sub: string): Promise<void> {
    await this.#directory.release(emailDigest, sub);
  }

  async createGuest(input: { sub: string; name: string }, meta: CallMeta): Answer<"createGuest"> {
    return await this.#accounts.createGuest(input, meta);
  }

  async putAccount(claimed: ClaimedAccount, meta: CallMeta): Answer<"putAccount"> {
    return await this.#accounts.put(claimed, meta);
  }

  async account(sub: string): Answer<"account"> {
    return await this.#accounts.find(sub);
  }

  async voidClaim(claim: { sub: string; emailDigest: string; claimId: string }): Answer<"voidClaim"> {
    return await this.#accounts.voidClaim(claim);
  }

  async setPassword(sub: string, passwordHash: string): Promise<Outcome<null>> {
    return await this.#accounts.setPassword(sub, passwordHash);
  }

  async noteSeen(who: SubjectName & { name: string; avatarUrl: string | null }): Promise<void> {
    await this.#accounts.noteSeen(who);
  }

  async describe(who: SubjectName): Answer<"describe"> {
    return await this.#accounts.describe(who);
  }

  async deleteSubject(who: SubjectName, meta: CallMeta): Answer<"deleteSubject"> {
    return await this.#accounts.delete(who, meta);
  }

  async openFamily(input: Parameters<SubjectsRpc["openFamily"]>[0]): Promise<Outcome<null>> {
    return await this.#families.open(input);
  }

  async rotateFamily(familyId: string, secretHash: string, nextSecretHash: string, hosted?: boolean): Answer<"rotateFamily"> {
    return await this.#families.rotate(familyId, secretHash, nextSecretHash, hosted);
  }

  async closeFamilies(who: SubjectName, familyId: string | null): Answer<"closeFamilies"> {
    return await this.#families.close(who, familyId);
  }

  async endFamilies(of: { issuer: string | null; sub: string | null }, before: number): Answer<"endFamilies"> {
    return await this.#families.end(of, before);
  }

  async closeFamilyBySecret(familyId: string, secretHash: string): Answer<"closeFamilyBySecret"> {
    return await this.#families.closeBySecret(familyId, secretHash);
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.read(() => this.#kit.outbox.confirm(seqs));
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }
}
