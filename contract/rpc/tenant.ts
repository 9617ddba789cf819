import type { AuditEntry, AuditVerification, Key, KeyCreate, KeyCreated, Tenant } from "../access.ts";
import type { Thing } from "../grants.ts";
import type { Issuer, IssuerPut } from "../issuers.ts";
import type { MetricSettings, MetricSettingsView } from "../metric-settings.ts";
import type { PublicThing, SettingsView, TenantSettings } from "../settings.ts";
import type { AccessKnown, AccessSnapshot, Revocation } from "./access.ts";
import type { Page } from "../pages.ts";
import type { PlanName } from "../plans.ts";
import type { NewEvent } from "../events.ts";
import type { Outcome } from "../problems.ts";
import type { CallMeta, ObjectRpc } from "./call.ts";

/** What an isolate caches of a key. The hash is SHA-256 of the secret, hex. */
export interface StoredKey {
  readonly keyId: string;
  readonly name: string;
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export interface AuditNote {
  readonly action: string;
  readonly target: string;
  readonly outcome: AuditEntry["outcome"];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A place in the audit chain: the entry with this number has this hash. */
export interface AuditPosition {
  readonly seq: number;
  readonly hash: string;
}

/**
 * The idempotency route of changes that arrive from the D1 outbox. Only these are recognised when they come again: a
 * client's own Idempotency-Key belongs to the route that changes something, not to the notes it leaves.
 */
export const OUTBOX_ROUTE = "d1/control_outbox";

/** The `Tenant` object, `{tenantId}/tenant/main`: the only writer of a tenant's settings, keys and audit chain. */
export interface TenantRpc extends ObjectRpc {
  create(input: { slug: string; name: string; plan: PlanName }, meta: CallMeta): Promise<Outcome<Tenant>>;
  describe(): Promise<Outcome<Tenant>>;
  /** The settings with the version that `If-Match` names. */
  settings(): Promise<Outcome<{ view: SettingsView; version: number }>>;
  /** @param expectedVersion of If-Match, when given: another is `precondition-failed` */
  putSettings(
    settings: TenantSettings,
    expectedVersion: number | undefined,
    meta: CallMeta,
  ): Promise<Outcome<{ view: SettingsView; version: number }>>;
  /** How metrics are kept, what that comes to under the plan, and the version that `If-Match` names. */
  metricSettings(): Promise<Outcome<{ view: MetricSettingsView; version: number }>>;
  /** @param expectedVersion of If-Match, when given: another is `precondition-failed` */
  putMetricSettings(
    settings: MetricSettings,
    expectedVersion: number | undefined,
    meta: CallMeta,
  ): Promise<Outcome<{ view: MetricSettingsView; version: number }>>;
  /** The proof was found: the host leads to this tenant's door from now on. One that is another tenant's is `conflict` at the edge, by D1. */
  noteHostVerified(host: string, meta: CallMeta): Promise<Outcome<SettingsView>>;
  /** A new secret that signs mails; the answer is the one time that it can be read. */
  newMailSecret(meta: CallMeta): Promise<Outcome<{ secret: string }>>;
  /** The sealed secret, for the consumer that signs; null when there is none. */
  mailSecret(): Promise<string | null>;
  listIssuers(): Promise<Outcome<Page<Issuer>>>;
  putIssuer(name: string, issuer: IssuerPut, meta: CallMeta): Promise<Outcome<Issuer>>;
  /** Its tokens are refused from now on; the name stays bound to its `iss`. */
  deleteIssuer(name: string, meta: CallMeta): Promise<Outcome<null>>;
  listPublic(page: { limit: number; cursor?: string }): Promise<Outcome<Page<PublicThing>>>;
  /** Marks a thing as public or takes the mark away. Either may be repeated. */
  setPublic(thing: Thing, isPublic: boolean, meta: CallMeta): Promise<Outcome<null>>;
  /** In force in every isolate within 2 s. Emits `meridian.token.revoked`. */
  revoke(what: Pick<Revocation, "kind" | "id">, meta: CallMeta): Promise<Outcome<Revocation>>;
  /**
   * What an isolate must know to judge credentials, as far as it changed since; null when there is no such tenant. Makes the
   * tenant's first signing key, and a new one when the current one's ring key is no longer the ring's current.
   */
  access(known: AccessKnown | null): Promise<AccessSnapshot | null>;
  /** Rises with every change of a key, a role or the settings that isolates cache; read at most every 1.5 s per isolate. */
  keysVersion(): Promise<number>;
  /** The key by id with the version it was read at; null when there is none. */
  findKey(keyId: string): Promise<{ keysVersion: number; key: StoredKey | null; origins: readonly string[] }>;
  createKey(input: KeyCreate, meta: CallMeta): Promise<Outcome<KeyCreated>>;
  listKeys(page: { limit: number; cursor?: string }): Promise<Outcome<Page<Key>>>;
  revokeKey(keyId: string, meta: CallMeta): Promise<Outcome<Key>>;
  /** Counts of use since the last report of this isolate, `at` to the minute. */
  noteKeyUse(uses: readonly { keyId: string; at: number; count: number }[]): Promise<void>;
  /** Makes isolates drop cached credentials, after a role change or a removed member. */
  bumpKeysVersion(meta: CallMeta): Promise<number>;
  /** Appends to the audit chain, with events of the same transaction when the truth itself lives in D1. */
  audit(notes: readonly AuditNote[], meta: CallMeta, events?: readonly NewEvent[]): Promise<Outcome<null>>;
  listAudit(page: { limit: number; cursor?: string; action?: string; actor?: string }): Promise<Outcome<Page<AuditEntry>>>;
  /** One bounded slice of the walk along the chain; `next` is where the following slice starts, null at the end. */
  verifyAudit(from?: AuditPosition): Promise<AuditVerification & { next: AuditPosition | null }>;
}
