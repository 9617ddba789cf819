import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuditEntry, Member } from "../../contract/access.ts";
import type { Page } from "../../contract/pages.ts";
import { ask, seedOperator, seedTenant } from "./testing.ts";

const roleOf = async (memberId: string) =>
  await env.DB.prepare("SELECT role FROM identity_member WHERE id = ?").bind(memberId).first<string>("role");

afterEach(() => {
  vi.useRealTimers();
});

describe("members", () => {
  it("[AC13] are listed in the order they joined, page by page", async () => {
    const owner = await seedOperator("owner");
    const others = [await seedOperator("viewer", owner), await seedOperator("auditor", owner), await seedOperator("admin", owner)];
    const first = await (await ask("/v1/members?limit=2", { cookie: owner.cookie })).json<Page<Member>>();
    const rest = await (await ask(`/v1/members?cursor=${first.nextCursor}`, { cookie: owner.cookie })).json<Page<Member>>();
    expect([...first.items, ...rest.items].map(({ id }) => id).sort()).toEqual([owner, ...others].map(({ memberId }) => memberId).sort());
    expect(rest.nextCursor).toBeNull();
    expect((await ask("/v1/members?cursor=bm90IG91cnM", { cookie: owner.cookie })).status).toBe(400);
  });

  it("[AC25] keep their last owner: neither removed nor made less, by themselves or by each other at once", async () => {
    const owner = await seedOperator("owner");
    const path = `/v1/members/${owner.memberId}`;
    for (const asked of [{ method: "DELETE" }, { method: "PATCH", body: { role: "admin" } }]) {
      const refused = await ask(path, { ...asked, cookie: owner.cookie });
      expect(await refused.json()).toMatchObject({ status: 409, type: "/problems/conflict" });
    }
    expect((await ask(path, { method: "PATCH", body: { role: "owner" }, cookie: owner.cookie })).status).toBe(200);

    const second = await seedOperator("owner", owner);
    const race = await Promise.all([
      ask(`/v1/members/${second.memberId}`, { method: "DELETE", cookie: owner.cookie }),
      ask(path, { method: "DELETE", cookie: second.cookie }),
    ]);
    expect(race.map(({ status }) => status).filter((status) => status === 204)).toHaveLength(1);
    const owners = await env.DB.prepare("SELECT count(*) AS n FROM identity_member WHERE organization_id = ? AND role = 'owner'")
      .bind(owner.tenantId)
      .first<number>("n");
    expect(owners).toBe(1);
  });

  it("[AC25] that are owners are changed and removed by owners only, and only they make others owners", async () => {
    const owner = await seedOperator("owner");
    const [second, admin] = [await seedOperator("owner", owner), await seedOperator("admin", owner)];
    const as = async (cookie: string, memberId: string, role: string) =>
      (await ask(`/v1/members/${memberId}`, { method: "PATCH", body: { role }, cookie })).status;
    expect(await as(admin.cookie, second.memberId, "viewer")).toBe(403);
    expect(await as(admin.cookie, admin.memberId, "owner")).toBe(403);
    expect((await ask(`/v1/members/${second.memberId}`, { method: "DELETE", cookie: admin.cookie })).status).toBe(403);
    expect((await ask("/v1/invitations", { body: { email: "x@example.com", role: "owner" }, cookie: admin.cookie })).status).toBe(403);
    expect(await as(owner.cookie, admin.memberId, "owner")).toBe(200);
    expect(await roleOf(admin.memberId)).toBe("owner");
    expect((await ask(`/v1/members/${admin.memberId}`, { method: "PATCH", body: { role: "king" }, cookie: owner.cookie })).status).toBe(
      400,
    );
  });

  it("[AC26] that are removed are out at once here and within two seconds elsewhere, and their sockets close", async () => {
    const owner = await seedOperator("owner");
    const member = await seedOperator("admin", owner);
    expect((await ask("/v1/me", { cookie: member.cookie })).status).toBe(200);
    const closed: string[] = [];
    const hub = {
      getByName: (name: string) => ({
        closeCredentials: async (all: string[]) => await Promise.resolve(closed.push(`${name} ${all.join()}`)),
        closeAtPlaces: async () => ({ closed: 0, failed: 0, next: null }),
      }),
    };
    const gone = await ask(`/v1/members/${member.memberId}`, { method: "DELETE", cookie: owner.cookie, env: { HUB: hub as never } });
    expect(gone.status).toBe(204);
    expect(closed).toContain(`${owner.tenantId}/hub/0 session:${member.sessionId}`);
    expect((await ask("/v1/me", { cookie: member.cookie })).status).toBe(401);
    expect(await env.DB.prepare("SELECT 1 FROM identity_session WHERE id = ?").bind(member.sessionId).first()).toBeNull();

    const other = await seedOperator("admin", owner);
    expect((await ask("/v1/me", { cookie: other.cookie })).status).toBe(200);
    await env.DB.prepare("DELETE FROM identity_member WHERE id = ?").bind(other.memberId).run(); // as another isolate would
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await ask("/v1/me", { cookie: other.cookie })).status).toBe(401);
  });

  it("[AC26] of two tenants do not slip into the second one when they lose the first", async () => {
    const [owner, elsewhere] = [await seedOperator("owner"), await seedTenant()];
    const member = await seedOperator("admin", owner);
    await env.DB.prepare("INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'owner', ?)")
      .bind(`e-${member.memberId}`, elsewhere.tenantId, member.userId, Date.now())
      .run();
    await ask(`/v1/members/${member.memberId}`, { method: "DELETE", cookie: owner.cookie });
    expect((await ask("/v1/me", { cookie: member.cookie })).status).toBe(401);
    const move = await ask("/v1/auth/organization/set-active", { body: { organizationId: elsewhere.tenantId }, cookie: member.cookie });
    expect(move.status).toBe(200);
    expect(await (await ask("/v1/me", { cookie: member.cookie })).json()).toMatchObject({ tenant: { id: elsewhere.tenantId } });
  });

  it("[AC11] are changed with intent before and result after, and an event with both roles", async () => {
    const owner = await seedOperator("owner");
    const member = await seedOperator("viewer", owner);
    await ask(`/v1/members/${member.memberId}`, { method: "PATCH", body: { role: "developer" }, cookie: owner.cookie });
    await ask(`/v1/members/${owner.memberId}`, { method: "DELETE", cookie: owner.cookie });
    const { items } = await (await ask("/v1/audit?limit=4", { cookie: owner.cookie })).json<Page<AuditEntry>>();
    expect(items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      "member.remove failed",
      "member.remove intent",
      "member.change done",
      "member.change intent",
    ]);
    expect(items[2]).toMatchObject({ actor: `user:${owner.userId}`, detail: { from: "viewer", to: "developer" } });
    expect(items[0]?.detail).toMatchObject({ problem: "conflict" });
    expect(await env.DB.prepare("SELECT count(*) AS n FROM control_outbox WHERE tenant_id = ?").bind(owner.tenantId).first("n")).toBe(0);
  });
});
