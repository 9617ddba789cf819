import { toBase64Url } from "./base64.ts";

// Who an end user is. Free of any library: browsers carry it too.

/** Issuers that are Meridian itself; a tenant's own issuers have other names. */
export const MINTED = "minted";
export const HOSTED = "hosted";

export const SUBJECT_LIMITS = {
  /** An issuer's name: part of every subject's name, so short. */
  issuerChars: 32,
  /** OpenID Connect allows 255; with the issuer before it, the whole has to fit where names of 256 fit. */
  subChars: 200,
  nameChars: 100,
  urlChars: 500,
  /**
   * Bytes of a tenant's default grants as JSON: with the longest name beside them, base64 and the signature, they must fit in a token, or
   * nobody could log in any more.
   */
  defaultGrantsBytes: 4 * 1024,
  /** Grants of one token, of a tenant's defaults, of an issuer's mapping. */
  grants: 50,
  /** Actions of one grant. */
  grantActions: 20,
  /** A thing's name in a grant, its `*` included. */
  thingChars: 200,
  /** A token as it is sent. */
  tokenBytes: 8 * 1024,
  /** Seconds: the longest a token of ours lives, and how long when nobody says. */
  tokenTtlMaxS: 3_600,
  tokenTtlMinS: 10,
  tokenTtlS: 900,
  /** A brought token that lives longer than this from its issue is refused: revocations are remembered as long. */
  broughtTtlMaxS: 86_400,
  /** Clocks of issuers may differ from ours by so much. */
  clockSkewS: 60,
  /** A family of refresh handles ends this long after its last use, and at the latest … */
  familyIdleS: 30 * 86_400,
  /** … after this. */
  familyMaxS: 180 * 86_400,
  /** Families of one subject; the oldest ends for a new one. */
  families: 20,
  /** The handle before the newest is taken once more within this, when its answer may have been lost. */
  refreshGraceMs: 10_000,
  issuers: 20,
  jwksBytes: 64 * 1024,
  /** Keys of one set. */
  jwksKeys: 50,
  /** Marks of public things of one tenant. */
  publicThings: 500,
  /** Revocations of a tenant that are still remembered; each is forgotten when what it revokes has ended by itself. */
  revocations: 10_000,
  hosts: 10,
  passwordMinChars: 8,
  passwordMaxChars: 128,
  emailChars: 254,
  /** A mailed link works so long. */
  verificationTtlS: 86_400,
  /** Open verifications of one address. */
  verifications: 3,
  /** Objects over which a tenant's subjects spread. */
  places: 8,
} as const;

/**
 * Printable ASCII without spaces, as OpenID Connect has it. A `|` may be in it: an issuer's name cannot hold one. Never `.` or `..`: in
 * a path, however encoded, URLs take them for places, so nobody could find or delete such a subject.
 */
export const SUB_PATTERN = /^(?!\.{1,2}$)[\x21-\x7e]{1,200}$/;
export const ISSUER_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;

/** `issuer|sub`: two issuers can never speak for one person. */
export function subjectOf(issuer: string, sub: string): string {
  return `${issuer}|${sub}`;
}

/** The reverse of {@link subjectOf}; undefined when it is none. */
export function parseSubject(text: string): { readonly issuer: string; readonly sub: string } | undefined {
  const bar = text.indexOf("|");
  const [issuer, sub] = [text.slice(0, Math.max(bar, 0)), text.slice(bar + 1)];
  return ISSUER_PATTERN.test(issuer) && SUB_PATTERN.test(sub) ? { issuer, sub } : undefined;
}

/**
 * Whether requests can be sent there as they are: over https, and without a name and password in the address, which no `fetch` takes and
 * which would stand in the clear wherever the address is shown.
 */
export function isOutboundUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.username === "" && url.password === "";
}

/**
 * What outlives a subject in logs and events: 128 bits of SHA-256 over tenant and subject, base64url. Whoever is deleted leaves
 * this behind and nothing it could be read from.
 */
export async function subjectRef(tenantId: string, subject: string): Promise<string> {
  return await digestText(`subject\n${tenantId}\n${subject}`);
}

/** What an email address of a hosted account is found by. Addresses are compared without case. */
export async function emailDigest(tenantId: string, email: string): Promise<string> {
  return await digestText(`email\n${tenantId}\n${email.trim().toLowerCase()}`);
}

async function digestText(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toBase64Url(new Uint8Array(hash).subarray(0, 16));
}
