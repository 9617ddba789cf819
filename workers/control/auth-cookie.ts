import { parseSigned } from "hono/utils/cookie";
import type { EdgeEnv } from "../env.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { isLoopback } from "../http/browser.ts";

/** Seconds that a session lasts from its last renewal; `GET /v1/auth/get-session` renews one that is older than a day. */
export const SESSION_TTL_S = 7 * 86_400;
export const SESSION_RENEW_S = 86_400;

/**
 * How the session's cookie is named and guarded. `__Host-` makes browsers refuse one that another subdomain or a plain
 * connection tries to set; it needs Secure, which plain http on loopback cannot have.
 * @throws when PUBLIC_URL is plain http and not on loopback: such a deployment would send sessions in the clear
 */
export function cookieOf(env: Pick<EdgeEnv, "PUBLIC_URL">): { readonly name: string; readonly secure: boolean } {
  const url = new URL(env.PUBLIC_URL);
  const secure = url.protocol === "https:";
  if (!secure && !isLoopback(url.hostname)) throw new Error("PUBLIC_URL must be https, or http on loopback");
  return { name: secure ? "__Host-meridian.session" : "meridian.session", secure };
}

/** What the library signs cookies with. */
export async function cookieSecret(env: Pick<EdgeEnv, "KEY_RING">): Promise<string> {
  return await keyRing(env).secret("session");
}

/** The session token of a request, when its cookie carries our signature (HMAC-SHA256, as better-auth writes it). */
export async function sessionToken(request: Request, env: EdgeEnv): Promise<string | undefined> {
  const header = request.headers.get("cookie");
  if (header === null) return undefined;
  const { name } = cookieOf(env);
  const token = (await parseSigned(header, await cookieSecret(env), name))[name];
  return token === false || token === "" ? undefined : token;
}
