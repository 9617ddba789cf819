import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

const REDIRECTS = 5;

/** Addresses that a Worker on Cloudflare could never reach, and that a tenant's URL must not reach from a single node. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv6");

/** Whether an address is one that outbound requests of a tenant may not go to: loopback, private, link-local, tunnels into them, multicast, documentation. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  // The block list itself unwraps IPv4-mapped IPv6 addresses.
  return PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
}

export interface OutboundDeps {
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const realDeps: OutboundDeps = {
  resolve: async (host) => (await lookup(host, { all: true })).map((entry) => entry.address),
  fetch: async (url, init) => await fetch(url, init),
};

/**
 * Sends a Worker's outbound request unless it leads to a private address, checked again on every redirect.
 * @param allowed `host:port` of private places that whoever runs the node has opened
 * The check and the connection resolve the name separately; a name that changes in between is a known limit of a single node.
 */
export async function guardedFetch(
  request: Request,
  allowed: ReadonlySet<string> = new Set(),
  deps: OutboundDeps = realDeps,
): Promise<Response> {
  let url = new URL(request.url);
  let method = request.method;
  const headers = new Headers(request.headers);
  let body = method === "GET" || method === "HEAD" ? undefined : await request.arrayBuffer();
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const refusal = allowed.has(placeOf(url)) ? undefined : await refuse(url, deps);
    if (refusal) return new Response(refusal, { status: 403, headers: { "x-meridian-outbound": "refused" } });
    const response = await deps.fetch(url.href, { method, headers, redirect: "manual", ...(body ? { body } : {}) });
    const location = response.headers.get("location");
    if (request.redirect === "manual" || response.status < 301 || response.status > 308 || !location) return response;
    const next = new URL(location, url);
    if (next.origin !== url.origin) for (const name of ["authorization", "cookie"]) headers.delete(name);
    if (response.status === 303 || (response.status < 303 && method === "POST")) {
      method = "GET";
      body = undefined;
    }
    url = next;
  }
  return new Response("too many redirects", { status: 508 });
}

function placeOf(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

async function refuse(url: URL, deps: OutboundDeps): Promise<string | undefined> {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "only http and https leave this node";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  try {
    const addresses = isIP(host) ? [host] : await deps.resolve(host);
    if (addresses.length === 0) return "the host has no address";
    return addresses.some(isPrivateAddress) ? "outbound requests may not reach private addresses" : undefined;
  } catch {
    return "the host could not be resolved"; // any DNS failure: the request could not have been sent either
  }
}
