import { importJWK } from "jose";
import { fromBase64Url } from "../../contract/base64.ts";
import type { PublicJwk, TokenAlgorithm } from "../../contract/issuers.ts";

const encoder = new TextEncoder();

/** Which keys an algorithm can use: an algorithm named by a token never decides how a key of another kind is used. */
const FITS: Readonly<Record<TokenAlgorithm, (jwk: PublicJwk) => boolean>> = {
  ES256: ({ kty, crv }) => kty === "EC" && crv === "P-256",
  EdDSA: ({ kty, crv }) => kty === "OKP" && crv === "Ed25519",
  RS256: ({ kty }) => kty === "RSA",
};

/**
 * The key that a token means: the one of its `kid`, else one without a name, as pasted keys are. Undefined when none fits the
 * algorithm, and when several do: to try one after the other would be work that a stranger can ask for.
 */
export function pickKey(keys: readonly PublicJwk[], kid: string | undefined, algorithm: TokenAlgorithm): PublicJwk | undefined {
  const fitting = keys.filter((jwk) => FITS[algorithm](jwk) && (jwk.use ?? "sig") === "sig" && (jwk.alg ?? algorithm) === algorithm);
  const named = kid === undefined ? [] : fitting.filter((jwk) => jwk.kid === kid);
  const candidates = kid === undefined ? fitting : named.length > 0 ? named : fitting.filter((jwk) => jwk.kid === undefined);
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** RFC 7518 section 3.3. */
const RSA_MIN_BITS = 2_048;

/** Keys ready for use, for as long as the configuration or set that they stand in is held. */
const imported = new WeakMap<object, Promise<CryptoKey | undefined>>();

/** The key for verifying, imported once. Undefined when it is none: a point beside the curve, a modulus that is too short. */
export async function verifyingKey(jwk: PublicJwk, algorithm: TokenAlgorithm): Promise<CryptoKey | undefined> {
  const known = imported.get(jwk);
  if (known) return await known;
  const importing = importPublic(jwk, algorithm);
  imported.set(jwk, importing);
  return await importing;
}

/** A JWK fits one algorithm only, so the object alone names the import. */
async function importPublic(jwk: PublicJwk, algorithm: TokenAlgorithm): Promise<CryptoKey | undefined> {
  const { kty, crv, x, y, n, e } = jwk;
  const parts = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined));
  try {
    const key = await importJWK(parts, algorithm);
    if (!(key instanceof CryptoKey)) return undefined;
    const bits = "modulusLength" in key.algorithm ? Number(key.algorithm.modulusLength) : RSA_MIN_BITS;
    return bits >= RSA_MIN_BITS ? key : undefined;
  } catch {
    return undefined; // not a point of the curve, not a number: whoever configured it reads so in the test of a token
  }
}

/** How Web Crypto verifies each; the hash of RS256 is a property of its key. */
const SIGNATURES: Readonly<Record<TokenAlgorithm, { readonly name: string; readonly hash?: string }>> = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
};

/** Whether the last part of a token is this key's signature over the others, as its text has them. */
export async function isSignedBy(key: CryptoKey, text: string, algorithm: TokenAlgorithm): Promise<boolean> {
  const signature = fromBase64Url(text.slice(text.lastIndexOf(".") + 1));
  if (signature === undefined) return false;
  try {
    return await crypto.subtle.verify(SIGNATURES[algorithm], key, signature, encoder.encode(signedPart(text)));
  } catch {
    return false; // the runtime throws for an Ed25519 signature of another length
  }
}

/** What a signature covers. Unlike the signature, nobody but the signer can write it in another way. */
export function signedPart(text: string): string {
  return text.slice(0, text.lastIndexOf("."));
}
