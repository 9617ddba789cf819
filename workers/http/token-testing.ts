import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { accept } from "../../contract/problems.ts";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { AccessConfig, AccessKnown, AccessSnapshot, Revocation, SigningKey } from "../../contract/rpc/access.ts";
import type { SubjectsRpc } from "../../contract/rpc/subjects.ts";
import type { AuditNote, TenantRpc } from "../../contract/rpc/tenant.ts";
import { signingKeyId } from "../../contract/token-kid.ts";
import type { EdgeEnv } from "../env.ts";
import { ourIss } from "./token-claims.ts";
import { edgeEnv } from "./testing.ts";

export const NOBODYS_CONFIG: AccessConfig = { slug: "slug", settings: FIRST_SETTINGS, issuers: [], publicThings: [], signingKeys: [] };

/** A tenant's answer as far as keys of services need it. */
export function versionSnapshot(keysVersion: number): AccessSnapshot {
  return { keysVersion, configVersion: 1, config: NOBODYS_CONFIG, revocations: [], revocationSeq: 0, more: false };
}

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

/** A tenant whose object is a fake that counts what it is asked; its database refuses every query. */
export class FakeTenant {
  readonly tenantId: string;
  /** What its object says; change it with {@link change}, {@link revoke}. */
  config: AccessConfig;
  readonly revocations: Revocation[] = [];
  keysVersion = 1;
  configVersion = 1;
  broken = false;
  exists = true;
  readonly calls = { access: 0, known: [] as (AccessKnown | null)[] };
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

  get settings(): TenantSettings {
    return this.config.settings;
  }

  /** Bindings with this tenant's objects, and no database. */
  get bindings(): Partial<EdgeEnv> {
    const object: Partial<TenantRpc> = {
      access: async (known) => this.#access(known),
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
        prepare: () => {
          throw new Error("a query of D1");
        },
      } as unknown as D1Database, // any use of it fails the request
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
    const older = this.config.signingKeys.map((known) => ({ ...known, sealed: null, until: Date.now() + 3_660_000 }));
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

/** A token with these claims and this header to the letter; undefined claims are left out. */
export async function signed(key: CryptoKey, claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>>) {
  const payload = JSON.parse(JSON.stringify(claims)) as JWTPayload; // any object is one; what it says is the test's matter
  return await new SignJWT(payload).setProtectedHeader(header as { alg: string }).sign(key); // every header given here has an alg
}
