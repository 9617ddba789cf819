import { env } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { ROLES, type Role, type Scope, SCOPES } from "../../contract/permissions.ts";
import { issuerPutSchema } from "../../contract/issuers.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { seedDoor, seedGuest } from "../../workers/control/subject-testing.ts";
import { REGISTRY } from "../../workers/control/tenant-backup-run.ts";
import { ask, seedKey, type SeededOperator, type SeededTenant, seedOperator, seedTenant } from "../../workers/control/testing.ts";
import { clearIsolateCaches } from "../../workers/http/isolate-caches.ts";

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
  /** Tokens of end users with each way to be one; `granted` may read every metric that a host sends, and the board. */
  readonly people: People;
  /** Values for path parameters, by name. */
  readonly ids: Readonly<Record<string, string>>;
}

export interface People {
  readonly minted: string;
  readonly granted: string;
  readonly brought: string;
  /** A hosted account of its own for each call: what it does to itself stays with it. A door lets in so many new ones only. */
  hosted(): Promise<string>;
  /** One that does nothing to itself. */
  readonly guest: string;
}

/** What an issuer and a public thing of either tenant are called: names are the caller's, and alike ones are two things. */
const HOUSE = "house";
const HOUR_MS = 3_600_000;
const SYSTEM = { requestId: "seed", actor: "system", actorName: "system" };

export async function seedWorld(mark: string): Promise<World> {
  REGISTRY.lagMs = 0; // no backup waits here for the registry
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
  const backup = await ask("/v1/tenant/backups", { method: "POST", cookie: owner.cookie });
  const { id: backupId } = await backup.json<{ id: string }>();
  await seedSeries(allScopes, host);
  await seedSortedSet(allScopes, mark);
  await seedAgent(allScopes, host);
  await seedBoard(allScopes, mark);
  await seedTopic(allScopes, mark);
  const offset = await seedRoom(allScopes, mark);
  await seedHistory(tenant.tenantId, mark);
  const people = await seedPeople(tenant, mark, allScopes);
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
      tenantSlug: tenant.slug,
      kind: "metrics",
      name: HOUSE,
      issuer: "minted",
      sub: `${mark}|person`,
      backupId,
      file: "backup.json",
      topicKind: "topic",
      topicName: boardOf(mark),
      room: roomOf(mark),
      offset: String(offset),
      emoji: "👍",
      mediaId: "01890a5d-ac96-774b-bcce-b302099a8057",
      connectionId: "01890a5d-ac96-774b-bcce-b302099a8058",
      board: boardOf(mark),
      mode: boardOf(mark),
      player: mark,
      reviewId: mark,
      window: "daily",
    },
    people,
  };
}

async function seedSeries(key: string, host: string): Promise<void> {
  const sample = { metric: "host_cpu_used_ratio", labels: { host, core: "all" }, timestamp: Date.now(), value: 0.5 };
  const stored = await ask("/v1/metrics/ingest", { body: { samples: [sample] }, key });
  if (stored.status !== 202) throw new Error(`no series: ${await stored.text()}`);
}

/** Under the same key in every tenant. */
async function seedSortedSet(key: string, mark: string): Promise<void> {
  const added = await ask("/redis", { body: ["ZADD", HOUSE, 1, mark], key });
  if (added.status !== 200) throw new Error(`no sorted set: ${await added.text()}`);
}

/** A board's name is what the caller asks for, so refusals may repeat it: it is no secret, and has no mark in it. */
const boardOf = (mark: string) => `board-${mark.slice(0, 3)}`;

/** A board with a player, and a mode. */
async function seedBoard(key: string, mark: string): Promise<void> {
  const board = await ask("/v1/leaderboards", { body: { board: boardOf(mark), title: mark }, key });
  const mode = await ask(`/v1/leaderboard-modes/${boardOf(mark)}`, { method: "PUT", body: { title: mark }, key });
  const score = await ask(`/v1/leaderboards/${boardOf(mark)}/scores`, { body: { player: mark, name: mark, score: 1 }, key });
  for (const made of [board, mode, score]) if (!made.ok) throw new Error(`no board: ${await made.text()}`);
}

/** A topic with a message; its name is the board's. */
async function seedTopic(key: string, mark: string): Promise<void> {
  const path = `/v1/topics/topic/${boardOf(mark)}`;
  const topic = await ask(path, { method: "PUT", body: { keyed: true }, key });
  const message = await ask(`${path}/messages`, { body: { clientId: "seed", key: mark, data: mark }, key });
  for (const made of [topic, message]) if (!made.ok) throw new Error(`no topic: ${await made.text()}`);
}

const roomOf = (mark: string) => `room-${mark.slice(0, 3)}`;

/** A declared room with a member and a message. @returns the message's offset */
async function seedRoom(key: string, mark: string): Promise<number> {
  const at = `/v1/rooms/${roomOf(mark)}`;
  const room = await ask("/v1/room-document/apply", { body: { document: { rooms: { [roomOf(mark)]: { title: mark } } } }, key });
  const member = await ask(`${at}/members/seeded`, { method: "PUT", body: { name: mark }, key });
  const sent = await ask(`${at}/messages`, { body: { clientId: "seed", text: mark }, key });
  for (const made of [room, member, sent]) if (!made.ok) throw new Error(`no room: ${await made.text()}`);
  const { items } = await sent.json<{ items: { offset: number }[] }>();
  return items[0]?.offset ?? 0;
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

/** An issuer, a public mark, settings, and people of all three kinds. */
async function seedPeople(tenant: SeededTenant, mark: string, key: string): Promise<People> {
  const object = env.TENANT.getByName(`${tenant.tenantId}/tenant/main`);
  const origin = `https://${mark}.example.com`;
  await seedDoor({ origins: [origin], defaultGrants: [] }, tenant);
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = issuerPutSchema.parse({ iss: `${origin}/`, audiences: [mark], jwks: { keys: [await exportJWK(publicKey)] } });
  const put = await object.putIssuer(HOUSE, jwk, SYSTEM);
  if (!put.ok) throw new Error(put.problem.detail);
  for (const name of [HOUSE, mark]) await object.setPublic({ kind: "metrics", name }, true, SYSTEM);
  const mint = async (sub: string, grants: unknown[]) => {
    const minted = await ask("/v1/tokens", { body: { sub, name: mark, grants }, key });
    return (await minted.json<TokenReply>()).token;
  };
  const minted = await mint(`${mark}|person`, []);
  await seedSubjectRow(tenant.tenantId, mark);
  clearIsolateCaches();
  return {
    minted,
    granted: await mint(`${mark}|granted`, [
      { kind: "metrics", name: "host_*", actions: ["read"] },
      { kind: "board", name: boardOf(mark), actions: ["read", "submit"] },
      { kind: "room", name: "walker", actions: ["create", "read"] },
      { kind: "topic", name: `topic/${boardOf(mark)}`, actions: ["read", "publish"] },
    ]),
    brought: await new SignJWT({})
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(`${origin}/`)
      .setAudience(mark)
      .setSubject(`${mark}|brought`)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey),
    hosted: async () => (await seedGuest(tenant)).token,
    guest: (await seedGuest(tenant)).token,
  };
}

/** What the events of a subject make; here without waiting for them. */
async function seedSubjectRow(tenantId: string, mark: string): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO identity_subject (tenant_id, ref, issuer, sub, name, guest, created_at, last_seen_at, search, source, seq)
     VALUES (?1, ?2, 'minted', ?3, ?2, 0, ?4, ?4, ?2, 'seed', 0)`,
  )
    .bind(tenantId, mark, `${mark}|seeded`, Date.now())
    .run();
}
