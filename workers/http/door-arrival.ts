import type { Problem } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { isLoopback } from "./browser.ts";
import { clientAddress } from "./client-address.ts";
import { takeByAddress, takeByTenant } from "./door-limits.ts";
import { type Asker, doorOfHost, doorOfSlug } from "./door-tenants.ts";
import { TooManyGuesses } from "./miss-budget.ts";
import type { RateState } from "./rate-limit-headers.ts";
import type { Door } from "./request-context.ts";
import { NOT_FOUND } from "./route-table.ts";
import type { KeepAlive } from "./single-flight.ts";
import type { Site } from "./site.ts";

/** Where a request has come in, when that is a tenant's door. */
export interface Arrival {
  /** What the router matches: always with `/p/{slug}`, whatever the host. */
  readonly path: string;
  /** Whether it came by a host that the tenant proved to be theirs. */
  readonly onOwnHost: boolean;
  readonly door: Door | null;
  /** Why it goes no further. */
  readonly problem: Problem | null;
  /** Where the caller stands with the door's limits. */
  readonly limits: readonly RateState[];
  /** An error behind the problem, for the log. */
  readonly error?: unknown;
}

/**
 * Finds the door that a request came to: by a host of a tenant, which leads nowhere else, or by `/p/{slug}`. Undefined for
 * everything that is no door: our own hosts, and hosts that are nobody's.
 * @param path as the router reads it, percent-encoding undone
 */
export async function arrive(
  request: Request,
  path: string,
  { tenantHost: host }: Pick<Site, "tenantHost">,
  env: EdgeEnv,
  ctx: KeepAlive,
  now: number,
): Promise<Arrival | undefined> {
  if (host === undefined && !path.startsWith("/p/")) return undefined;
  const asker: Asker = { env, ctx, address: clientAddress(request), now };
  const limits: RateState[] = [];
  const none = { path, onOwnHost: false, door: null, problem: NOT_FOUND, limits };
  try {
    const owner = host === undefined ? null : await doorOfHost(asker, host);
    if (owner === null && !path.startsWith("/p/")) return undefined;
    const counted = takeByAddress(asker.address, now, limits);
    if (!counted.ok) return { ...none, problem: counted.problem };
    const door = owner ?? (await doorOfSlug(asker, path.split("/", 3)[2] ?? ""));
    if (door === null) return none;
    const taken = takeByTenant(door.tenantId, now, limits);
    const at = { path: owner ? `/p/${door.slug}${path}` : path, onOwnHost: owner !== null, door, limits };
    if (!taken.ok) return { ...at, problem: taken.problem };
    return { ...at, problem: path.startsWith("/v1/") || !owner ? null : NOT_FOUND };
  } catch (error) {
    return { ...none, ...troubleOf(error) };
  }
}

/** The host as a tenant would have named it; undefined for the deployment's own, and for what can be no tenant's. */
export function tenantHost(url: URL, env: Pick<EdgeEnv, "PUBLIC_URL">): string | undefined {
  const host = url.hostname.replace(/\.$/, "");
  if (isLoopback(host) || host === new URL(env.PUBLIC_URL).hostname) return undefined;
  return /\.(?!\d+$)[a-z0-9-]+$/.test(host) ? host : undefined;
}

function troubleOf(error: unknown): Pick<Arrival, "problem" | "error"> {
  if (!(error instanceof TooManyGuesses)) return { problem: UNREADABLE, error };
  const detail = "Too many unknown doors were tried lately. Wait, then try again.";
  return { problem: { slug: "rate-limited", detail, retryAfterS: error.retryAfterMs / 1_000 } };
}

const UNREADABLE: Problem = {
  slug: "unavailable",
  detail: "It cannot be found out right now whose door this is. Try again.",
  retryAfterS: 1,
};
