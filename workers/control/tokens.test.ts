import { env } from "cloudflare:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenReply } from "../../contract/subjects.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { MISS_LIMITS } from "../http/miss-budget.ts";
import type { ProblemBody } from "../http/testing.ts";
import { auditOf, subjectsObject } from "./subject-testing.ts";
import { ask, seedKey, seedOperator, seedTenant } from "./testing.ts";

const READ = { kind: "metrics", name: "shop_*", actions: ["read"] };
const SYSTEM = { requestId: "test", actor: "system", actorName: "system" };

afterEach(() => vi.useRealTimers());

async function mint(key: string, body: unknown, idempotencyKey?: string): Promise<Response> {
  return await ask("/v1/tokens", { body, key, ...(idempotencyKey ? { headers: { "idempotency-key": idempotencyKey } } : {}) });
}

async function seedMinted(grants: readonly (typeof READ)[] = [READ]) {
  const tenant = await seedTenant();
  const key = await seedKey(tenant, ["tokens:mint", "metrics:read"]);
  const reply = await (await mint(key.secret, { sub: "player-1", name: "Ada", grants })).json<TokenReply>();
  return { tenant, key, reply };
}

const refresh = async (refreshHandle: string | null) => await ask("/v1/tokens/refresh", { body: { refreshHandle } });
const codeOf = async (answer: Response) => [answer.status, (await answer.json<ProblemBody>()).type];

describe("minting", () => {
  it("[SU63] makes a token that verifies with the public keys and says whose end user it is", async () => {
    const { tenant, reply } = await seedMinted();
    expect(reply.subject).toEqual({ issuer: "minted", sub: "player-1", name: "Ada", guest: false });
    const { kid } = decodeProtectedHeader(reply.token);
    const answer = await ask(`/v1/jwks.json?kid=${kid}`);
    expect(answer.headers.get("cache-control")).toContain("max-age");
    const verified = await jwtVerify(reply.token, createLocalJWKSet(await answer.json()), {
      audience: "http://localhost:8787",
      issuer: `http://localhost:8787/p/${tenant.tenantId}/minted`,
      algorithms: ["ES256"],
    });
    expect(verified.payload.sub).toBe("player-1");
    const me = await ask("/v1/me", { key: reply.token });
    expect(await me.json()).toMatchObject({ kind: "subject", id: "minted|player-1", grants: [READ], tenant: { slug: tenant.slug } });
  });

  it("[SU63] keys are told by kid, at a door all of the tenant's, and nothing of a kid that nobody made", async () => {
    const { tenant, reply } = await seedMinted();
    const { kid } = decodeProtectedHeader(reply.token);
    const atDoor = await (await ask(`/p/${tenant.slug}/v1/jwks.json`)).json<{ keys: { kid: string }[] }>();
    expect(atDoor.keys.map((key) => key.kid)).toEqual([kid]);
    expect(JSON.stringify(atDoor)).not.toMatch(/"d":|sealed/);
    expect((await ask("/v1/jwks.json")).status).toBe(400);
    expect((await ask(`/v1/jwks.json?kid=${tenant.tenantId}.dev-1-0123456789abcdef`)).status).toBe(404);
  });

  it("[SU64] gives no grant that its key has not, and names each", async () => {
    const key = await seedKey(await seedTenant(), ["tokens:mint"]);
    const answer = await mint(key.secret, { sub: "x", grants: [READ] });
    expect(answer.status).toBe(403);
    const { errors } = await answer.json<ProblemBody>();
    expect(errors?.map(({ pointer }) => pointer)).toEqual(["/grants/0/actions/0"]);
    expect((await mint(key.secret, { sub: "x", grants: [] })).status).toBe(201);
  });

  it("[SU64] is for keys: an operator is told to use one", async () => {
    const { cookie } = await seedOperator("owner");
    const answer = await ask("/v1/tokens", { body: { sub: "x" }, cookie });
    expect(answer.status).toBe(403);
    expect((await answer.json<ProblemBody>()).detail).toContain("key");
  });

  it("[SU65] with an Idempotency-Key happens once: its replay shows no secret, another body is another request", async () => {
    const tenant = await seedTenant();
    const key = await seedKey(tenant, ["tokens:mint"]);
    expect((await mint(key.secret, { sub: "a" }, "k-1")).status).toBe(201);
    expect(await codeOf(await mint(key.secret, { sub: "a" }, "k-1"))).toEqual([409, "/problems/secret-already-shown"]);
    expect(await codeOf(await mint(key.secret, { sub: "b" }, "k-1"))).toEqual([422, "/problems/idempotency-mismatch"]);
    const sessions = await subjectsObject(tenant, "minted", "a").describe({ issuer: "minted", sub: "a" });
    expect(sessions.ok && sessions.value.sessions.length).toBe(1);
  });

  it("[SU65] that was refused may be tried again with the same key", async () => {
    const tenant = await seedTenant();
    const key = await seedKey(tenant, ["tokens:mint", "metrics:read"]);
    const long = Array.from({ length: 50 }, (_, i) => ({ kind: "metrics", name: `${"x".repeat(190)}${i}`, actions: ["read"] }));
    expect(await codeOf(await mint(key.secret, { sub: "a", grants: long }, "k-2"))).toEqual([409, "/problems/limit-reached"]);
    expect(await codeOf(await mint(key.secret, { sub: "a", grants: long }, "k-2"))).toEqual([409, "/problems/limit-reached"]);
  });

  it("[SU66] takes 50 grants and a name of 100 characters, and not one more", async () => {
    const key = await seedKey(await seedTenant(), ["tokens:mint", "metrics:read"]);
    const grants = Array.from({ length: 50 }, (_, i) => ({ kind: "metrics", name: `m${i}`, actions: ["read"] }));
    expect((await mint(key.secret, { sub: "a", name: "n".repeat(100), grants })).status).toBe(201);
    expect((await mint(key.secret, { sub: "a", grants: [...grants, READ] })).status).toBe(400);
    expect((await mint(key.secret, { sub: "a", name: "n".repeat(101) })).status).toBe(400);
    expect((await mint(key.secret, { sub: "s".repeat(200), ttlSeconds: 3_600 })).status).toBe(201);
    expect((await mint(key.secret, { sub: "s".repeat(201) })).status).toBe(400);
    expect((await mint(key.secret, { sub: "a", ttlSeconds: 3_601 })).status).toBe(400);
    expect((await mint(key.secret, { sub: "a", grants: [{ kind: "keys", name: "*", actions: ["manage"] }] })).status).toBe(400);
  });
});

