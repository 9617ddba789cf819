import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { SetQuery, Top } from "../../contract/leaderboard-reads.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { DataAnswer } from "../http/answer.ts";
import { takeAnswer } from "../http/door-limits.ts";
import { EdgeStore, type Kept } from "../http/edge-store.ts";
import { hasAlready } from "../http/etag.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { type KeepAlive, SingleFlight } from "../http/single-flight.ts";
import { withBoard } from "./leaderboards-calls.ts";

/** What is kept of one ranking's top: all that can be asked for. */
const ROWS = 100;
const MAX_AGE_MS = LEADERBOARD_LIMITS.topMaxAgeS * 1_000;
/** Tops that an isolate keeps itself, and their characters: 100 rows are about 15,000. */
const KEPT = { entries: 2_000, weight: 8 * 1024 * 1024 } as const;
/** Of one top; callers that ask for each number of rows would make it fifty times as large. */
const KEPT_TEXTS = 2;

interface Shared {
  readonly top: Top;
  readonly etag: string;
  /** As JSON, by number of rows; made when first asked for, and kept of the first few numbers. */
  readonly texts: Map<number, string>;
}

const store = new EdgeStore<Shared>({
  cacheName: "meridian-boards",
  ...KEPT,
  mediaType: "application/json",
  decode: async (body) => sharedOf(await body.json<Top>()),
});
const flights = new SingleFlight<Outcome<Kept<Shared>>>();
/** How often a board's top was asked for lately, and how often its object. */
const reads = new Lru<{ asked: number; missed: number; since: number }>(KEPT.entries);
const COUNTED_MS = 60_000;
registerIsolateCache(() => {
  flights.clear();
  reads.clear();
});

interface TopCall {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly request: Request;
  readonly principal: AnyPrincipal;
  readonly now: number;
}

/**
 * The top of a ranking, five seconds old at most. Everybody who may read the board is given the same, so one read of the object serves all;
 * the caller has checked that this one may. The tag changes with every change that shows.
 */
export async function answerTop(
  call: TopCall,
  board: string,
  { window, partition, limit }: SetQuery & { readonly limit: number },
): Promise<Outcome<never> | DataAnswer> {
  const { env, ctx, request, principal, now } = call;
  const { tenantId } = principal;
  // Every part is of a small alphabet without `/`, so no two tops share an address.
  const key = `${env.PUBLIC_URL}/v1/.shared/boards/${tenantId}/${board}/${window}/${partition ?? ""}`;
  const count = countOf(`${tenantId}/${board}`, now);
  count.asked++;
  const held = store.held(key, now);
  if (held && isFresh(held, now)) return respond(request, principal, held, limit, now);
  const read = async (): Promise<Outcome<Kept<Shared>>> => {
    const found = await store.find(env, key, now);
    if (found && isFresh(found, now)) return accept(found);
    count.missed++;
    const made = await produce(call, board, partition === undefined ? { window } : { window, partition });
    if (!made.ok) return made;
    const fresh = { value: made.value, madeAt: now };
    const text = JSON.stringify(made.value.top);
    ctx.waitUntil(store.keep(env, key, fresh, text.length, LEADERBOARD_LIMITS.topMaxAgeS, () => text));
    return accept(fresh);
  };
  const joined = await flights.run(key, ctx, read);
  // What is held against a crowd of visitors is held against nobody else who happens to ask at the same time.
  const isTheirs = !joined.ok && joined.problem.slug === "rate-limited" && principal.kind !== "visitor";
  const kept = isTheirs ? await read() : joined;
  return kept.ok ? respond(request, principal, kept.value, limit, now) : kept;
}

/** Of the reads of a board's top in the last minute, the part that no object had to answer; null when there were none. */
export function topHitRatio(tenantId: string, board: string, now: number): number | null {
  const count = reads.get(`${tenantId}/${board}`, now);
  return count && count.asked > 0 ? 1 - Math.min(count.missed, count.asked) / count.asked : null;
}

async function produce(call: TopCall, board: string, set: SetQuery): Promise<Outcome<Shared>> {
  const { principal, now } = call;
  const counted = principal.kind === "visitor" ? takeAnswer(principal.tenantId, now) : accept(undefined);
  if (!counted.ok) return counted;
  const top = await withBoard(call, board, async (object) => await object.ask("top", { ...set, limit: ROWS }));
  return top.ok ? accept(sharedOf(top.value)) : top;
}

function sharedOf(top: Top): Shared {
  return { top, etag: `"v${top.version}-${digest(top)}"`, texts: new Map() };
}

/** FNV-1a, 32 bits, of what the version does not tell: which window it is now, and names. */
function digest({ window, items }: Top): string {
  const text = JSON.stringify([window, items]);
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

function isFresh({ madeAt }: Kept<Shared>, now: number): boolean {
  return madeAt <= now && now - madeAt < MAX_AGE_MS;
}

function respond(request: Request, principal: AnyPrincipal, { value, madeAt }: Kept<Shared>, limit: number, now: number): DataAnswer {
  const headers = {
    // What takes a credential to see is no shared cache's business.
    "cache-control": principal.kind === "visitor" ? `public, s-maxage=${LEADERBOARD_LIMITS.topMaxAgeS}` : "private, no-cache",
    age: String(Math.max(0, Math.floor((now - madeAt) / 1_000))),
    etag: value.etag,
    vary: "Authorization, Cookie",
  };
  if (hasAlready(request, value.etag)) return new DataAnswer(null, 304, headers);
  let text = value.texts.get(limit);
  if (text === undefined) {
    const { top } = value;
    text = JSON.stringify(limit < top.items.length ? { ...top, items: top.items.slice(0, limit) } : top);
    if (value.texts.size < KEPT_TEXTS) value.texts.set(limit, text);
  }
  return new DataAnswer(text, 200, headers);
}

function countOf(name: string, now: number): { asked: number; missed: number } {
  const known = reads.get(name, now);
  if (known && now - known.since < COUNTED_MS && now >= known.since) return known;
  const count = { asked: 0, missed: 0, since: now };
  reads.set(name, count, now + COUNTED_MS);
  return count;
}
