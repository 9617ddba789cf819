import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export function isUnsafe(method: string): boolean {
  return UNSAFE.has(method);
}

export function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** Whether a URL's host is this machine: names and addresses that browsers treat as secure contexts. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The origins whose pages are our own. The public one; and, on a deployment that is itself on loopback, whatever
 * loopback name and port the browser used: `127.0.0.1` instead of `localhost` is the same machine.
 */
export function isOwnOrigin(origin: string, url: URL, env: Pick<EdgeEnv, "PUBLIC_URL">): boolean {
  const publicUrl = new URL(env.PUBLIC_URL);
  if (origin === publicUrl.origin) return true;
  return isLoopback(publicUrl.hostname) && isLoopback(url.hostname) && origin === url.origin;
}

/** What these look at of the deployment. */
type Transport = Pick<EdgeEnv, "PUBLIC_URL" | "TRUSTED_PROXY_HEADER">;

/**
 * Whether the browser's side of the connection is https: our own, or that of the TLS proxy in front. Behind a proxy that a
 * node was told to trust, every host that {@link checkTransport} lets through came over it, but for loopback.
 */
export function isSecure(url: URL, env: Transport): boolean {
  const publicUrl = new URL(env.PUBLIC_URL);
  if (url.protocol === "https:" || (publicUrl.protocol === "https:" && url.host === publicUrl.host)) return true;
  return isProxied(env) && !isLoopback(url.hostname);
}

/**
 * Plain http is for loopback, and for the hop behind a TLS proxy that keeps the host name: the public one, or one that a
 * tenant proved to be theirs.
 */
export function checkTransport(url: URL, env: Transport, onTenantsHost: boolean): Outcome<undefined> {
  const near = isLoopback(url.hostname) || url.host === new URL(env.PUBLIC_URL).host;
  if (url.protocol === "https:" || near || (onTenantsHost && isProxied(env))) return accept(undefined);
  return refuse("https-required", "Use https: plain http is served on loopback only.");
}

function isProxied({ TRUSTED_PROXY_HEADER = "" }: Transport): boolean {
  return TRUSTED_PROXY_HEADER !== "";
}

/** What a cookie needs besides itself, since browsers attach it to anyone's requests: our exact Origin, and JSON if there is a body. */
export function checkCookieRequest(request: Request, url: URL, env: Pick<EdgeEnv, "PUBLIC_URL">): Outcome<undefined> {
  if (!isUnsafe(request.method) && !isUpgrade(request)) return accept(undefined);
  const origin = request.headers.get("origin");
  if (origin === null || !isOwnOrigin(origin, url, env)) {
    return refuse("origin-not-allowed", "A signed-in browser may do this from the console's own origin only; programs use an API key.");
  }
  const type = request.headers.get("content-type");
  if (type !== null && !/^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(type)) {
    return refuse("unsupported-media-type", "Send JSON with `Content-Type: application/json`.");
  }
  return accept(undefined);
}
