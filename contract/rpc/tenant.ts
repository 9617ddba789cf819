import type { AuditEntry, AuditVerification, Key, KeyCreate, KeyCreated, Tenant } from "../access.ts";
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
  updateSettings(settings: Tenant["settings"], meta: CallMeta): Promise<Outcome<Tenant>>;
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
