import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { sha256Hex } from "../../contract/base64.ts";
import { FIRST_METRIC_SETTINGS } from "../../contract/metric-settings.ts";
import type { SubjectPrincipal } from "../../contract/principal.ts";
import { accept } from "../../contract/problems.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { AccessConfig, AccessKnown, AccessSnapshot, Revocation, SigningKey } from "../../contract/rpc/access.ts";
import type { SubjectsRpc } from "../../contract/rpc/subjects.ts";
import type { AuditNote, StoredKey, TenantRpc } from "../../contract/rpc/tenant.ts";
import { signingKeyId } from "../../contract/token-kid.ts";
import type { EdgeEnv } from "../env.ts";
import { route } from "./define-route.ts";
import { edgeEnv, testApp } from "./testing.ts";
import { ourIss } from "./token-claims.ts";
import { inspectToken } from "./token-inspect.ts";

export const NOBODYS_CONFIG: AccessConfig = {
  slug: "slug",
  settings: FIRST_SETTINGS,
  metrics: FIRST_METRIC_SETTINGS,
  issuers: [],
  publicThings: [],
  signingKeys: [],
};

/** A tenant's answer as far as keys of services need it. */
export function versionSnapshot(keysVersion: number): AccessSnapshot {
  return { keysVersion, configVersion: 1, config: NOBODYS_CONFIG, revocations: [], revocationSeq: 0, more: false };
}

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

/** A tenant whose object is a fake that counts what it is asked; so is what is asked of its database. */
export class FakeTenant {
  readonly tenantId: string;
  /** What its object says; change it with {@link change}, {@link revoke}. */
  config: AccessConfig;
  readonly revocations: Revocation[] = [];
  keysVersion = 1;
  configVersion = 1;
  broken = false;
  exists = true;
  readonly calls = { access: 0, queries: 0, known: [] as (AccessKnown | null)[] };
  readonly notes: { readonly actor: string; readonly actorName: string; readonly note: AuditNote }[] = [];
  readonly seen: { readonly object: string; readonly issuer: string; readonly sub: string; readonly name: string }[] = [];
  readonly #pairs = new Map<string, Pair>();

  private constructor(tenantId: string) {
    this.tenantId = tenantId;
    this.config = { ...NOBODYS_CONFIG, slug: `s-${tenantId}` };
  }

  static async make(config: Partial<AccessConfig> = {}): Promise<FakeTenant> {
    const tenant = new FakeTenant(`t-${crypto.randomUUID().slice(0, 13)}`);
    tenant.config = { ...tenant.config, ...config };
    await tenant.addSigningKey();
    return tenant;
  }

  /** Bindings with this tenant's objects, and a database that knows its slug. */
  get bindings(): Partial<EdgeEnv> {
    const object: Partial<TenantRpc> = {
      access: async (known) => this.#access(known),
      findKey: async (keyId) => ({ keysVersion: this.keysVersion, key: await storedKey(keyId), origins: [] }),
      noteKeyUse: async () => undefined,
      audit: async (added, { actor, actorName }) => {
        for (const note of added) this.notes.push({ actor, actorName, note });
        return accept(null);
      },
    };
    return {
      TENANT: { getByName: () => object as TenantRpc }, // the methods that authentication calls
      SUBJECTS: {
        getByName: (object) =>
          ({ noteSeen: async (who) => void this.seen.push({ object, ...who }) }) satisfies Partial<SubjectsRpc> as unknown as SubjectsRpc,
      },
      DB: {
        prepare: (sql: string) => ({
          bind: (...values: unknown[]) => ({ first: async () => this.#query(sql, values) }),
        }),
      } as unknown as D1Database, // the one way in which authentication reads
    };
  }

  #access(known: AccessKnown | null): AccessSnapshot | null {
    this.calls.access += 1;
    this.calls.known.push(known);
    if (this.broken) throw new Error("the object is away");
    if (!this.exists) return null;
    const revocations = this.revocations.filter(({ seq }) => seq > (known?.revocationSeq ?? 0));
    return {
      keysVersion: this.keysVersion,
      configVersion: this.configVersion,
      config: known?.configVersion === this.configVersion ? null : this.config,
      revocations,
      revocationSeq: this.revocations.at(-1)?.seq ?? 0,
      more: false,
    };
  }

  /** A key of its with every scope that a test may need. */
  get apiKey(): string {
    return `mrd_${this.tenantId}_k1_${KEY_SECRET}`;
  }

  /** Knows whose door a slug is, that the tenant exists, and nothing else. */
  #query(sql: string, [value]: readonly unknown[]): unknown {
    this.calls.queries += 1;
    if (sql.includes("WHERE id = ?") && value === this.tenantId) return { 1: 1 };
    return sql.includes("slug = ?") && value === this.config.slug ? { tenantId: this.tenantId, slug: this.config.slug } : null;
  }

  change(config: Partial<AccessConfig>): void {
    this.config = { ...this.config, ...config };
    this.keysVersion += 1;
    this.configVersion += 1;
  }

  revoke(kind: Revocation["kind"], id: string, before: number): void {
    const seq = (this.revocations.at(-1)?.seq ?? 0) + 1;
    this.revocations.push({ seq, kind, id, before, until: before + 90_000_000 });
    this.keysVersion += 1;
  }

