import { type ObjectAddress, objectName, OBJECT_KINDS } from "../../contract/address.ts";
import type { SpineStatus } from "../../contract/events.ts";
import { anyObject } from "../consumers/objects.ts";
import { inParallel } from "../consumers/parallel.ts";
import type { EdgeEnv } from "../env.ts";

export const STATUS_LIMITS = {
  /** Objects that are asked; a tenant with more sees the first by kind and name. */
  objects: 50,
  /** At the same time. */
  atOnce: 10,
  /** Dead letters counted. */
  deadLetters: 10_000,
} as const;

interface Depth {
  readonly name: string;
  readonly depth: number;
  readonly oldestAgeMs: number | null;
}

/** The tenant's outboxes, the deployment's queue, and the tenant's dead letters. An object that fails is named, the rest is answered. */
export async function spineStatus(env: EdgeEnv, tenantId: string, now: number): Promise<SpineStatus> {
  const objects: Depth[] = [];
  const unanswered: string[] = [];
  const asking = inParallel(await addressesOf(env, tenantId), STATUS_LIMITS.atOnce, async (address) => {
    const name = `${address.kind}/${address.name}`;
    try {
      const { depth, oldestAt } = await anyObject(env, address).outboxStatus();
      objects.push({ name, depth, oldestAgeMs: oldestAt === null ? null : Math.max(0, now - oldestAt) });
    } catch {
      unanswered.push(name); // whatever kept it from answering: the caller sees which, and the object logs why
    }
  });
  const [queue, deadLetters] = await Promise.all([queueOf(env, now), countDeadLetters(env, tenantId), asking]);
  objects.sort((a, b) => b.depth - a.depth || (a.name < b.name ? -1 : 1));
  const ages = objects.flatMap(({ oldestAgeMs }) => (oldestAgeMs === null ? [] : [oldestAgeMs]));
  return {
    outbox: {
      depth: objects.reduce((sum, object) => sum + object.depth, 0),
      oldestAgeMs: ages.length > 0 ? Math.max(...ages) : null,
      unanswered: unanswered.sort(),
      objects,
    },
    queue,
    deadLetters,
    asOf: new Date(now).toISOString(),
  };
}

/** Objects that every tenant in use has. Their registration is itself an event on the way, so the registry may not name them yet. */
const KNOWN = [
  { kind: "tenant", name: "main" },
  { kind: "agents", name: "main" },
  { kind: "metrics", name: "0" },
] as const;

/** The known objects and the registered ones. Others are not asked on suspicion: asking would bring them into being. */
async function addressesOf(env: EdgeEnv, tenantId: string): Promise<ObjectAddress[]> {
  const found = await env.DB.prepare("SELECT kind, name FROM control_object WHERE tenant_id = ?1 ORDER BY kind, name LIMIT ?2")
    .bind(tenantId, STATUS_LIMITS.objects)
    .all<{ kind: string; name: string }>();
  const addresses = new Map<string, ObjectAddress>();
  for (const known of KNOWN) addresses.set(objectName({ tenantId, ...known }), { tenantId, ...known });
  for (const row of found.results) {
    const kind = OBJECT_KINDS.find((candidate) => candidate === row.kind);
    if (kind && addresses.size < STATUS_LIMITS.objects) {
      const address = { tenantId, kind, name: row.name };
      addresses.set(objectName(address), address);
    }
  }
  return [...addresses.values()];
}

/** The backlog is the whole deployment's: tenants share the queue. */
async function queueOf(env: EdgeEnv, now: number): Promise<SpineStatus["queue"]> {
  try {
    const metrics = await env.EVENTS.metrics();
    const oldest = metrics.oldestMessageTimestamp?.getTime() ?? 0;
    return { name: "events", backlog: metrics.backlogCount, oldestAgeMs: oldest > 0 ? Math.max(0, now - oldest) : null };
  } catch {
    return { name: "events", backlog: null, oldestAgeMs: null }; // the broker does not say: shown as unknown
  }
}

async function countDeadLetters(env: EdgeEnv, tenantId: string): Promise<number> {
  const row = await env.HISTORY.prepare(
    "SELECT count(*) AS n FROM (SELECT 1 FROM control_dead_letter WHERE tenant_id = ?1 AND replayed_at IS NULL LIMIT ?2)",
  )
    .bind(tenantId, STATUS_LIMITS.deadLetters)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
