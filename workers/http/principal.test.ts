import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { OperatorPrincipal } from "../../contract/principal.ts";
import type { AuditNote, StoredKey, TenantRpc } from "../../contract/rpc/tenant.ts";
import { accept } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { sha256Hex } from "../../contract/base64.ts";
import { ACCESS_CACHE_LIMITS } from "./access-cache.ts";
import { route } from "./define-route.ts";
import { DENIAL_LIMITS } from "./denials.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { KEY_CACHE_LIMITS } from "./key-cache.ts";
import { MISS_LIMITS } from "./miss-budget.ts";
import { rememberedDigest } from "./secret-digests.ts";
import { type ProblemBody, testApp } from "./testing.ts";
import { versionSnapshot } from "./token-testing.ts";

const SECRET = "a".repeat(40);
let made = 0;

/** A tenant whose object is a fake that counts its calls, and an app with one route per action. */
async function world() {
  const tenantId = `t-${++made}-${crypto.randomUUID().slice(0, 8)}`;
  await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?1, ?1, ?1, 0)").bind(tenantId).run();
  const keys = new Map<string, StoredKey>();
  const calls = { findKey: 0, access: 0, names: new Set<string>() };
  const notes: { actor: string; note: AuditNote }[] = [];
  const uses: { keyId: string; at: number; count: number }[][] = [];
  const state = { version: 1, broken: false, origins: [] as string[] };
  const object: Partial<TenantRpc> = {
    async findKey(keyId) {
      calls.findKey += 1;
      if (state.broken) throw new Error("object is away");
      return { keysVersion: state.version, key: keys.get(keyId) ?? null, origins: state.origins };
    },
    async access() {
      calls.access += 1;
      if (state.broken) throw new Error("object is away");
      return versionSnapshot(state.version);
    },
    async audit(added, meta) {
      for (const note of added) notes.push({ actor: meta.actor, note });
      return accept(null);
    },
    async noteKeyUse(report) {
      uses.push([...report]);
    },
  };
  const TENANT = {
    getByName(name: string) {
      calls.names.add(name);
      return object as TenantRpc; // the methods that authentication calls
    },
  };
  async function addKey(keyId: string, more: Partial<StoredKey> = {}): Promise<string> {
    const secretHash = await sha256Hex(new TextEncoder().encode(SECRET));
    keys.set(keyId, { keyId, name: `key ${keyId}`, secretHash, scopes: ["metrics:read"], expiresAt: null, revokedAt: null, ...more });
    return `mrd_${tenantId}_${keyId}_${SECRET}`;
  }
  const operator: { current: OperatorPrincipal | null } = { current: null };
  const { app, call, lines } = testApp({ sessionPrincipal: async () => operator.current });
  const spec = { method: "get", path: "/v1/who", action: "metrics:read", tag: "test", summary: "who", answer: { status: 200 } } as const;
  route(app, spec, async ({ principal }) => Response.json(principal));
  route(app, { ...spec, path: "/v1/writes", action: "metrics:write" }, async () => accept(undefined));
  route(app, { ...spec, path: "/v1/people", action: "keys:manage" }, async () => accept(undefined));
  route(app, { ...spec, path: "/v1/machines", action: "agents:connect" }, async () => accept(undefined));
  route(app, { ...spec, path: "/v1/open", action: "open", optionalPrincipal: true }, async ({ principal }) => Response.json(principal));
  const get = async (headers: HeadersInit, path = "/v1/who", changed: Partial<EdgeEnv> = {}) =>
    await call(path, { headers }, { TENANT, ...changed });
  const bearer = async (token: string, path?: string, at = 0) =>
    await get({ authorization: `Bearer ${token}` }, path, { CLOCK_OFFSET_MS: String(at) });
  return { tenantId, keys, calls, notes, uses, state, addKey, get, bearer, operator, lines, call, TENANT };
}

