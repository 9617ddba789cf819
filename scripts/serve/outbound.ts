import { lookup as lookUp } from "node:dns";
import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv4, isIPv6, type LookupFunction } from "node:net";
import { Agent, fetch as fetchWith } from "undici";

const REDIRECTS = 5;

/** Addresses that a Worker on Cloudflare could never reach, and that a tenant's URL must not reach from a single node. */
const PRIVATE = { 4: new BlockList(), 6: new BlockList() };
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
  PRIVATE[4].addSubnet(net, bits, "ipv4");
// Only 2000::/3 is given out to the internet (IANA's IPv6 address space registry); of it, tunnels and documentation are not.
for (const [net, bits] of [
  ["::", 3],
  ["4000::", 2],
  ["8000::", 1],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  PRIVATE[6].addSubnet(net, bits, "ipv6");

/** Whether an address is one that outbound requests of a tenant may not go to: loopback, private, link-local, tunnels into them, multicast, documentation. */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return PRIVATE[4].check(address, "ipv4");
  return !isIPv6(address) || PRIVATE[6].check(address, "ipv6");
}

export interface OutboundDeps {
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** The same for places that were opened. */
  readonly fetchOpened: (url: string, init: RequestInit) => Promise<Response>;
}

const realDeps: OutboundDeps = {
  resolve: async (host) => (await lookup(host, { all: true })).map((entry) => entry.address),
  fetch: fetchGuarded,
  fetchOpened: async (url, init) => await fetch(url, init),
};

/**
 * Sends a Worker's outbound request unless it leads to a private address, checked again on every redirect.
 * @param allowed `host:port` of private places that whoever runs the node has opened
 * The connection looks at the addresses once more, see {@link fetchGuarded}: a name that changes in between leads nowhere either.
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
    const opened = allowed.has(placeOf(url));
    const refusal = opened ? undefined : await refuse(url, deps);
    if (refusal) return new Response(refusal, { status: 403, headers: { "x-meridian-outbound": "refused" } });
    const response = await (opened ? deps.fetchOpened : deps.fetch)(url.href, {
      method,
      headers,
      redirect: "manual",
      ...(body ? { body } : {}),
    });
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

/** `host:port`, as the platform writes both. */
export function placeOf(url: URL): string {
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

/** Resolves as a connection does, and gives it no address when one of the name's is private. */
const lookUpPublic: LookupFunction = (host, options, done) => {
  lookUp(host, { ...options, all: true }, (error, addresses) => {
    const first = addresses?.[0];
    if (error || !first) return done(error ?? new Error("the host has no address"), "", 0);
    if (addresses.some(({ address }) => isPrivateAddress(address))) return done(new Error("the host leads to a private address"), "", 0);
    if (options.all) done(null, addresses);
    else done(null, first.address, first.family);
  });
};

const guarded = new Agent({ connect: { lookup: lookUpPublic } });

/** Connects to public addresses only, whatever the name resolved to a moment before. @throws TypeError like any fetch */
export async function fetchGuarded(url: string, init: RequestInit): Promise<Response> {
  const response = await fetchWith(url, { ...init, dispatcher: guarded } as Parameters<typeof fetchWith>[1]); // Node's types are a copy of undici's
  return response as unknown as Response; // the same class by another name
}