  /** A further signing key, which signs from now on. @returns its `kid` */
  async addSigningKey(): Promise<string> {
    const ring = keyRing(edgeEnv);
    const keyId = await signingKeyId(ring, ring.current, this.tenantId, this.config.signingKeys.length + 1);
    const pair = await generateKeyPair("ES256", { extractable: true });
    const { x = "", y = "" } = await exportJWK(pair.publicKey);
    const sealed = await ring.encrypt(
      "signing-key",
      Uint8Array.from(new TextEncoder().encode(JSON.stringify(await exportJWK(pair.privateKey)))),
    );
    const key: SigningKey = { keyId, jwk: { kty: "EC", crv: "P-256", x, y }, sealed, until: null };
    const until = Date.now() + 3_660_000;
    const older = this.config.signingKeys.map((known) => ({ ...known, sealed: null, until }));
    this.#pairs.set(keyId, pair);
    this.change({ signingKeys: [...older, key] });
    return `${this.tenantId}.${keyId}`;
  }

  /** The newest key's `kid`. */
  get kid(): string {
    return `${this.tenantId}.${this.config.signingKeys.at(-1)?.keyId ?? ""}`;
  }

  /** Signs by hand what `mintToken` would, but for what is changed; for tokens that we would never make. */
  async sign(claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const pair = this.#pairs.get(this.kid.slice(this.tenantId.length + 1));
    if (!pair) throw new Error("no signing key");
    return await signed(pair.privateKey, { ...this.claims(), ...claims }, { alg: "ES256", kid: this.kid, typ: "JWT", ...header });
  }

  claims(now = Date.now()): Record<string, unknown> {
    const iat = Math.floor(now / 1_000);
    return {
      iss: ourIss(edgeEnv.PUBLIC_URL, this.tenantId, "minted"),
      aud: edgeEnv.PUBLIC_URL,
      sub: "ada",
      iat,
      exp: iat + 900,
      jti: crypto.randomUUID(),
      mrd: { v: 1, iss: "minted", name: "Ada", avatarUrl: null, guest: false, grants: [], at: now, fam: null, key: "k1" },
    };
  }
}

/** Whose requests the app of {@link asking} is asked with. */
interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds from now. */
  readonly at?: number;
  readonly door?: boolean;
  readonly env?: Partial<EdgeEnv>;
}

/** An app whose routes say who asks, and a way to ask as a subject, at the public address or at the tenant's door. */
export function asking(tenant: FakeTenant) {
  const { app, lines } = testApp();
  const spec = { method: "get", path: "/v1/who", action: "self:read", tag: "test", summary: "who", answer: { status: 200 } } as const;
  route(app, { ...spec, subjects: "self", door: "also" }, async ({ principal }) => Response.json(principal));
  async function ask(path: string, { headers = {}, at = 0, door = false, env = {} }: Asked = {}, init: RequestInit = {}) {
    const ctx = createExecutionContext();
    const bindings = { ...edgeEnv, ...tenant.bindings, LOG_REQUESTS: "all", CLOCK_OFFSET_MS: String(at), ...env };
    const response = await app.fetch(
      new Request(`${edgeEnv.PUBLIC_URL}${door ? `/p/${tenant.config.slug}` : ""}${path}`, { headers, ...init }),
      bindings,
      ctx,
    );
    await waitOnExecutionContext(ctx);
    return response;
  }
  const who = async (token: string, asked: Asked = {}) => await ask("/v1/who", { ...asked, headers: { authorization: `Bearer ${token}` } });
  /** Who it is, or the status. */
  const whoIs = async (token: string, asked: Asked = {}): Promise<SubjectPrincipal | number> => {
    const response = await who(token, asked);
    return response.status === 200 ? await response.json<SubjectPrincipal>() : response.status;
  };
  return { app, spec, lines, ask, who, whoIs };
}

/** The check at which the tenant's test of a token ends; undefined when it passes all. */
export async function failingCheck(tenant: FakeTenant, token: string, at = 0): Promise<string | undefined> {
  const env = { ...edgeEnv, ...tenant.bindings };
  const ctx = { waitUntil: () => undefined };
  const { checks, principal } = await inspectToken(token, { env, ctx, now: Date.now() + at, tenantId: tenant.tenantId });
  const last = checks.at(-1);
  if ((principal === null) !== (last?.ok === false)) throw new Error("a principal without all checks, or none with them");
  return last?.ok === false ? last.check : undefined;
}

const KEY_SECRET = "a".repeat(40);

async function storedKey(keyId: string): Promise<StoredKey | null> {
  const secretHash = await sha256Hex(new TextEncoder().encode(KEY_SECRET));
  return keyId === "k1" ? { keyId, name: "key", secretHash, scopes: ["metrics:read"], expiresAt: null, revokedAt: null } : null;
}

/** A token with these claims and this header to the letter; undefined claims are left out. */
export async function signed(key: CryptoKey, claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>>) {
  const payload = JSON.parse(JSON.stringify(claims)) as JWTPayload; // any object is one; what it says is the test's matter
  return await new SignJWT(payload).setProtectedHeader(header as { alg: string }).sign(key); // every header given here has an alg
}
