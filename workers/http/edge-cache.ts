import { type Outcome, accept } from "../../contract/problems.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "./access-cache.ts";
import { takeAnswer } from "./door-limits.ts";
import { EdgeStore, type Kept, storeKey } from "./edge-store.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { type KeepAlive, SingleFlight } from "./single-flight.ts";

export const EDGE_CACHE_LIMITS = {
  /** Characters of an answer that is kept: larger ones are asked for anew, a location's cache is for what many read. */
  chars: 2 * 1024 * 1024,
  /** What an isolate keeps itself: a sixteenth of what it has, as text of two bytes a character at worst. */
  memoryChars: 4 * 1024 * 1024,
  memoryEntries: 1_000,
} as const;

interface Shared {
  readonly outcome: Outcome<unknown>;
  /** Epoch milliseconds. */
  readonly madeAt: number;
}

const store = new EdgeStore<unknown>({
  cacheName: "meridian-door",
  entries: EDGE_CACHE_LIMITS.memoryEntries,
  weight: EDGE_CACHE_LIMITS.memoryChars,
  mediaType: "application/json",
  decode: async (body) => await body.json(),
});
const flights = new SingleFlight<Shared>();
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
  const { env, ctx, principal, now } = call;
  if (principal.kind !== "visitor") return await produce();
  const { tenantId } = principal;
  // A mark taken away changes the version, and with it every key: nothing of before is found again.
  const version = (await accessOf(env, ctx, tenantId, now))?.configVersion ?? 0;
  const key = await storeKey(env, [tenantId, version, name, parts]);
  const shared = await flights.run(key, ctx, async () => {
    const kept = await find(env, key, now, maxAgeS);
    if (kept) return { outcome: accept(kept.value), madeAt: kept.madeAt };
    const counted = takeAnswer(tenantId, now);
    const outcome = counted.ok ? await produce() : counted;
    if (outcome.ok) ctx.waitUntil(keep(env, key, { value: outcome.value, madeAt: now }, maxAgeS));
    return { outcome, madeAt: now };
  });
  const outcome = shared.outcome as Outcome<T>; // the key names the route, whose answers are of one type
  if (!outcome.ok) return outcome;
  const ageS = Math.max(0, Math.floor((now - shared.madeAt) / 1_000));
  const { answerHeaders } = call;
  answerHeaders.set("cache-control", `public, max-age=${maxAgeS}`);
  answerHeaders.set("age", String(Math.min(ageS, maxAgeS)));
  answerHeaders.append("vary", "Authorization");
  return outcome;
}

async function find(env: EdgeEnv, key: string, now: number, maxAgeS: number): Promise<Kept<unknown> | undefined> {
  const kept = await store.find(env, key, now);
  // A hit must not be older than what is promised, and one from a clock ahead of ours would be for too long.
  if (!kept || !(kept.madeAt <= now && now - kept.madeAt < maxAgeS * 1_000)) return undefined;
  return kept;
}

async function keep(env: EdgeEnv, key: string, kept: Kept<unknown>, maxAgeS: number): Promise<void> {
  const text = JSON.stringify(kept.value);
  if (text.length <= EDGE_CACHE_LIMITS.chars) await store.keep(env, key, kept, text.length, maxAgeS, () => text);
}
