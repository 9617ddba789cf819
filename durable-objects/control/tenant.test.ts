import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";

const meta: CallMeta = { requestId: "req-1", actor: "user:ada", actorName: "Ada" };
const first = { slug: "acme", name: "Acme", plan: "free" } as const;

function tenantAt(id: string) {
  return env.TENANT.getByName(`${id}/tenant/main`);
}

describe("a tenant that nobody created", () => {
  it("[AC1] refuses every call and writes nothing", async () => {
    const stub = tenantAt("forged");
    const refused = { ok: false, problem: { slug: "not-found" } };
    expect(await stub.describe()).toMatchObject(refused);
    expect(await stub.putSettings(FIRST_SETTINGS, undefined, meta)).toMatchObject(refused);
    expect(await stub.settings()).toMatchObject(refused);
    expect(await stub.access(null)).toBeNull();
    expect(await stub.createKey({ name: "k", scopes: ["metrics:read"] }, meta)).toMatchObject(refused);
    expect(await stub.listKeys({ limit: 10 })).toMatchObject(refused);
    expect(await stub.revokeKey("x", meta)).toMatchObject(refused);
    expect(await stub.audit([{ action: "a", target: "b", outcome: "denied", detail: {} }], meta)).toMatchObject(refused);
    expect(await stub.listAudit({ limit: 10 })).toMatchObject(refused);
    expect(await stub.findKey("x")).toEqual({ keysVersion: 0, key: null, origins: [] });
    expect(await stub.keysVersion()).toBe(0);
    expect(await stub.bumpKeysVersion(meta)).toBe(0);
    await stub.noteKeyUse([{ keyId: "x", at: 1, count: 1 }]);
    expect(await stub.outboxStatus()).toEqual({ depth: 0, oldestAt: null });
    expect(await stub.verifyAudit()).toMatchObject({ checked: 0, firstBroken: null, next: null });
    await runInDurableObject(stub, async (_, state) => {
      const tables = state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();
      expect(tables).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });
});

describe("a tenant", () => {
  it("[AC2] is created once, and survives an eviction", async () => {
    const stub = tenantAt("created");
    const made = await stub.create(first, meta);
    expect(made).toMatchObject({ ok: true, value: { id: "created", slug: "acme", name: "Acme", plan: "free" } });
    expect(await stub.create(first, meta)).toEqual(made);
    expect(await stub.create({ ...first, slug: "other" }, meta)).toMatchObject({ ok: false, problem: { slug: "conflict" } });
    await evictDurableObject(stub);
    expect(await stub.describe()).toEqual(made);
  });
});
