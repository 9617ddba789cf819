import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import type { ObjectCall } from "../http/objects.ts";
import { clock } from "../http/request-context.ts";

const QUOTA = {
  /** How long a count of the registry is believed while there is room, and when there is none. */
  believedMs: 60_000,
  fullMs: 5_000,
  /** Tenants, and keys that are there, which an isolate remembers. */
  tenants: 1_000,
  keys: 20_000,
  keyMs: 3_600_000,
  /** Keys of a tenant that were just made and are asked for by name, until the registry lists them. */
  made: 2_000,
} as const;

/** How many more sorted sets a tenant may make, as far as this isolate knows. */
interface Room {
  left: number;
  /** Made here since the registry was read, or not listed by it yet. */
  readonly made: Set<string>;
}

const rooms = new Lru<Room>(QUOTA.tenants);
const there = new Lru<true>(QUOTA.keys);
registerIsolateCache(() => {
  rooms.clear();
  there.clear();
});

const NONE: ReadonlySet<string> = new Set();

/**
 * Which of these keys may not come into being, because the tenant has as many as it may. Asks the registry of objects, which hears of new
 * ones about a second later: what other isolates make meanwhile is let through. One read a minute while there is room.
 * @param keys what commands of one request would make where it is not there
 */
export async function keysWithoutRoom(call: ObjectCall, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const now = clock(call.env);
  const { tenantId } = call.principal;
  const unknown = [...new Set(keys)].filter((key) => !there.get(`${tenantId}/${key}`, now));
  if (unknown.length === 0) return NONE;
  const known = rooms.get(tenantId, now);
  if (known && known.left >= unknown.length) {
    known.left -= unknown.length;
    return NONE;
  }
  try {
    return await askRegistry(call, unknown, known, now);
  } catch (error) {
    // Sorted sets work without D1; the count is there against floods and may wait until it is back.
    console.error(JSON.stringify({ level: "error", event: "sorted-sets-not-counted", tenant: tenantId, error: String(error) }));
    return NONE;
  }
}

/** Notes that a key is there: a command that makes it has succeeded. */
export function noteKey(call: ObjectCall, key: string): void {
  const now = clock(call.env);
  const { tenantId } = call.principal;
  const name = `${tenantId}/${key}`;
  if (there.get(name, now)) return;
  there.set(name, true, now + QUOTA.keyMs);
  const made = rooms.get(tenantId, now)?.made;
  if (made && made.size < QUOTA.made) made.add(key);
}

/** Counts anew, unless that was full a moment ago, and looks which of the keys are there already. */
async function askRegistry(call: ObjectCall, unknown: readonly string[], known: Room | undefined, now: number): Promise<Set<string>> {
  const { tenantId } = call.principal;
  const { DB } = call.env;
  const made = known?.made ?? new Set<string>();
  const listed = DB.prepare(
    "SELECT name FROM control_object WHERE tenant_id = ?1 AND kind = 'sorted-set' AND name IN (SELECT value FROM json_each(?2))",
  ).bind(tenantId, JSON.stringify([...unknown, ...made]));
  const counted = DB.prepare("SELECT count(*) AS count FROM control_object WHERE tenant_id = ?1 AND kind = 'sorted-set'").bind(tenantId);
  const [names, count] = await DB.batch<{ name: string; count: number }>(known?.left === 0 ? [listed] : [listed, counted]);
  const present = new Set(names?.results.map(({ name }) => name));
  for (const key of present) {
    made.delete(key);
    there.set(`${tenantId}/${key}`, true, now + QUOTA.keyMs);
  }
  const objects = count?.results[0]?.count;
  let left = objects === undefined ? 0 : Math.max(0, LEADERBOARD_LIMITS.redisKeys - objects - made.size);
  const refused = new Set<string>();
  for (const key of unknown) {
    if (present.has(key) || made.has(key)) continue;
    if (left > 0) left -= 1;
    else refused.add(key);
  }
  if (objects !== undefined) rooms.set(tenantId, { left, made }, now + (left > 0 ? QUOTA.believedMs : QUOTA.fullMs));
  return refused;
}
