import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuditEntry, Member } from "../../contract/access.ts";
import type { Page } from "../../contract/pages.ts";
import { refuse } from "../../contract/problems.ts";
import { sweepControl } from "./tenant-sweep.ts";
import { ask, edgeEnv, seedOperator, type SeededOperator } from "./testing.ts";

const headers = { "idempotency-key": "only-once" };
const entries = async (owner: SeededOperator, action: string) =>
  (await (await ask(`/v1/audit?action=${action}`, { cookie: owner.cookie })).json<Page<AuditEntry>>()).items.map(({ outcome }) => outcome);
const left = async (owner: SeededOperator) =>
  await env.DB.prepare("SELECT count(*) AS n FROM control_outbox WHERE tenant_id = ?").bind(owner.tenantId).first("n");

/** The Tenant namespace, whose object takes so many notes and then cannot be reached. */
function failingAfter(notes: number, fail = async (): Promise<unknown> => await Promise.reject(new Error("unreachable"))) {
  let taken = 0;
  return {
    getByName: (name: string) => {
      const stub = env.TENANT.getByName(name);
      return new Proxy(stub, {
        get: (target, method) => (method === "audit" && taken++ >= notes ? fail : Reflect.get(target, method, target)),
      });
    },
  } as never;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a change of what lives only in D1", () => {
  it("[AC28] is made once per Idempotency-Key and answered alike; another request with the key is refused", async () => {
    const owner = await seedOperator("owner");
    const member = await seedOperator("viewer", owner);
    const path = `/v1/members/${member.memberId}`;
    const change = async (role: string) => await ask(path, { method: "PATCH", body: { role }, cookie: owner.cookie, headers });
    const first = await (await change("developer")).json<Member>();
    await ask(path, { method: "PATCH", body: { role: "admin" }, cookie: owner.cookie });
    expect(await (await change("developer")).json()).toEqual(first);
    expect(await (await change("operator")).json()).toMatchObject({ status: 422, type: "/problems/idempotency-mismatch" });
    expect(await env.DB.prepare("SELECT role FROM identity_member WHERE id = ?").bind(member.memberId).first("role")).toBe("admin");
    expect(await entries(owner, "member.change")).toEqual(["done", "intent", "done", "intent"]);
  });

  it("[AC28] that removed something answers its replay as it did the first time", async () => {
    const owner = await seedOperator("owner");
    const member = await seedOperator("viewer", owner);
    const remove = async () => await ask(`/v1/members/${member.memberId}`, { method: "DELETE", cookie: owner.cookie, headers });
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 204]);
    expect((await ask(`/v1/members/${member.memberId}`, { method: "DELETE", cookie: owner.cookie })).status).toBe(404);
  });

  it("[AC28] whose answer held a secret does not show it again, and twins at once make one", async () => {
    const owner = await seedOperator("owner");
    const body = { email: "twin@example.com", role: "viewer" };
    const twins = await Promise.all([1, 2].map(async () => await ask("/v1/invitations", { body, cookie: owner.cookie, headers })));
    expect(twins.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const replay = await ask("/v1/invitations", { body, cookie: owner.cookie, headers });
    expect(await replay.json()).toMatchObject({ status: 409, type: "/problems/secret-already-shown" });
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM identity_invitation WHERE organization_id = ?").bind(owner.tenantId).first("n"),
    ).toBe(1);
  });

  it("[AC28] may be made anew with the same key after a day, swept or not", async () => {
    const owner = await seedOperator("owner");
    const body = { email: "again@example.com", role: "viewer" };
    expect((await ask("/v1/invitations", { body, cookie: owner.cookie, headers })).status).toBe(201);
    const day = 86_400_000;
    await env.DB.prepare("UPDATE control_idempotency SET created_at = created_at - ? WHERE tenant_id = ?").bind(day, owner.tenantId).run();
    expect((await ask("/v1/invitations", { body, cookie: owner.cookie, headers })).status).toBe(201);
    await sweepControl(edgeEnv, Date.now() + day + 1_000);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM control_idempotency WHERE tenant_id = ?").bind(owner.tenantId).first("n")).toBe(
      0,
    );
  });

  it("[AC29] is told to the Tenant object once, by the sweep where its request could not", async () => {
    const owner = await seedOperator("owner");
    const member = await seedOperator("viewer", owner);
    const told = await ask(`/v1/members/${member.memberId}`, {
      method: "PATCH",
      body: { role: "admin" },
      cookie: owner.cookie,
      env: { TENANT: failingAfter(1) },
    });
    expect(told.status).toBe(200);
    expect(await left(owner)).toBe(1);
    expect(await entries(owner, "member.change")).toEqual(["intent"]);

    const row = await env.DB.prepare("SELECT * FROM control_outbox WHERE tenant_id = ?")
      .bind(owner.tenantId)
      .first<Record<string, string>>();
    await sweepControl(edgeEnv, Date.now());
    expect(await left(owner)).toBe(0);
    // The same row once more, as if the request had ended between telling and removing it.
    await env.DB.prepare("INSERT INTO control_outbox (tenant_id, id, meta, note, event, created_at) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(row?.["tenant_id"], row?.["id"], row?.["meta"], row?.["note"], row?.["event"], row?.["created_at"])
      .run();
    await sweepControl(edgeEnv, Date.now());
    expect(await left(owner)).toBe(0);
    expect(await entries(owner, "member.change")).toEqual(["done", "intent"]);
  });

  it("[AC29] that cannot be told does not hold up those of other tenants", async () => {
    const [stuck, fine] = [await seedOperator("owner"), await seedOperator("owner")];
    const members = [await seedOperator("viewer", stuck), await seedOperator("viewer", fine)];
    for (const [n, by] of [stuck, fine].entries()) {
      const path = `/v1/members/${members[n]?.memberId}`;
      await ask(path, { method: "PATCH", body: { role: "admin" }, cookie: by.cookie, env: { TENANT: failingAfter(1) } });
    }
    const picky = {
      getByName: (name: string) => {
        if (name.startsWith(stuck.tenantId)) throw new Error("unreachable");
        return env.TENANT.getByName(name);
      },
    } as never;
    await sweepControl({ ...edgeEnv, TENANT: picky }, Date.now());
    expect([await left(stuck), await left(fine)]).toEqual([1, 0]);
  });

  it("[AC11] is not made when its intent cannot be noted", async () => {
    const owner = await seedOperator("owner");
    const member = await seedOperator("viewer", owner);
    const remove = async (tenants: ReturnType<typeof failingAfter>) =>
      (await ask(`/v1/members/${member.memberId}`, { method: "DELETE", cookie: owner.cookie, env: { TENANT: tenants } })).status;
    expect(await remove(failingAfter(0))).toBeGreaterThanOrEqual(500);
    // An object that cannot be opened does not throw, it refuses.
    expect(await remove(failingAfter(0, async () => refuse("unavailable", "not now")))).toBe(503);
    expect(await env.DB.prepare("SELECT role FROM identity_member WHERE id = ?").bind(member.memberId).first("role")).toBe("viewer");
  });
});