describe("API keys", () => {
  it("[HT20] take a key from Bearer, the password of Basic, and x-api-key", async () => {
    const { addKey, get, tenantId } = await world();
    const token = await addKey("k1");
    const expected = { kind: "service", tenantId, keyId: "k1", name: "key k1", scopes: ["metrics:read"] };
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { authorization: `bearer   ${token}` },
      { authorization: `Basic ${btoa(`anyone:${token}`)}` },
      { "x-api-key": token },
    ]) {
      const response = await get(headers);
      expect([response.status, await response.json()]).toEqual([200, expected]);
    }
  });

  it("[HT20] refuse whatever is no key with 401 and a challenge", async () => {
    const { addKey, get } = await world();
    const token = await addKey("k1");
    for (const authorization of [
      "",
      "Bearer",
      "Bearer x y",
      `Token ${token}`,
      "Basic !!!",
      `Bearer ${token}x_y`,
      `Bearer ${token.toUpperCase()}`,
    ]) {
      const response = await get({ authorization });
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="meridian"']);
    }
    expect((await get({})).status).toBe(401);
  });

  it("[HT304] are judged each time though the digest of their secret is remembered, and a wrong secret is never remembered", async () => {
    const { addKey, bearer, keys, state } = await world();
    const token = await addKey("k1");
    const wrong = `${token.slice(0, -1)}b`;
    const kept = (text: string) => rememberedDigest(text.slice(-SECRET.length), Date.now()) !== undefined;
    expect([(await bearer(wrong)).status, kept(wrong)]).toEqual([401, false]);
    expect([(await bearer(token)).status, kept(token)]).toEqual([200, true]);
    expect((await bearer(token)).status).toBe(200);
    expect((await bearer(wrong)).status).toBe(401);
    keys.set("k1", { ...(keys.get("k1") as StoredKey), revokedAt: 1 }); // added above
    state.version += 1;
    expect((await bearer(token, undefined, 2_000)).status).toBe(401);
    keys.set("k1", { ...(keys.get("k1") as StoredKey), revokedAt: null, secretHash: "0".repeat(64) });
    state.version += 1;
    expect((await bearer(token, undefined, 4_000)).status).toBe(401);
  });

  it("[HT21] a tenant that does not exist never has an object addressed", async () => {
    const { get, calls } = await world();
    const response = await get({ authorization: `Bearer mrd_forged_k1_${SECRET}` });
    expect(response.status).toBe(401);
    expect(calls.names).toEqual(new Set());
  });

  it("[HT22] unknown, wrong, expired and revoked keys look the same from outside, and differ in the audit log", async () => {
    const { addKey, bearer, notes, tenantId } = await world();
    const good = await addKey("good");
    const expired = await addKey("expired", { expiresAt: Date.now() - 1 });
    const revoked = await addKey("revoked", { revokedAt: 1 });
    const answers = await Promise.all(
      [`mrd_${tenantId}_none_${SECRET}`, good.replace(/a$/, "b"), expired, revoked].map(async (token) => {
        const response = await bearer(token);
        const { requestId, ...body } = await response.json<ProblemBody>();
        expect(requestId).toBeTruthy();
        return body;
      }),
    );
    for (const answer of answers) expect(answer).toEqual({ ...answers[0], status: 401 });
    const reasons = Object.fromEntries(notes.map(({ actor, note }) => [actor, note.detail.reason]));
    expect(reasons).toEqual({
      "key:none": "unknown-key",
      "key:good": "wrong-secret",
      "key:expired": "expired-key",
      "key:revoked": "revoked-key",
    });
    expect(notes.every(({ note }) => note.outcome === "denied")).toBe(true);
  });

  it("[HT22] state is told by its secret only: a wrong secret for a revoked key is a wrong secret", async () => {
    const { addKey, bearer, notes } = await world();
    await bearer((await addKey("gone", { revokedAt: 1 })).replace(/a$/, "b"));
    expect(notes[0]?.note.detail.reason).toBe("wrong-secret");
  });

  it("[HT22] a key works until its last millisecond and not in the next", async () => {
    const { addKey, bearer } = await world();
    const token = await addKey("k1", { expiresAt: Date.now() + 1_000_000 });
    expect((await bearer(token)).status).toBe(200);
    expect((await bearer(token, "/v1/who", 1_000_001)).status).toBe(401);
  });

  it("[HT23] a key without the scope gets 403 that names it, and the audit log the action", async () => {
    const { addKey, bearer, notes } = await world();
    const response = await bearer(await addKey("k1"), "/v1/writes");
    expect(response.status).toBe(403);
    expect((await response.json<ProblemBody>()).detail).toContain("metrics:write");
    expect(notes).toMatchObject([
      { actor: "key:k1", note: { action: "metrics:write", outcome: "denied", detail: { reason: "wrong-scope" } } },
    ]);
  });

  it("[HT23] says the way out: another key, a person, or whom to ask", async () => {
    const { get, addKey, operator, tenantId } = await world();
    const key = { authorization: `Bearer ${await addKey("k1")}` };
    const detail = async (headers: HeadersInit, path: string) => (await (await get(headers, path)).json<ProblemBody>()).detail;
    expect(await detail(key, "/v1/people")).toContain("sign in to the console");
    operator.current = { ...operatorOf(tenantId), role: "viewer" };
    expect(await detail({ cookie: "session=1" }, "/v1/people")).toContain("Ask an owner");
    expect(await detail({ cookie: "session=1" }, "/v1/machines")).toContain("use a key");
  });

  it("[HT24] denials are noted once per key and reason and minute", async () => {
    const { bearer, notes, tenantId } = await world();
    const guess = `mrd_${tenantId}_none_${SECRET}`;
    for (let i = 0; i < 5; i++) await bearer(guess);
    expect(notes).toHaveLength(1);
    await bearer(guess, "/v1/who", DENIAL_LIMITS.windowMs + 1_000);
    expect(notes).toHaveLength(2);
  });

  it("[HT24] a stranger who guesses keys adds at most twenty notes a minute to a tenant's log", async () => {
    const { bearer, notes, tenantId } = await world();
    for (let i = 0; i < DENIAL_LIMITS.perTenant + 5; i++) expect((await bearer(`mrd_${tenantId}_guess-${i}_${SECRET}`)).status).toBe(401);
    expect(notes).toHaveLength(DENIAL_LIMITS.perTenant);
  });

  it("[HT51] guessed keys reach the tenant's object a hundred times in ten seconds, while known ones go on", async () => {
    const { bearer, calls, tenantId, addKey } = await world();
    const known = await addKey("k1");
    expect((await bearer(known)).status).toBe(200);
    const before = calls.findKey;
    for (let i = 0; i < MISS_LIMITS.misses; i++) expect((await bearer(`mrd_${tenantId}_g${i}_${SECRET}`)).status).toBe(401);
    const over = await bearer(`mrd_${tenantId}_one-more_${SECRET}`);
    expect(over.status).toBe(429);
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(calls.findKey - before).toBe(MISS_LIMITS.misses);
    expect((await bearer(known)).status).toBe(200);
    expect((await bearer(`mrd_${tenantId}_one-more_${SECRET}`, "/v1/who", MISS_LIMITS.windowMs + 1_000)).status).toBe(401);
  });

  it("[HT51] made-up tenants reach the database a hundred times in ten seconds, while known ones go on", async () => {
    clearIsolateCaches();
    const { bearer, addKey, get, TENANT } = await world();
    const known = await addKey("k1");
    expect((await bearer(known)).status).toBe(200);
    let reads = 0;
    const DB = { prepare: () => ({ bind: () => ({ first: async () => (reads++, null) }) }) } as unknown as D1Database; // the one call that is made
    const guess = async (i: number) =>
      (await get({ authorization: `Bearer mrd_made-up-${i}_k_${SECRET}` }, "/v1/who", { TENANT, DB })).status;
    for (let i = 0; i < MISS_LIMITS.misses; i++) expect(await guess(i)).toBe(401);
    expect([await guess(1_000), reads]).toEqual([429, MISS_LIMITS.misses]);
    expect((await bearer(known)).status).toBe(200);
    clearIsolateCaches();
  });

  it("[HT25] keys are cached while keysVersion is unchanged, which is read at most every 1.5 s", async () => {
    const { addKey, bearer, calls } = await world();
    const token = await addKey("k1");
    await Promise.all(Array.from({ length: 20 }, async () => await bearer(token)));
    expect([calls.findKey, calls.access]).toEqual([1, 0]);
    for (let i = 1; i <= 4; i++) await bearer(token, "/v1/who", i * 1_000);
    expect(calls.findKey).toBe(1);
    expect(calls.access).toBeLessThanOrEqual(3);
    await bearer(token, "/v1/who", 4_000 + KEY_CACHE_LIMITS.keyMs);
    expect(calls.findKey).toBe(2);
  });

  it("[HT25] a revoked key stops within the time between two reads of keysVersion", async () => {
    const { addKey, bearer, keys, state } = await world();
    const token = await addKey("k1");
    expect((await bearer(token)).status).toBe(200);
    keys.set("k1", { ...keys.get("k1")!, revokedAt: Date.now() });
    state.version += 1;
    expect((await bearer(token, "/v1/who", ACCESS_CACHE_LIMITS.freshMs + 100)).status).toBe(401);
  });

  it("[HT26] keys that cannot be checked are 503 with Retry-After, cached ones too", async () => {
    const { addKey, bearer, state, get, TENANT } = await world();
    const token = await addKey("k1");
    expect((await bearer(token)).status).toBe(200);
    state.broken = true;
    const response = await bearer(token, "/v1/who", 5_000);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await bearer(await addKey("k2"))).status).toBe(503);
    const noSessions = testApp({ sessionPrincipal: async () => await Promise.reject(new Error("D1 is away")) });
    route(
      noSessions.app,
      { method: "get", path: "/v1/who", action: "self:read", tag: "t", summary: "s", answer: { status: 204 } },
      async () => accept(undefined),
    );
    expect((await noSessions.call("/v1/who", { headers: { cookie: "session=1" } })).status).toBe(503);
    const noDatabase = { TENANT, DB: { prepare: () => { throw new Error("D1 is away"); } } as unknown as D1Database }; // prettier-ignore
    expect((await get({ authorization: `Bearer mrd_elsewhere_k1_${SECRET}` }, "/v1/who", noDatabase)).status).toBe(503);
  });

  it("[HT27] use is reported at once, then at most once a minute, in one batch over the tenant's keys", async () => {
    const { addKey, bearer, uses } = await world();
    const [one, two] = [await addKey("one"), await addKey("two")];
    for (let i = 0; i < 4; i++) await bearer(one, "/v1/who", i);
    await bearer(two);
    await bearer(two);
    expect(uses.flat().map(({ keyId, count }) => [keyId, count])).toEqual([["one", 1], ["two", 1]]); // prettier-ignore
    await bearer(one, "/v1/who", 70_000);
    expect(uses[2]?.map(({ keyId, count }) => [keyId, count])).toEqual([["one", 4], ["two", 1]]); // prettier-ignore
  });

  it("[HT28] a key decides alone: a bad one is not mended by a good cookie", async () => {
    const { get, operator, tenantId } = await world();
    operator.current = operatorOf(tenantId);
    expect((await get({ cookie: "session=1" })).status).toBe(200);
    expect((await get({ cookie: "session=1", authorization: "Bearer nothing" })).status).toBe(401);
    expect((await get({ cookie: "session=1", "x-api-key": "" })).status).toBe(401);
  });

  it("[HT28] an operator's role decides, and a refusal is noted under the user", async () => {
    const { get, operator, tenantId, notes } = await world();
    operator.current = { ...operatorOf(tenantId), role: "viewer" };
    expect((await get({ cookie: "session=1" }, "/v1/writes")).status).toBe(403);
    expect(notes).toMatchObject([{ actor: "user:u1", note: { detail: { reason: "wrong-role" } } }]);
  });

  it("[HT28] an open route stays anonymous with a bad credential, and knows a good one when it asks for it", async () => {
    const { get, addKey, tenantId } = await world();
    expect(await (await get({ authorization: "Bearer nothing" }, "/v1/open")).json()).toEqual({ kind: "anonymous" });
    const known = await get({ authorization: `Bearer ${await addKey("k1")}` }, "/v1/open");
    expect(await known.json()).toMatchObject({ kind: "service", tenantId });
  });
});

function operatorOf(tenantId: string): OperatorPrincipal {
  return {
    kind: "operator",
    tenantId,
    userId: "u1",
    sessionId: "s1",
    email: "u1@meridian.test",
    name: "U",
    role: "owner",
    deploymentAdmin: false,
  };
}
