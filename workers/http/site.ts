import type { Outcome } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { checkTransport, isSecure } from "./browser.ts";
import { tenantHost } from "./door-arrival.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { isOwnHost } from "./node-proxy.ts";

/** Where a request was sent: what its scheme and host tell, which is the same for all that are sent there. */
export interface Site {
  /** Scheme and host; the path is `/`. */
  readonly url: URL;
  /** Whether it is the platform's own; any other is at most a tenant's. */
  readonly own: boolean;
  /** The host as a tenant would have named it, where it can be one's. */
  readonly tenantHost: string | undefined;
  readonly secure: boolean;
  /** Whether it may be served, as long as it is no tenant's host. */
  readonly transport: Outcome<undefined>;
}

export const SITE_LIMITS = {
  /** Anybody can invent hosts; a node has a handful. */
  sites: 500,
  /** Longer ones are parsed anew each time: a name has 253 at most (RFC 1035 section 2.3.4). */
  chars: 300,
} as const;

type SiteEnv = Pick<EdgeEnv, "PUBLIC_URL" | "TRUSTED_PROXY_HEADER">;

const sites = new Lru<Site>(SITE_LIMITS.sites);
/** The settings that these were read with. */
let settings: SiteEnv = { PUBLIC_URL: "" };
registerIsolateCache(() => sites.clear());

/** Scheme and host as they stand in a URL, where nothing but a path can follow them. */
const ORIGIN = /^https?:\/\/[^/?#\\]+(?=\/)/;

/** @param url of a request, absolute @throws when its host is none */
export function siteOf(url: string, env: SiteEnv): Site {
  if (env.PUBLIC_URL !== settings.PUBLIC_URL || env.TRUSTED_PROXY_HEADER !== settings.TRUSTED_PROXY_HEADER) {
    sites.clear();
    settings = env;
  }
  const origin = ORIGIN.exec(url)?.[0];
  if (origin === undefined || origin.length > SITE_LIMITS.chars) return read(url, env);
  const known = sites.get(origin, 0);
  if (known) return known;
  const site = read(origin, env);
  sites.set(origin, site, Number.POSITIVE_INFINITY);
  return site;
}

function read(text: string, env: SiteEnv): Site {
  const url = new URL("/", text);
  return {
    url,
    own: isOwnHost(url, env),
    tenantHost: tenantHost(url, env),
    secure: isSecure(url, env),
    transport: checkTransport(url, env, false),
  };
}
