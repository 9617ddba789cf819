import { isLoopback } from "../http/browser.ts";

/**
 * The origin at which whoever asked finds us again: the public one; on loopback whatever name and port the caller used; at a door the
 * tenant's own host when that was asked (it was proved, and behind a TLS proxy the scheme is the public one's).
 */
export function publicOrigin(asked: URL, publicUrl: string, atDoor: boolean): URL {
  const own = new URL(publicUrl);
  const host = atDoor || (isLoopback(own.hostname) && isLoopback(asked.hostname)) ? asked.host : own.host;
  const secure = isLoopback(own.hostname) ? asked.protocol === "https:" : own.protocol === "https:";
  return new URL(`${secure ? "https:" : "http:"}//${host}`);
}

/** The same as an address of sockets. */
export function socketOrigin(asked: URL, publicUrl: string, atDoor: boolean): URL {
  const origin = publicOrigin(asked, publicUrl, atDoor);
  return new URL(`${origin.protocol === "https:" ? "wss:" : "ws:"}//${origin.host}`);
}
