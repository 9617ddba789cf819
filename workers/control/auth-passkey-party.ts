import type { EdgeEnv } from "../env.ts";
import { isLoopback } from "../http/browser.ts";

/** The plugin's name of the cookie from a challenge to its answer: it looks it up by this. */
export const PASSKEY_COOKIE = "meridian-passkey";

/** For whom passkeys are made: browsers bind them to this name, and the answer must come from this origin. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/**
 * Passkeys are bound to a host's name, never to an address. A deployment that is reached on loopback by address has them at
 * `localhost`, which is the same machine; any other address has none.
 */
export function relyingParty(env: Pick<EdgeEnv, "PUBLIC_URL">): RelyingParty | null {
  const url = new URL(env.PUBLIC_URL);
  const isAddress = url.hostname.startsWith("[") || /^[\d.]+$/.test(url.hostname);
  if (!isAddress) return { id: url.hostname, origin: url.origin };
  if (!isLoopback(url.hostname)) return null;
  url.hostname = "localhost";
  return { id: "localhost", origin: url.origin };
}
