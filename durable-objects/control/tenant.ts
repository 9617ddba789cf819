import { DurableObject } from "cloudflare:workers";
import type { KeyCreate, KeyCreated, Key, Tenant as TenantView } from "../../contract/access.ts";
import type { NewEvent } from "../../contract/events.ts";
import { cryptoRandom } from "../../contract/ids.ts";
import type { PlanName } from "../../contract/plans.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { type AuditNote, type AuditPosition, OUTBOX_ROUTE, type TenantRpc } from "../../contract/rpc/tenant.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { CHAIN_START } from "../../core/control/audit.ts";
import { minuteOf } from "../../core/control/keys.ts";
import { changedSettings, FIRST_SETTINGS, normalSettings, type TenantSettings } from "../../core/control/settings.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { type AuditFilter, AuditStore } from "./tenant-audit.ts";
import { audited, type TenantChange, withoutIdempotency } from "./tenant-change.ts";
import { createKey, listKeys, revokeKey } from "./tenant-key-commands.ts";
import { KeyStore } from "./tenant-keys.ts";
import { type Profile, ProfileStore } from "./tenant-profile.ts";
import { TENANT_MIGRATIONS } from "./tenant-schema.ts";

const NO_TENANT = "There is no such tenant.";

/** `{tenantId}/tenant/main`. The only writer of a tenant's settings, keys and audit chain. */
export class Tenant extends DurableObject<ObjectsEnv> implements TenantRpc {
  readonly #kit: ObjectKit;
  readonly #profile: ProfileStore;
  readonly #keys: KeyStore;
  readonly #audit: AuditStore;
  #exists = false;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, { kind: "tenant", migrations: TENANT_MIGRATIONS, registered: true });
    this.#profile = new ProfileStore(ctx.storage.sql);
    this.#keys = new KeyStore(ctx.storage.sql);
    this.#audit = new AuditStore(ctx.storage.sql);
  }

  async create(input: { slug: string; name: string; plan: PlanName }, meta: CallMeta): Promise<Outcome<TenantView>> {
    return await this.#kit.change(meta, (now) => {
      const known = this.#profile.find();
      if (known) {
        if (known.slug === input.slug) return accept(this.#view(known)); // a caller that did not hear the first answer
        return refuse("conflict", "This tenant exists under another slug.");
      }
      const profile: Profile = { ...input, settings: FIRST_SETTINGS, keysVersion: 1, createdAt: now };
      const change = this.#changeOf(profile, meta, now);
      return audited(
        change,
        { action: "tenant.create", target: "tenant", detail: { slug: input.slug, name: input.name, plan: input.plan } },
        () => {
          this.#profile.insert(profile);
          change.emit({ type: "meridian.tenant.created", subject: "tenant", data: eventData(profile, meta) });
          return accept(this.#view(profile));
        },
        () => ({}),
      );
    });
  }

  async describe(): Promise<Outcome<TenantView>> {
    return await this.#read(
      () => refuse("not-found", NO_TENANT),
      (profile) => accept(this.#view(profile)),
    );
  }

  async updateSettings(settings: TenantSettings, meta: CallMeta): Promise<Outcome<TenantView>> {
    return await this.#change(meta, (change) => {
      const wanted = normalSettings(settings);
      return audited(
        change,
        { action: "tenant.change-settings", target: "tenant", detail: { changed: changedSettings(change.profile.settings, wanted) } },
        () => {
          const next: Profile = { ...change.profile, settings: wanted, keysVersion: this.#profile.advance(wanted) };
          change.emit({ type: "meridian.tenant.changed", subject: "tenant", data: eventData(next, meta) });
          return accept(this.#view(next));
        },
        () => ({ before: change.profile.settings, after: wanted }),
      );
    });
  }

  async keysVersion(): Promise<number> {
    return await this.#read(
      () => 0,
      (profile) => profile.keysVersion,
    );
  }

  async findKey(keyId: string): ReturnType<TenantRpc["findKey"]> {
    return await this.#read<Awaited<ReturnType<TenantRpc["findKey"]>>>(
      () => ({ keysVersion: 0, key: null, origins: [] }),
      ({ keysVersion, settings }) => {
        const found = this.#keys.find(keyId);
        if (!found) return { keysVersion, key: null, origins: settings.origins };
        const { name, secretHash, scopes, expiresAt, revokedAt } = found;
        return { keysVersion, key: { keyId, name, secretHash, scopes, expiresAt, revokedAt }, origins: settings.origins };
      },
    );
  }

  async createKey(input: KeyCreate, meta: CallMeta): Promise<Outcome<KeyCreated>> {
    return await this.#change(meta, (change) => createKey(change, input, this.#keys, cryptoRandom), { secret: true });
  }

  async listKeys(page: { limit: number; cursor?: string }): ReturnType<TenantRpc["listKeys"]> {
    return await this.#read<Awaited<ReturnType<TenantRpc["listKeys"]>>>(
      () => refuse("not-found", NO_TENANT),
      () => listKeys(this.#keys, page, this.#kit.now()),
    );
  }

  async revokeKey(keyId: string, meta: CallMeta): Promise<Outcome<Key>> {
    return await this.#change(meta, (change) => revokeKey(change, keyId, this.#keys));
  }

  async noteKeyUse(uses: readonly { keyId: string; at: number; count: number }[]): Promise<void> {
    await this.#read(
      () => undefined,
      () => {
        // A clock ahead of ours must not make a key look used in the future; that minute would also block later ones.
        const now = this.#kit.now();
        this.#kit.transaction(() => {
          for (const use of uses) this.#keys.use(use.keyId, minuteOf(Math.min(use.at, now)));
        });
      },
    );
  }

  async bumpKeysVersion(meta: CallMeta): Promise<number> {
    const bumped = await this.#change(withoutIdempotency(meta), (change) => accept(change.advance()));
    return bumped.ok ? bumped.value : 0;
  }

  async audit(notes: readonly AuditNote[], meta: CallMeta, events: readonly NewEvent[] = []): Promise<Outcome<null>> {
    const recognised = meta.idempotency?.route === OUTBOX_ROUTE ? meta : withoutIdempotency(meta);
    return await this.#change(recognised, (change) => {
      change.note(notes);
      for (const event of events) change.emit(event);
      return accept(null);
    });
  }

  async listAudit(filter: AuditFilter): ReturnType<TenantRpc["listAudit"]> {
    return await this.#read<Awaited<ReturnType<TenantRpc["listAudit"]>>>(
      () => refuse("not-found", NO_TENANT),
      () => this.#audit.list(filter),
    );
  }

  async verifyAudit(from: AuditPosition = CHAIN_START): ReturnType<TenantRpc["verifyAudit"]> {
    return await this.#read<Awaited<ReturnType<TenantRpc["verifyAudit"]>>>(
      () => ({ checked: 0, firstBroken: null, headSeq: CHAIN_START.seq, headHash: CHAIN_START.hash, next: null }),
      () => this.#audit.verify(from),
    );
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#read(
      () => ({ depth: 0, oldestAt: null }),
      () => this.#kit.outbox.status(),
    );
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#read(
      () => undefined,
      () => this.#kit.outbox.confirm(seqs),
    );
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  #view({ slug, name, plan, settings, createdAt }: Profile): TenantView {
    return { id: this.#kit.address.tenantId, slug, name, plan, settings, createdAt: new Date(createdAt).toISOString() };
  }

  #changeOf(profile: Profile, meta: CallMeta, now: number): TenantChange {
    return {
      now,
      meta,
      tenantId: this.#kit.address.tenantId,
      profile,
      note: (notes) => this.#audit.append(notes, meta, now),
      emit: (event) => this.#kit.outbox.emit(event),
      advance: () => this.#profile.advance(),
    };
  }

  async #read<T>(absent: () => T, work: (profile: Profile) => T): Promise<T> {
    if (!this.#isCreated()) return absent();
    return await this.#kit.read(() => {
      const profile = this.#profile.find();
      return profile ? work(profile) : absent();
    });
  }

  async #change<T>(meta: CallMeta, work: (change: TenantChange) => Outcome<T>, options?: { secret: boolean }): Promise<Outcome<T>> {
    if (!this.#isCreated()) return refuse("not-found", NO_TENANT);
    return await this.#kit.change(
      meta,
      (now) => {
        const profile = this.#profile.find();
        return profile ? work(this.#changeOf(profile, meta, now)) : refuse("not-found", NO_TENANT);
      },
      options,
    );
  }

  /** Looked up before the kit's gate, whose first passing writes: a name that nobody created must cost no row. */
  #isCreated(): boolean {
    this.#exists ||= this.ctx.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tenant_profile'").toArray().length > 0;
    return this.#exists;
  }
}

/** The whole profile, so that a projection needs no other event to be right. */
function eventData({ slug, name, plan, settings, keysVersion, createdAt }: Profile, meta: CallMeta) {
  return { slug, name, plan, settings, keysVersion, createdAt, actor: meta.actor };
}
