import { CompactSign, importJWK } from "jose";
import type { Grant } from "../../contract/grants.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { Problem } from "../../contract/problems.ts";
import type { SigningKey } from "../../contract/rpc/access.ts";
import { SUBJECT_LIMITS, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import type { EdgeEnv } from "../env.ts";
import type { TenantAccess } from "./access-cache.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { ThrownProblem } from "./thrown-problem.ts";
import { type OurClaims, type OurIssuer, ourIss } from "./token-claims.ts";

/** Whom a token is for and what it carries. */
export interface TokenContent {
  readonly tenantId: string;
  readonly issuer: OurIssuer;
  readonly sub: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly guest: boolean;
  readonly grants: readonly Grant[];
  /** Of the refresh handles that come with it; null without one. */
  readonly familyId: string | null;
  /** The API key that mints it; null for hosted accounts. */
  readonly keyId: string | null;
}

export interface MintedToken {
  readonly token: string;
  readonly tokenId: string;
  /** Epoch milliseconds, a whole second. */
  readonly expiresAt: number;
}

/** Thrown when a token would be longer than one may be; becomes its problem at the edge. */
export class TokenTooLong extends ThrownProblem {
  override readonly name = "TokenTooLong";
  readonly problem: Problem = {
    slug: "limit-reached",
    detail: `These grants make a token of more than ${SUBJECT_LIMITS.tokenBytes} bytes. Give fewer, with shorter names, or use prefixes.`,
  };
}

/** Thrown when the tenant has no key that this isolate can sign with: a rotation is under way. Worth trying again. */
class NoSigningKey extends Error {
  override readonly name = "NoSigningKey";
  readonly retryable = true;
}

const MAX_KEYS = 1_000;
/** A sealed key opens to the same key for ever; the time only bounds how long one stays that is not used. */
const KEY_MS = 3_600_000;

const signingKeys = new Lru<CryptoKey>(MAX_KEYS);
registerIsolateCache(() => signingKeys.clear());

const encoder = new TextEncoder();

/**
 * A token of ours for an end user, signed with the tenant's current key.
 * @param access of the tenant, from `accessOf`
 * @param now epoch milliseconds
 * @throws TokenTooLong; an error with `retryable` when there is no key to sign with
 */
export async function mintToken(
  env: Pick<EdgeEnv, "KEY_RING" | "PUBLIC_URL">,
  access: TenantAccess,
  content: TokenContent,
  ttlSeconds: number,
  now: number,
): Promise<MintedToken> {
  const { tenantId, issuer, sub, name, avatarUrl, guest, grants, familyId, keyId } = content;
  const { kid, key } = await signingKey(env, tenantId, access.signingKeys, now);
  const iat = Math.floor(now / 1_000);
  const claims: OurClaims & { iss: string } = {
    iss: ourIss(env.PUBLIC_URL, tenantId, issuer),
    aud: env.PUBLIC_URL,
    sub,
    iat,
    exp: iat + ttlSeconds,
    jti: uuidv7(now, cryptoRandom),
    mrd: {
      v: 1,
      iss: issuer,
      name,
      avatarUrl,
      guest,
      grants: grants.map((grant) => ({ kind: grant.kind, name: grant.name, actions: [...grant.actions] })),
      at: now,
      fam: familyId,
      key: keyId,
      ref: await subjectRef(tenantId, subjectOf(issuer, sub)),
    },
  };
  const token = await new CompactSign(encoder.encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
    .sign(key);
  if (token.length > SUBJECT_LIMITS.tokenBytes) throw new TokenTooLong();
  return { token, tokenId: claims.jti, expiresAt: claims.exp * 1_000 };
}

async function signingKey(
  env: Pick<EdgeEnv, "KEY_RING">,
  tenantId: string,
  keys: readonly SigningKey[],
  now: number,
): Promise<{ kid: string; key: CryptoKey }> {
  const current = keys.find(({ sealed, until }) => sealed !== null && until === null);
  if (!current?.sealed) throw new NoSigningKey(`tenant ${tenantId} has no signing key`);
  const kid = `${tenantId}.${current.keyId}`;
  const known = signingKeys.get(kid, now);
  if (known) return { kid, key: known };
  const plain = await keyRing(env).decrypt("signing-key", current.sealed);
  if (!plain) throw new NoSigningKey(`the ring does not open the signing key ${kid}`);
  const jwk: unknown = JSON.parse(new TextDecoder().decode(plain));
  const key = await importJWK(jwk as Parameters<typeof importJWK>[0], "ES256"); // sealed by the tenant's object and by nobody else
  if (!(key instanceof CryptoKey)) throw new Error(`the signing key ${kid} is no private key`);
  signingKeys.set(kid, key, now + KEY_MS);
  return { kid, key };
}
