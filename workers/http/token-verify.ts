import { sha256Hex } from "../../contract/base64.ts";
import type { Grant } from "../../contract/grants.ts";
import { type Issuer, type PublicJwk, TOKEN_ALGORITHMS, type TokenAlgorithm } from "../../contract/issuers.ts";
import { keyRing, type KeyRing } from "../../contract/key-ring.ts";
import type { SubjectPrincipal } from "../../contract/principal.ts";
import { SUBJECT_LIMITS, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import { readKid } from "../../contract/token-kid.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf, type TenantAccess } from "./access-cache.ts";
import { keysOf } from "./jwks-cache.ts";
import { Lru } from "./lru.ts";
import type { KeepAlive } from "./single-flight.ts";
import { type Checked, checkTimes, failed, passed, type TokenTimes } from "./token-checks.ts";
import { badClaim, broughtClaimsSchema, ourIss, readOurClaims } from "./token-claims.ts";
import { readToken, type ReadToken } from "./token-format.ts";
import { isSignedBy, pickKey, signedPart, verifyingKey } from "./token-keys.ts";
import { mappedAvatarUrl, mappedGrants, mappedName } from "./token-mapping.ts";

/** What judging a token needs of its surroundings. */
export interface TokenScene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  /** Epoch milliseconds. */
  readonly now: number;
  /** At a door: whose. There tokens of the tenant's own issuers count too. */
  readonly tenantId: string | undefined;
}

/** A token that is genuine: all that stays true of it, whatever time it is and whatever is revoked. */
export interface GenuineToken {
  readonly principal: SubjectPrincipal;
  readonly guest: boolean;
  readonly times: TokenTimes;
  readonly maxLifeS: number;
  /** When its key has to be looked at again; epoch milliseconds. */
  readonly keyUntil: number;
}

/** The judgement, with as much as is known of who was judged. */
export interface Judgement {
  readonly checked: Checked<GenuineToken>;
  /** Of the tenant that the token is made for, as soon as that is proved or the door says so. */
  readonly access: TenantAccess | undefined;
  /** Whom a genuine token names, also when it is revoked. */
  readonly principal?: SubjectPrincipal;
}

/**
 * Judges a token from its text. Asks nobody but for the tenant's snapshot and, at a door, an issuer's keys; a text that is not of ours
 * asks nobody at all.
 * @throws when the tenant's object or an issuer's keys (`JwksError`) cannot be read
 */
export async function judgeToken(text: string, scene: TokenScene): Promise<Judgement> {
  const { env, ctx, now, tenantId } = scene;
  const read = readToken(text);
  const ours = read.ok ? await knownKid(keyRing(env), read.value.header.kid, now) : undefined;
  const owner = tenantId ?? ours?.tenantId;
  const access = owner === undefined ? undefined : ((await accessOf(env, ctx, owner, now)) ?? undefined);
  if (!read.ok) return { checked: read, access };
  if (!access) return { checked: failed("issuer", "Its `kid` names no key of ours, and its tenant is not known here."), access };
  if (ours && ours.tenantId !== access.tenantId) return { checked: failed("issuer", "It is another tenant's."), access };
  const genuine = ours ? await judgeOurs(text, read.value, ours.keyId, access, scene) : await judgeBrought(text, read.value, access, scene);
  if (!genuine.ok) return { checked: genuine, access };
  return { ...standing(genuine.value, access, now), access };
}

const MAX_KIDS = 1_000;
/** `kid`s that we made, by the ring that says so: a ring that was replaced says nothing any more. */
const kids = new WeakMap<KeyRing, Lru<{ readonly tenantId: string; readonly keyId: string }>>();

/** Like `readKid`; what a stranger makes up is never remembered. */
async function knownKid(ring: KeyRing, kid: string | undefined, now: number): ReturnType<typeof readKid> {
  if (kid === undefined) return undefined;
  const ofRing = kids.get(ring) ?? new Lru(MAX_KIDS);
  kids.set(ring, ofRing);
  const known = ofRing.get(kid, now);
  if (known) return known;
  const read = await readKid(ring, kid);
  if (read) ofRing.set(kid, read, Number.POSITIVE_INFINITY);
  return read;
}

/** Whether a genuine token counts now: its time, and what was revoked. */
export function standing(token: GenuineToken, access: TenantAccess, now: number): Pick<Judgement, "checked" | "principal"> {
  const { principal, times, maxLifeS } = token;
  const timely = checkTimes(times, maxLifeS, now);
  if (!timely.ok) return { checked: timely, principal };
  const by = access.revokedBy(principal);
  if (by !== undefined) return { checked: failed("revocation", `It was revoked: ${REVOKED[by]}.`), principal };
  return { checked: passed(token), principal };
}

const REVOKED = {
  token: "the token itself",
  subject: "all tokens of this subject issued until then",
  issuer: "all tokens of this issuer issued until then",
  tenant: "all tokens of this tenant issued until then",
} as const;

