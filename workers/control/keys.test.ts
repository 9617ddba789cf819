import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuditEntry, Key, KeyCreated } from "../../contract/access.ts";
import type { Page } from "../../contract/pages.ts";
import { roleMay, ROLES, type Action } from "../../contract/permissions.ts";
import { app } from "../edge.ts";
import { specsOf } from "../http/route-table.ts";
import { ask, seedKey, seedOperator, seedTenant } from "./testing.ts";

const body = { name: "ci", scopes: ["metrics:write"] };

afterEach(() => {
  vi.useRealTimers();
});

describe("API keys", () => {
  it("[AC3] are made by people, shown once, listed without their secret and used as a bearer", async () => {
    const { cookie, tenantId, userId } = await seedOperator("admin");
    const answer = await ask("/v1/keys", { body, cookie });
    expect(answer.status).toBe(201);
    const key = await answer.json<KeyCreated>();
    expect(key).toMatchObject({ name: "ci", state: "active", createdBy: `user:${userId}`, lastUsedAt: null });
    const me = await (await ask("/v1/me", { key: key.secret })).json();
    expect(me).toMatchObject({
      kind: "service",
      id: key.id,
      role: null,
      tenant: { id: tenantId },
      actions: expect.arrayContaining(["metrics:write"]),
    });
    const listed = await (await ask("/v1/keys", { cookie })).text();
    expect(listed).not.toContain(key.secret.split("_")[3]);
    expect((JSON.parse(listed) as Page<Key>).items[0]).toMatchObject({ id: key.id, lastUsedAt: expect.stringMatching(/:00\.000Z$/) });
  });

  it("[AC3] replayed with their Idempotency-Key are 409 secret-already-shown, with another body 422", async () => {
    const { cookie } = await seedOperator("owner");
    const headers = { "idempotency-key": "make-it-once" };
    expect((await ask("/v1/keys", { body, cookie, headers })).status).toBe(201);
    expect(await (await ask("/v1/keys", { body, cookie, headers })).json()).toMatchObject({
      status: 409,
      type: "/problems/secret-already-shown",
    });
    const other = await ask("/v1/keys", { body: { ...body, name: "other" }, cookie, headers });
    expect(await other.json()).toMatchObject({ status: 422, type: "/problems/idempotency-mismatch" });
    expect((await (await ask("/v1/keys", { cookie })).json<Page<Key>>()).items).toHaveLength(1);
  });

  it("[AC23] never carry more than their maker may do; the deployment's own only from its admin", async () => {
    const { cookie, email } = await seedOperator("owner");
    const wide = { name: "wide", scopes: ["metrics:read", "platform:read"] };
    const refused = await ask("/v1/keys", { body: wide, cookie });
    expect(await refused.json()).toMatchObject({ status: 403, errors: [{ pointer: "/scopes/1" }] });
    const admins = { DEPLOYMENT_ADMINS: `someone@example.com, ${email.toUpperCase()}` };
    expect((await ask("/v1/keys", { body: wide, cookie, env: admins })).status).toBe(201);
    expect((await ask("/v1/keys", { body: { name: "agent", scopes: ["agents:connect"] }, cookie })).status).toBe(201);
  });

  it("[AC24] revoked elsewhere stop within two seconds, though an isolate remembers them", async () => {
    const tenant = await seedTenant();
    const key = await seedKey(tenant, ["metrics:read"]);
    expect((await ask("/v1/me", { key: key.secret })).status).toBe(200);
    await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).revokeKey(key.id, {
      requestId: "r",
      actor: "system",
      actorName: "system",
    });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await ask("/v1/me", { key: key.secret })).status).toBe(401);
  });

  it("[AC24] revoked by the route close their sockets on every hub and on the fleet", async () => {
    const owner = await seedOperator("owner");
    const key = await seedKey(owner, ["live:connect"]);
    const closed: string[] = [];
    const recorder = (kind: string) => ({
      getByName: (name: string) => ({
        closeCredentials: async (credentials: string[]) => {
          closed.push(`${kind} ${name} ${credentials.join()}`);
          return await Promise.resolve(0);
        },
        closeAtPlaces: async () => ({ closed: 0, failed: 0, next: null }),
      }),
    });
    const spied = { HUB: recorder("hub") as never, AGENTS: recorder("agents") as never };
    const answer = await ask(`/v1/keys/${key.id}`, { method: "DELETE", cookie: owner.cookie, env: spied });
    expect(await answer.json()).toMatchObject({ id: key.id, state: "revoked" });
    expect(closed).toContain(`agents ${owner.tenantId}/agents/main key:${key.id}`);
    expect(closed).toContain(`hub ${owner.tenantId}/hub/0 key:${key.id}`);
    expect(closed.every((line) => line.endsWith(`key:${key.id}`))).toBe(true);
  });

  it("[AC5] unknown, expired and revoked look alike from outside and are told apart in the audit log", async () => {
    const owner = await seedOperator("owner");
    const soon = new Date(Date.now() + 60_000).toISOString();
    const expiring = await (await ask("/v1/keys", { body: { ...body, expiresAt: soon }, cookie: owner.cookie })).json<KeyCreated>();
    const revoked = await seedKey(owner, ["metrics:read"]);
    const known = await seedKey(owner, ["metrics:read"]);
    await ask(`/v1/keys/${revoked.id}`, { method: "DELETE", cookie: owner.cookie });
    const unknown = `mrd_${owner.tenantId}_nothing_${"0".repeat(40)}`;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    const answers = [];
    for (const key of [unknown, expiring.secret, revoked.secret]) {
      const { requestId: _, ...problem } = await (await ask("/v1/hosts-or-not", { key })).json<{ requestId: string }>();
      const refusal = await ask("/v1/me", { key });
      answers.push({ problem, status: refusal.status, type: (await refusal.json<{ type: string }>()).type });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, type: "/problems/unauthenticated" });
    expect((await ask("/v1/audit", { key: known.secret })).status).toBe(403);
    const { items } = await (await ask("/v1/audit", { cookie: owner.cookie })).json<Page<AuditEntry>>();
    const reasons = items.filter(({ outcome }) => outcome === "denied").map(({ detail }) => detail["reason"]);
    expect(reasons).toHaveLength(4);
    expect(new Set(reasons)).toEqual(new Set(["expired-key", "revoked-key", "unknown-key", "wrong-scope"]));
  });
});

