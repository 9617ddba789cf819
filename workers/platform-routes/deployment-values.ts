import { OBJECT_KINDS, type ObjectAddress, type ObjectNamespace, objectAt } from "../../contract/address.ts";
import type { ObjectRpc } from "../../contract/rpc/call.ts";
import type { ShardStatus } from "../../contract/rpc/metrics.ts";
import type { EdgeEnv } from "../env.ts";

export const VALUE_LIMITS = {
  /** Objects asked for one scrape, by tenant: more of them are counted as not asked. */
  objects: 200,
  /** Asked at the same time. */
  atOnce: 20,
  /** Rows counted of a table that grows without end: a count reads each of them. */
  rows: 100_000,
} as const;

/** What databases and objects know about the deployment as a whole; never a tenant's name. */
export interface DeploymentValues {
  readonly tenants: number;
  readonly operators: number;
  readonly activeKeys: number;
  readonly storedEvents: number;
  readonly deadLetters: number;
  readonly queueBacklog: number | undefined;
  readonly objects: readonly { readonly kind: string; readonly count: number }[];
  /** Sums over the objects that were asked and answered. */
  readonly outboxDepth: number;
  readonly outboxOldestAgeMs: number;
  readonly shards: Pick<ShardStatus, "series" | "samples" | "walRows" | "blocks" | "rowsWritten">;
  readonly objectsAsked: number;
  readonly objectsFailed: number;
}

/** @throws when a database cannot be read; objects that do not answer are counted instead */
export async function deploymentValues(env: EdgeEnv, now: number): Promise<DeploymentValues> {
  const [identity, history, backlog, kinds, addresses] = await Promise.all([
    identityCounts(env.DB),
    historyCounts(env.HISTORY),
    backlogOf(env),
    env.DB.prepare("SELECT kind, count(*) AS count FROM control_object GROUP BY kind ORDER BY kind").all<{ kind: string; count: number }>(),
    objectAddresses(env.DB),
  ]);
  const answers = await askAll(env, addresses);
  const depths = answers.flatMap((answer) => (answer ? [answer.outbox] : []));
  const shards = answers.flatMap((answer) => (answer?.shard ? [answer.shard] : []));
  const sum = (of: (shard: ShardStatus) => number) => shards.reduce((total, shard) => total + of(shard), 0);
  const oldest = depths.flatMap(({ oldestAt }) => (oldestAt === null ? [] : [now - oldestAt]));
  return {
    ...identity,
    ...history,
    queueBacklog: backlog,
    objects: kinds.results,
    outboxDepth: depths.reduce((total, { depth }) => total + depth, 0),
    outboxOldestAgeMs: Math.max(0, ...oldest),
    shards: {
      series: sum((shard) => shard.series),
      samples: sum((shard) => shard.samples),
      walRows: sum((shard) => shard.walRows),
      blocks: sum((shard) => shard.blocks),
      rowsWritten: sum((shard) => shard.rowsWritten),
    },
    objectsAsked: addresses.length,
    objectsFailed: answers.filter((answer) => answer === undefined).length,
  };
}

async function identityCounts(db: D1Database): Promise<Pick<DeploymentValues, "tenants" | "operators" | "activeKeys">> {
  const row = await db
    .prepare(
      `SELECT (SELECT count(*) FROM identity_organization) AS tenants, (SELECT count(*) FROM identity_user) AS operators,
              (SELECT count(*) FROM control_key WHERE revoked_at IS NULL) AS activeKeys`,
    )
    .first<{ tenants: number; operators: number; activeKeys: number }>();
  return row ?? { tenants: 0, operators: 0, activeKeys: 0 };
}

async function historyCounts(history: D1Database): Promise<Pick<DeploymentValues, "storedEvents" | "deadLetters">> {
  const row = await history
    .prepare(
      `SELECT (SELECT count(*) FROM (SELECT 1 FROM control_event LIMIT ?1)) AS storedEvents,
              (SELECT count(*) FROM (SELECT 1 FROM control_dead_letter WHERE replayed_at IS NULL LIMIT ?1)) AS deadLetters`,
    )
    .bind(VALUE_LIMITS.rows)
    .first<{ storedEvents: number; deadLetters: number }>();
  return row ?? { storedEvents: 0, deadLetters: 0 };
}

async function backlogOf(env: EdgeEnv): Promise<number | undefined> {
  try {
    return (await env.EVENTS.metrics()).backlogCount;
  } catch {
    return undefined; // a broker that does not say: the metric is left out
  }
}

/** Registered objects only: asking another would bring it into being. */
async function objectAddresses(db: D1Database): Promise<ObjectAddress[]> {
  const rows = await db
    .prepare("SELECT tenant_id AS tenantId, kind, name FROM control_object ORDER BY tenant_id, kind, name LIMIT ?1")
    .bind(VALUE_LIMITS.objects)
    .all<{ tenantId: string; kind: string; name: string }>();
  return rows.results.flatMap(({ tenantId, kind, name }) => {
    const known = OBJECT_KINDS.find((candidate) => candidate === kind);
    return known ? [{ tenantId, kind: known, name }] : [];
  });
}

interface Answer {
  readonly outbox: { readonly depth: number; readonly oldestAt: number | null };
  readonly shard: ShardStatus | undefined;
}

async function askAll(env: EdgeEnv, addresses: readonly ObjectAddress[]): Promise<(Answer | undefined)[]> {
  const answers: (Answer | undefined)[] = [];
  for (let i = 0; i < addresses.length; i += VALUE_LIMITS.atOnce) {
    answers.push(...(await Promise.all(addresses.slice(i, i + VALUE_LIMITS.atOnce).map(async (address) => await ask(env, address)))));
  }
  return answers;
}

async function ask(env: EdgeEnv, address: ObjectAddress): Promise<Answer | undefined> {
  const namespaces: Readonly<Record<ObjectAddress["kind"], ObjectNamespace<ObjectRpc>>> = {
    tenant: env.TENANT,
    metrics: env.METRICS,
    hub: env.HUB,
    agents: env.AGENTS,
    attempts: env.ATTEMPTS,
    subjects: env.SUBJECTS,
    leaderboard: env.LEADERBOARDS,
    "sorted-set": env.LEADERBOARDS,
    room: env.ROOMS,
    inbox: env.INBOXES,
    realtime: env.REALTIME,
  };
  try {
    const outbox = await objectAt(namespaces[address.kind], address).outboxStatus();
    const shard = address.kind === "metrics" ? await objectAt(env.METRICS, address).status() : undefined;
    return { outbox, shard };
  } catch {
    return undefined; // counted as failed: one object's trouble must not hide the others
  }
}
