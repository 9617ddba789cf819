import type { Issuer } from "../issuers.ts";
import type { Thing } from "../grants.ts";
import type { MetricSettings } from "../metric-settings.ts";
import type { TenantSettings } from "../settings.ts";

// What an isolate holds of a tenant to judge credentials without asking anybody, and how it keeps up.

/** A key that signs the tenant's tokens. ES256; `kid` is `{tenantId}.{keyId}`, and keyId is `{ringId}-{serial}-{mac}`, see contract/token-kid.ts. */
export interface SigningKey {
  readonly keyId: string;
  /** Public, as JOSE writes it. */
  readonly jwk: { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };
  /** The private JWK as JSON, sealed with the key ring for `signing-key`; null for one that only verifies. */
  readonly sealed: string | null;
  /** Epoch milliseconds after which nothing it signed is alive; null for the current one. */
  readonly until: number | null;
}

/** What was revoked; tokens issued up to `before` are refused. Epoch milliseconds. */
export interface Revocation {
  /** Rises by one per revocation of the tenant. */
  readonly seq: number;
  readonly kind: "token" | "subject" | "issuer" | "tenant";
  /** A token's `jti`, a subject's ref, an issuer's name, or empty. */
  readonly id: string;
  readonly before: number;
  /** When it may be forgotten: everything it stopped has ended by itself. */
  readonly until: number;
}

export interface AccessConfig {
  readonly slug: string;
  readonly settings: TenantSettings;
  readonly metrics: MetricSettings;
  readonly issuers: readonly Issuer[];
  readonly publicThings: readonly Thing[];
  readonly signingKeys: readonly SigningKey[];
}

/** Where an isolate stands. */
export interface AccessKnown {
  readonly configVersion: number;
  readonly revocationSeq: number;
}

export interface AccessSnapshot {
  /** Rises with everything below and with every change of a key or role. */
  readonly keysVersion: number;
  readonly configVersion: number;
  /** Null when the caller's is the newest. */
  readonly config: AccessConfig | null;
  /** Those after the caller's `revocationSeq`, oldest first; all that still count when it came with nothing. */
  readonly revocations: readonly Revocation[];
  /** Of the last one in the list. `more`: ask again at once from here. */
  readonly revocationSeq: number;
  readonly more: boolean;
}