describe("the roles", () => {
  const mine = /^\/v1\/(keys|members|invitations|audit|tenant|me)(\/|$)/;
  const routes = specsOf(app).filter(({ path, action }) => mine.test(path) && action !== "open");

  it("[AC22] decide who gets past each route of people, keys and audit, exactly as the table says", async () => {
    expect(routes.length).toBeGreaterThanOrEqual(13);
    for (const role of ROLES) {
      const { cookie } = await seedOperator(role);
      for (const { method, path, action } of routes) {
        const concrete = path.replaceAll(/\{\w+\}/g, "nothing");
        const verb = method.toUpperCase();
        const { status } = await ask(concrete, { method: verb, cookie, ...(verb === "POST" || verb === "PATCH" ? { body: {} } : {}) });
        const allowed = roleMay(role, action as Action, false); // open ones were left out above
        expect(status === 403, `${role} ${verb} ${path}: ${status}`).toBe(!allowed);
      }
    }
  });

  it("[AC31] of one tenant, and its keys, find nothing of another's", async () => {
    const [mineOwner, other] = [await seedOperator("owner"), await seedOperator("owner")];
    const theirs = await seedKey(other, ["metrics:read"]);
    const missing = [
      await ask(`/v1/keys/${theirs.id}`, { method: "DELETE", cookie: mineOwner.cookie }),
      await ask(`/v1/members/${other.memberId}`, { method: "DELETE", cookie: mineOwner.cookie }),
      await ask(`/v1/members/${other.memberId}`, { method: "PATCH", body: { role: "viewer" }, cookie: mineOwner.cookie }),
    ];
    expect(missing.map(({ status }) => status)).toEqual([404, 404, 404]);
    const seen = await Promise.all(
      ["keys", "members", "invitations", "audit", "tenant", "me"].map(
        async (name) => await (await ask(`/v1/${name}`, { cookie: mineOwner.cookie })).text(),
      ),
    );
    for (const text of seen) for (const secret of [other.tenantId, other.email, theirs.id]) expect(text).not.toContain(secret);
    // A key with another tenant's id in it is no key of that tenant.
    const forged = theirs.secret.replace(other.tenantId, mineOwner.tenantId);
    expect((await ask("/v1/me", { key: forged })).status).toBe(401);
  });
});
