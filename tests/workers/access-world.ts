import { env } from "cloudflare:test";
import { ROLES, type Role, type Scope, SCOPES } from "../../contract/permissions.ts";
import { ask, seedKey, type SeededOperator, type SeededTenant, seedOperator, seedTenant } from "../../workers/control/testing.ts";

/** Every kind of credential of one tenant, and something of each thing that a tenant can have. */
export interface World extends SeededTenant {
  /** Occurs in the name of everything below, and nowhere in another tenant. */
  readonly mark: string;
  readonly operators: Readonly<Record<Role, SeededOperator>>;
  /** A key with this scope alone. */
  readonly keys: Readonly<Record<Scope, string>>;
  readonly allScopes: string;
  readonly expired: string;
  /** Later than the end of `expired`. */
  readonly expiredAtOffsetMs: number;
  readonly revoked: string;
  readonly wrongSecret: string;
  /** Values for path parameters, by name. */
  readonly ids: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;
const SYSTEM = { requestId: "seed", actor: "system", actorName: "system" };

export async function seedWorld(mark: string): Promise<World> {
  const tenant = await seedTenant("scale");
  const operators: Partial<Record<Role, SeededOperator>> = {};
  for (const role of ROLES) operators[role] = await seedOperator(role, tenant, `${role}@${mark}.example.com`);
  const keys: Partial<Record<Scope, string>> = {};
  for (const scope of SCOPES) keys[scope] = (await seedKey(tenant, [scope])).secret;
  const allScopes = (await seedKey(tenant, [...SCOPES])).secret;
  const object = env.TENANT.getByName(`${tenant.tenantId}/tenant/main`);
  const expiresAt = new Date(Date.now() + HOUR_MS).toISOString();
  const expired = await object.createKey({ name: `${mark} expired`, scopes: [...SCOPES], expiresAt }, SYSTEM);
  const revoked = await object.createKey({ name: `${mark} revoked`, scopes: [...SCOPES] }, SYSTEM);
  const kept = await object.createKey({ name: `${mark} kept`, scopes: [...SCOPES] }, SYSTEM);
  if (!expired.ok || !revoked.ok || !kept.ok) throw new Error("a key could not be seeded");
  await object.revokeKey(revoked.value.id, SYSTEM);

  const host = `${mark}.host`;
  const owner = operators.owner as SeededOperator; // every role was seeded above
  const invited = await ask("/v1/invitations", { body: { email: `new@${mark}.example.com`, role: "viewer" }, cookie: owner.cookie });
  const { id: invitationId } = await invited.json<{ id: string }>();
  await seedSeries(allScopes, host);
  await seedAgent(allScopes, host);
  await seedHistory(tenant.tenantId, mark);
  return {
    ...tenant,
    mark,
    operators: operators as Record<Role, SeededOperator>, // one per role, see above
    keys: keys as Record<Scope, string>, // one per scope, see above
    allScopes,
    expired: expired.value.secret,
    expiredAtOffsetMs: 2 * HOUR_MS,
    revoked: revoked.value.secret,
    wrongSecret: allScopes.replace(/.$/, (last) => (last === "a" ? "b" : "a")),
    ids: {
      keyId: kept.value.id,
      memberId: operators.viewer?.memberId ?? "",
      invitationId,
      id: `dead-${mark}`,
      agentId: host,
      host,
    },
  };
}

async function seedSeries(key: string, host: string): Promise<void> {
  const sample = { metric: "host_cpu_used_ratio", labels: { host, core: "all" }, timestamp: Date.now(), value: 0.5 };
  const stored = await ask("/v1/metrics/ingest", { body: { samples: [sample] }, key });
  if (stored.status !== 202) throw new Error(`no series: ${await stored.text()}`);
}

/** An agent that said hello once and is gone. */
async function seedAgent(key: string, host: string): Promise<void> {
  const { webSocket } = await ask("/v1/agents/connect", { key, headers: { upgrade: "websocket" } });
  if (!webSocket) throw new Error("no agent socket");
  const configured = new Promise((resolve) => webSocket.addEventListener("message", resolve, { once: true }));
  webSocket.accept();
  const health = { at: Date.now(), configVersion: 0, spoolBatches: 0, spoolBytes: 0, droppedBatches: 0, problems: [] };
  webSocket.send(JSON.stringify({ v: 1, type: "hello", host, agentVersion: "0.0.1", platform: "test", health }));
  await configured;
  webSocket.close();
}

async function seedHistory(tenantId: string, mark: string): Promise<void> {
  await env.HISTORY.batch([
    env.HISTORY.prepare(
      "INSERT INTO control_event (tenant_id, id, source, seq, type, subject, at, data) VALUES (?1, ?2, ?3, 1, 'meridian.key.created', ?4, ?5, '{}')",
    ).bind(tenantId, crypto.randomUUID(), `${tenantId}/tenant/main`, `key/${mark}`, Date.now()),
    env.HISTORY.prepare(
      `INSERT INTO control_dead_letter (tenant_id, id, message_id, queue, subject, reason, attempts, failed_at, body)
       VALUES (?1, ?2, ?2, 'meridian-events', ?3, 'test', 1, ?4, '{}')`,
    ).bind(tenantId, `dead-${mark}`, `key/${mark}`, Date.now()),
  ]);
}
