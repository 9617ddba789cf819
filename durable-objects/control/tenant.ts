import { DurableObject } from "cloudflare:workers";
import type { Key, KeyCreate, KeyCreated, Tenant as TenantView } from "../../contract/access.ts";
import type { NewEvent } from "../../contract/events.ts";
import type { Thing } from "../../contract/grants.ts";
import { cryptoRandom } from "../../contract/ids.ts";
import type { Issuer, IssuerPut } from "../../contract/issuers.ts";
import type { MetricSettings } from "../../contract/metric-settings.ts";
import type { PlanName } from "../../contract/plans.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { AccessKnown, AccessSnapshot, Revocation } from "../../contract/rpc/access.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { type AuditNote, type AuditPosition, OUTBOX_ROUTE, type TenantRpc } from "../../contract/rpc/tenant.ts";
import type { SettingsView, TenantSettings } from "../../contract/settings.ts";
import { CHAIN_START } from "../../core/control/audit.ts";
import { minuteOf } from "../../core/control/keys.ts";
import type { Revoked } from "../../core/control/revocations.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { accessSnapshot } from "./tenant-access.ts";
import type { AuditFilter } from "./tenant-audit.ts";
import { withoutIdempotency } from "./tenant-change.ts";
import { TenantDesk } from "./tenant-desk.ts";
import { deleteIssuer, listIssuers, putIssuer } from "./tenant-issuer-commands.ts";
import { createKey, listKeys, revokeKey } from "./tenant-key-commands.ts";
import { metricSettingsView, putMetricSettings, type VersionedMetricSettings } from "./tenant-metric-commands.ts";
import { listPublic, setPublic } from "./tenant-public-commands.ts";
import { REVOCATIONS_TIMER, revoke, sweepRevocations } from "./tenant-revoke.ts";
import { TENANT_MIGRATIONS } from "./tenant-schema.ts";
import { newMailSecret, resealTenant } from "./tenant-secrets.ts";
import { noteHostVerified, putSettings, settingsView, type VersionedSettings } from "./tenant-settings-commands.ts";
import { ringOf, SIGNING_KEYS_TIMER, SigningDesk } from "./tenant-signing.ts";
import { type TenantStores, tenantStores } from "./tenant-stores.ts";

