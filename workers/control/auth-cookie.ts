import { parseSigned, serializeSigned } from "hono/utils/cookie";
import type { EdgeEnv } from "../env.ts";
import { isLoopback } from "../http/browser.ts";
import { librarySecrets } from "./auth-secrets.ts";

/** Seconds that a session lasts from its last renewal; `GET /v1/auth/get-session` renews one that is older than a day. */
export const SESSION_TTL_S = 7 * 86_400;
export const SESSION_RENEW_S = 86_400;

/**
 * The cookies of the auth library that may travel, each with what its value looks like: all are signed with one secret, and
 * what was issued as one must not pass for another.
 */
const COOKIES = {
  session: { name: "meridian.session", value: /^(?!2fa-)[\w-]{1,128}$/ },
  /** From the right password to the code: which person proved it. */
  secondStep: { name: "meridian.two-factor", value: /^2fa-[\w-]{1,64}$/ },
  /** From the challenge to the passkey's answer. */
  passkey: { name: "meridian.passkey", value: /^(?!2fa-)[\w-]{1,64}$/ },
} as const;

export type CookieKind = keyof typeof COOKIES;
export const COOKIE_KINDS = Object.keys(COOKIES) as readonly CookieKind[]; // the keys of a const object are its key type

/** What every cookie of ours carries besides its name and value. */
export const COOKIE_ATTRIBUTES = { httpOnly: true, sameSite: "lax", path: "/" } as const;

/**
 * How a cookie is named and guarded. `__Host-` makes browsers refuse one that another subdomain or a plain connection tries
 * to set; it needs Secure, which plain http on loopback cannot have.
 * @throws when PUBLIC_URL is plain http and not on loopback: such a deployment would send sessions in the clear
 */
export function hostCookie(env: Pick<EdgeEnv, "PUBLIC_URL">, name: string): { readonly name: string; readonly secure: boolean } {
  const url = new URL(env.PUBLIC_URL);
  const secure = url.protocol === "https:";
  if (!secure && !isLoopback(url.hostname)) throw new Error("PUBLIC_URL must be https, or http on loopback");
  return { name: secure ? `__Host-${name}` : name, secure };
}

export function cookieOf(env: Pick<EdgeEnv, "PUBLIC_URL">, kind: CookieKind = "session") {
  return hostCookie(env, COOKIES[kind].name);
}

interface ReadCookie {
  readonly value: string;
  /** Whether a key that is no longer the ring's current one signed it. */
  readonly outdated: boolean;
}

/** A cookie of the request, when any key of the ring signed it (HMAC-SHA256, as better-auth writes it). */
export async function readCookie(request: Request, env: EdgeEnv, kind: CookieKind): Promise<ReadCookie | undefined> {
  const header = request.headers.get("cookie");
  if (header === null) return undefined;
  const { name } = cookieOf(env, kind);
  if (!header.includes(`${name}=`)) return undefined;
  for (const [i, secret] of (await librarySecrets(env)).entries()) {
    const value = (await parseSigned(header, secret.value, name))[name];
    if (value) return COOKIES[kind].value.test(value) ? { value, outdated: i > 0 } : undefined;
  }
  return undefined;
}

/** The session token of a request, when its cookie carries our signature. */
export async function sessionToken(request: Request, env: EdgeEnv): Promise<string | undefined> {
  return (await readCookie(request, env, "session"))?.value;
}

/** A `Cookie` header with these of the request's cookies and no other, signed by the current key: the library knows no older one. */
export async function carriedCookies(request: Request, env: EdgeEnv, kinds: readonly CookieKind[]): Promise<string> {
  const pairs = await Promise.all(
    kinds.map(async (kind) => {
      const read = await readCookie(request, env, kind);
      return read ? ((await signedCookie(env, kind, read.value, SESSION_TTL_S)).split(";", 1)[0] ?? []) : [];
    }),
  );
  return pairs.flat().join("; ");
}

/** A `Set-Cookie` line, signed by the ring's current key. */
export async function signedCookie(env: EdgeEnv, kind: CookieKind, value: string, maxAgeS: number): Promise<string> {
  const [current] = await librarySecrets(env);
  if (!current) throw new Error("the key ring is empty");
  const { name, secure } = cookieOf(env, kind);
  return await serializeSigned(name, value, current.value, { ...COOKIE_ATTRIBUTES, secure, maxAge: maxAgeS });
}