async function judgeOurs(
  text: string,
  { header, claims }: ReadToken,
  keyId: string,
  access: TenantAccess,
  { env }: TokenScene,
): Promise<Checked<GenuineToken>> {
  const { tenantId } = access;
  const issuer = (["minted", "hosted"] as const).find((name) => ourIss(env.PUBLIC_URL, tenantId, name) === claims.iss);
  if (!issuer) return failed("issuer", "Its `iss` is not one of this tenant at this deployment's public address.");
  if (header.alg !== "ES256") return failed("algorithm", "Tokens of ours are signed with ES256.");
  const signer = access.signingKeys.find((key) => key.keyId === keyId);
  if (!signer) return failed("key", "Its signing key is not one that counts any more.");
  const signed = await checkSignature(text, signer.jwk, "ES256");
  if (!signed.ok) return signed;
  const ours = readOurClaims(claims);
  if (!ours.ok) return ours;
  const { sub, aud, iat, exp, jti, mrd } = ours.value;
  if (mrd.iss !== issuer) return failed("claims", "Its `iss` and `mrd.iss` differ.");
  if (aud !== env.PUBLIC_URL) return failed("audience", "Its `aud` is not this deployment's public address.");
  const { name, avatarUrl, grants, guest, at, fam, ref } = mrd;
  const who = { ref, issuer, sub, name, avatarUrl, grants, tokenId: jti, familyId: fam, issuedAt: at };
  return passed(await genuineToken(access, who, { iat, exp }, { guest, maxLifeS: SUBJECT_LIMITS.tokenTtlMaxS, keyUntil: Infinity }));
}

async function judgeBrought(
  text: string,
  { header, claims }: ReadToken,
  access: TenantAccess,
  { ctx, now }: TokenScene,
): Promise<Checked<GenuineToken>> {
  const issuer = access.issuers.find(({ iss }) => iss === claims.iss);
  if (!issuer) return failed("issuer", "No issuer of this tenant has its `iss`.");
  const algorithm = TOKEN_ALGORITHMS.find((name) => name === header.alg && issuer.algorithms.includes(name));
  if (!algorithm) return failed("algorithm", `Its \`alg\` is none of ${issuer.algorithms.join(", ")}.`);
  const pick = (keys: readonly PublicJwk[]) => pickKey(keys, header.kid, algorithm);
  const trusted = await keysOf(ctx, access.tenantId, issuer, (keys) => pick(keys) !== undefined, now);
  const jwk = pick(trusted.keys);
  if (!jwk) return failed("key", `Of the issuer's ${trusted.keys.length} keys not exactly one fits its \`kid\` and \`alg\`.`);
  const signed = await checkSignature(text, jwk, algorithm);
  if (!signed.ok) return signed;
  const parsed = broughtClaimsSchema.safeParse(claims);
  if (!parsed.success) return badClaim(parsed.error.issues[0]?.path.join(".") ?? "");
  const { sub, aud, iat, exp, nbf, jti } = parsed.data;
  const audiences = typeof aud === "string" ? [aud] : aud;
  if (!issuer.audiences.some((audience) => audiences.includes(audience)))
    return failed("audience", `Its \`aud\` is none of ${issuer.audiences.join(", ")}.`);
  const tokenId = jti !== undefined && JTI.test(jti) ? jti : (await sha256Hex(new TextEncoder().encode(signedPart(text)))).slice(0, 32);
  const who = {
    ref: undefined,
    issuer: issuer.name,
    sub,
    ...mappedTo(claims, issuer, sub),
    tokenId,
    familyId: null,
    issuedAt: Math.floor(iat * 1_000),
  };
  if (who.grants.length > SUBJECT_LIMITS.grants) {
    return failed("grants", `The issuer's mapping gives it ${who.grants.length} grants; ${SUBJECT_LIMITS.grants} is the most.`);
  }
  const more = { guest: false, maxLifeS: SUBJECT_LIMITS.broughtTtlMaxS, keyUntil: trusted.until };
  return passed(await genuineToken(access, who, { iat, exp, nbf }, more));
}

/** What can be named in a revocation; any other `jti` is passed over for a digest of the token. */
const JTI = /^[\x21-\x7e]{1,100}$/;

function mappedTo(claims: ReadToken["claims"], { mapping }: Issuer, sub: string) {
  const grants: readonly Grant[] = mappedGrants(claims, mapping);
  return { name: mappedName(claims, mapping.name, sub), avatarUrl: mappedAvatarUrl(claims, mapping.avatarUrl), grants };
}

type Who = Omit<SubjectPrincipal, "kind" | "tenantId" | "ref" | "credentialExpiresAt"> & { readonly ref: string | undefined };

async function genuineToken(
  { tenantId }: TenantAccess,
  who: Who,
  times: TokenTimes,
  more: Pick<GenuineToken, "guest" | "maxLifeS" | "keyUntil">,
): Promise<GenuineToken> {
  const ref = who.ref ?? (await subjectRef(tenantId, subjectOf(who.issuer, who.sub)));
  return { principal: { ...who, kind: "subject", tenantId, ref, credentialExpiresAt: Math.floor(times.exp * 1_000) }, times, ...more };
}

async function checkSignature(text: string, jwk: PublicJwk, algorithm: TokenAlgorithm): Promise<Checked<undefined>> {
  const key = await verifyingKey(jwk, algorithm);
  if (!key) return failed("key", "The key that it names cannot be used: it is no valid key, or too short.");
  return (await isSignedBy(key, text, algorithm)) ? passed(undefined) : failed("signature", "Its signature is not by that key.");
}