/** `{tenantId}/tenant/main`. The only writer of a tenant's settings, issuers, revocations, keys and audit chain. */
export class Tenant extends DurableObject<ObjectsEnv> implements TenantRpc {
  readonly #kit: ObjectKit;
  readonly #stores: TenantStores;
  readonly #desk: TenantDesk;
  readonly #signing: SigningDesk;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#stores = tenantStores(ctx.storage.sql);
    this.#kit = createKit(ctx, env, {
      kind: "tenant",
      migrations: TENANT_MIGRATIONS,
      registered: true,
      timers: {
        [REVOCATIONS_TIMER]: (now) => this.#kit.transaction(() => sweepRevocations(this.#stores.revocations, this.#kit.timers, now)),
        [SIGNING_KEYS_TIMER]: (now) => this.#kit.transaction(() => this.#signing.sweep(now)),
      },
      reseal: async () => await resealTenant(this.#desk, this.#signing, ringOf(this.env)),
    });
    this.#desk = new TenantDesk(this.#kit, this.#stores);
    this.#signing = new SigningDesk(this.#desk);
  }

  async create(input: { slug: string; name: string; plan: PlanName }, meta: CallMeta): Promise<Outcome<TenantView>> {
    return await this.#desk.create(input, meta);
  }

  async describe(): Promise<Outcome<TenantView>> {
    return await this.#desk.ask((profile) => accept(this.#desk.view(profile)));
  }

  async settings(): Promise<Outcome<VersionedSettings>> {
    return await this.#desk.ask((profile) => accept(settingsView(profile, this.#stores.hosts)));
  }

  async putSettings(settings: TenantSettings, expectedVersion: number | undefined, meta: CallMeta): Promise<Outcome<VersionedSettings>> {
    return await this.#desk.change(meta, (change) => putSettings(change, settings, expectedVersion, this.#stores.hosts, cryptoRandom));
  }

  async metricSettings(): Promise<Outcome<VersionedMetricSettings>> {
    return await this.#desk.ask((profile) => accept(metricSettingsView(profile, this.#stores.metrics)));
  }

  async putMetricSettings(
    settings: MetricSettings,
    expectedVersion: number | undefined,
    meta: CallMeta,
  ): Promise<Outcome<VersionedMetricSettings>> {
    return await this.#desk.change(meta, (change) => putMetricSettings(change, settings, expectedVersion, this.#stores.metrics));
  }

  async noteHostVerified(host: string, meta: CallMeta): Promise<Outcome<SettingsView>> {
    return await this.#desk.change(meta, (change) => noteHostVerified(change, host, this.#stores.hosts));
  }

  async newMailSecret(meta: CallMeta): Promise<Outcome<{ secret: string }>> {
    return await newMailSecret(this.#desk, () => ringOf(this.env), meta);
  }

  async mailSecret(): Promise<string | null> {
    return await this.#desk.read(
      () => null,
      ({ mailSecret }) => mailSecret,
    );
  }

  async listIssuers(): ReturnType<TenantRpc["listIssuers"]> {
    return await this.#desk.ask(() => listIssuers(this.#stores.issuers));
  }

  async putIssuer(name: string, issuer: IssuerPut, meta: CallMeta): Promise<Outcome<Issuer>> {
    return await this.#desk.change(meta, (change) => putIssuer(change, name, issuer, this.#stores.issuers));
  }

  async deleteIssuer(name: string, meta: CallMeta): Promise<Outcome<null>> {
    return await this.#desk.change(meta, (change) => deleteIssuer(change, name, this.#stores));
  }

  async listPublic(page: { limit: number; cursor?: string }): ReturnType<TenantRpc["listPublic"]> {
    return await this.#desk.ask(() => listPublic(this.#stores.publicThings, page));
  }

  async setPublic(thing: Thing, isPublic: boolean, meta: CallMeta): Promise<Outcome<null>> {
    return await this.#desk.change(meta, (change) => setPublic(change, thing, isPublic, this.#stores.publicThings));
  }

  async revoke(what: Revoked, meta: CallMeta): Promise<Outcome<Revocation>> {
    return await this.#desk.change(meta, (change) => revoke(change, what, this.#stores));
  }

  async access(known: AccessKnown | null): Promise<AccessSnapshot | null> {
    if (!this.#desk.isCreated()) return null;
    await this.#signing.ensure(ringOf(this.env));
    return await this.#desk.read<AccessSnapshot | null>(
      () => null,
      (profile, now) => accessSnapshot(profile, known, this.#stores, now),
    );
  }

  async keysVersion(): Promise<number> {
    return await this.#desk.read(
      () => 0,
      (profile) => profile.keysVersion,
    );
  }

  async findKey(keyId: string): ReturnType<TenantRpc["findKey"]> {
    return await this.#desk.read<Awaited<ReturnType<TenantRpc["findKey"]>>>(
      () => ({ keysVersion: 0, key: null, origins: [] }),
      ({ keysVersion, settings }) => {
        const found = this.#stores.keys.find(keyId);
        if (!found) return { keysVersion, key: null, origins: settings.origins };
        const { name, secretHash, scopes, expiresAt, revokedAt } = found;
        return { keysVersion, key: { keyId, name, secretHash, scopes, expiresAt, revokedAt }, origins: settings.origins };
      },
    );
  }

  async createKey(input: KeyCreate, meta: CallMeta): Promise<Outcome<KeyCreated>> {
    return await this.#desk.change(meta, (change) => createKey(change, input, this.#stores.keys, cryptoRandom), { secret: true });
  }

  async listKeys(page: { limit: number; cursor?: string }): ReturnType<TenantRpc["listKeys"]> {
    return await this.#desk.ask((_, now) => listKeys(this.#stores.keys, page, now));
  }

  async revokeKey(keyId: string, meta: CallMeta): Promise<Outcome<Key>> {
    return await this.#desk.change(meta, (change) => revokeKey(change, keyId, this.#stores.keys));
  }

  async noteKeyUse(uses: readonly { keyId: string; at: number; count: number }[]): Promise<void> {
    await this.#desk.read(
      () => undefined,
      (_, now) => {
        // A clock ahead of ours must not make a key look used in the future; that minute would also block later ones.
        this.#kit.transaction(() => {
          for (const use of uses) this.#stores.keys.use(use.keyId, minuteOf(Math.min(use.at, now)));
        });
      },
    );
  }

  async bumpKeysVersion(meta: CallMeta): Promise<number> {
    const bumped = await this.#desk.change(withoutIdempotency(meta), (change) => accept(change.advance().keysVersion));
    return bumped.ok ? bumped.value : 0;
  }

  async audit(notes: readonly AuditNote[], meta: CallMeta, events: readonly NewEvent[] = []): Promise<Outcome<null>> {
    const recognised = meta.idempotency?.route === OUTBOX_ROUTE ? meta : withoutIdempotency(meta);
    return await this.#desk.change(recognised, (change) => {
      change.note(notes);
      for (const event of events) change.emit(event);
      return accept(null);
    });
  }

  async listAudit(filter: AuditFilter): ReturnType<TenantRpc["listAudit"]> {
    return await this.#desk.ask(() => this.#stores.audit.list(filter));
  }

  async verifyAudit(from: AuditPosition = CHAIN_START): ReturnType<TenantRpc["verifyAudit"]> {
    return await this.#desk.read<Awaited<ReturnType<TenantRpc["verifyAudit"]>>>(
      () => ({ checked: 0, firstBroken: null, headSeq: CHAIN_START.seq, headHash: CHAIN_START.hash, next: null }),
      () => this.#stores.audit.verify(from),
    );
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#desk.read(
      () => ({ depth: 0, oldestAt: null }),
      () => this.#kit.outbox.status(),
    );
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#desk.read(
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
}