describe("refreshing", () => {
  it("[SU67] trades a handle for a token with the same grants, and the next handle", async () => {
    const { reply } = await seedMinted();
    const next = await (await refresh(reply.refreshHandle)).json<TokenReply>();
    const me = await (await ask("/v1/me", { key: next.token })).json<{ grants: unknown }>();
    expect(me.grants).toEqual([READ]);
    expect((await refresh(next.refreshHandle)).status).toBe(200);
  });

  it("[SU68] a replayed handle ends the family and the person's tokens, and the audit log says so", async () => {
    const { tenant, reply } = await seedMinted();
    const second = await (await refresh(reply.refreshHandle)).json<TokenReply>();
    const third = await (await refresh(second.refreshHandle)).json<TokenReply>();
    expect((await ask("/v1/me", { key: third.token })).status).toBe(200);
    expect((await refresh(reply.refreshHandle)).status).toBe(401);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await ask("/v1/me", { key: third.token })).status).toBe(401);
    expect((await refresh(third.refreshHandle)).status).toBe(401);
    const notes = (await auditOf(tenant)).filter(({ action }) => action === "token.replayed");
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ outcome: "denied", actorName: "end user", target: expect.stringMatching(/^subject\//) });
    expect(JSON.stringify(notes)).not.toContain("player-1");
  });

  it("[SU69] goes on only while the minting key does", async () => {
    const { tenant, key, reply } = await seedMinted();
    await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).revokeKey(key.id, SYSTEM);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await refresh(reply.refreshHandle)).status).toBe(401);
    const described = await subjectsObject(tenant, "minted", "player-1").describe({ issuer: "minted", sub: "player-1" });
    expect(described.ok && described.value.sessions).toEqual([]);
  });

  it("[SU67] a made-up handle makes no object, and one of another tenant's family is unknown", async () => {
    const { reply } = await seedMinted();
    const other = await seedTenant();
    const forged = reply.refreshHandle?.replace(/^mrr_[a-z0-9-]+_/, `mrr_${other.tenantId}_`) ?? "";
    const answers = [
      await refresh(`mrr_nobody_0_family_${"a".repeat(40)}`),
      await refresh(forged),
      await refresh(reply.refreshHandle?.replace(/.{8}$/, "00000000") ?? ""),
    ];
    const texts = await Promise.all(answers.map(async (answer) => [answer.status, (await answer.json<ProblemBody>()).detail]));
    expect(texts.map(([status]) => status)).toEqual([401, 401, 401]);
    expect((await refresh(reply.refreshHandle)).status).toBe(200);
    expect((await ask("/v1/tokens/refresh", { body: {} })).status).toBe(400);
  });

  it("[SU67] handles of made-up tenants are looked up so often, then told to wait", async () => {
    clearIsolateCaches();
    const statuses = new Map<number, number>();
    for (let n = 0; n < MISS_LIMITS.misses + 3; n++) {
      const { status } = await refresh(`mrr_nobody-${n}_0_family_${"a".repeat(40)}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([
      [401, MISS_LIMITS.misses],
      [429, 3],
    ]);
    const waiting = await refresh(`mrr_nobody_0_family_${"a".repeat(40)}`);
    expect(Number(waiting.headers.get("retry-after"))).toBeGreaterThan(0);
    clearIsolateCaches();
  });
});
