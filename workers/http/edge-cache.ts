import { sha256Hex } from "../../contract/base64.ts";
import { type Outcome, accept } from "../../contract/problems.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "./access-cache.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const EDGE_CACHE_LIMITS = {
  /** Characters of an answer that is kept: larger ones are asked for anew, a location's cache is for what many read. */
  chars: 2 * 1024 * 1024,
} as const;

/** Its own name space: nothing that `fetch` caches under the same addresses is ever seen here, or the other way round. */
const CACHE_NAME = "meridian-door";
const MADE_AT = "x-meridian-made-at";

interface Shared<T> {
  readonly outcome: Outcome<T>;
  /** Epoch milliseconds. */
  readonly madeAt: number;
}

const flights = new SingleFlight<Shared<unknown>>();
registerIsolateCache(() => flights.clear());

/** What this needs of a route's call. */
interface SharedCall {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly principal: AnyPrincipal;
  readonly now: number;
  readonly answerHeaders: Headers;
}

/**
 * An answer that all visitors of a door share, as old as `maxAgeS` at most; `Cache-Control` and `Age` say so. The caller has
 * checked already that this visitor may see it: what is kept only saves the work. Subjects, operators and keys always get
 * their own answer, and a refusal is never kept.
 * @param name of the route, and what of the request decides the answer, parsed: another order or spelling shares the answer
 */
export async function shareWithVisitors<T>(
  call: SharedCall,
  { name, parts, maxAgeS }: { readonly name: string; readonly parts: unknown; readonly maxAgeS: number },
  produce: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { env, ctx, principal, now, answerHeaders } = call;
  if (principal.kind !== "visitor") return await produce();
  const { tenantId } = principal;
  // A mark taken away changes the version, and with it every key: nothing of before is found again.
  const version = (await accessOf(env, ctx, tenantId, now))?.configVersion ?? 0;
  const key = await keyOf(env, [tenantId, version, name, parts]);
  const shared = await flights.run(key, ctx, async () => {
    const kept = await find<T>(key, now, maxAgeS);
    if (kept) return kept;
    const outcome = await produce();
    if (outcome.ok) ctx.waitUntil(keep(key, outcome.value, now, maxAgeS));
    return { outcome, madeAt: now };
  });
  const outcome = shared.outcome as Outcome<T>; // the key names the route, whose answers are of one type
  if (!outcome.ok) return outcome;
  const ageS = Math.max(0, Math.floor((now - shared.madeAt) / 1_000));
  answerHeaders.set("cache-control", `public, max-age=${maxAgeS}`);
  answerHeaders.set("age", String(Math.min(ageS, maxAgeS)));
  answerHeaders.append("vary", "Authorization");
  return outcome;
}

/** An address of ours that no route has. All parts go in as JSON in a hash: no text of one can look like another's. */
async function keyOf(env: EdgeEnv, parts: readonly unknown[]): Promise<string> {
  return `${env.PUBLIC_URL}/v1/.shared/${await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)))}`;
}

async function find<T>(key: string, now: number, maxAgeS: number): Promise<Shared<T> | undefined> {
  try {
    const cache = await caches.open(CACHE_NAME);
    const kept = await cache.match(key);
    const madeAt = Number(kept?.headers.get(MADE_AT) ?? Number.NaN);
    // Its own clock is the cache's; ours has the test offset, and a hit must not be older than what is promised.
    if (!kept || !(madeAt <= now && now - madeAt < maxAgeS * 1_000)) return undefined;
    return { outcome: accept(await kept.json<T>()), madeAt };
  } catch {
    return undefined; // a cache that cannot be read is an empty one
  }
}

async function keep(key: string, value: unknown, now: number, maxAgeS: number): Promise<void> {
  const text = JSON.stringify(value);
  if (text.length > EDGE_CACHE_LIMITS.chars) return;
  try {
    const cache = await caches.open(CACHE_NAME);
    const headers = { "content-type": "application/json", "cache-control": `max-age=${maxAgeS}`, [MADE_AT]: String(now) };
    await cache.put(key, new Response(text, { headers }));
  } catch {
    // the next reader asks again
  }
}
