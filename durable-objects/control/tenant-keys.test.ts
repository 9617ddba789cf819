import { createHash } from "node:crypto";
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { API_KEY_PATTERN, type KeyCreated } from "../../contract/access.ts";
import { PLANS } from "../../contract/plans.ts";
import type { Outcome } from "../../contract/problems.ts";
import { createdTenant, meta, rowsOf } from "./tenant-testing.ts";

const input = { name: "ci", scopes: ["metrics:write"] } as const;
const wanted = () => ({ ...input, scopes: [...input.scopes] });

function made(outcome: Outcome<KeyCreated>): KeyCreated {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value;
}

describe("a tenant's keys", () => {
  it("[AC3] show their secret once and keep a hash of it, after an eviction too", async () => {
    const stub = await createdTenant("keys-secret");
    const key = made(await stub.createKey(wanted(), meta));
    const [, tenantId, keyId, secret = ""] = API_KEY_PATTERN.exec(key.secret) ?? [];
    expect([tenantId, keyId]).toEqual(["keys-secret", key.id]);
    expect(secret.length * 5).toBeGreaterThanOrEqual(160);
    await evictDurableObject(stub);
    const found = await stub.findKey(key.id);
    expect(found.key?.secretHash).toBe(createHash("sha256").update(secret).digest("hex"));
    const tables = await rowsOf(stub, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'");
    for (const { name } of tables) {
      expect(JSON.stringify(await rowsOf(stub, `SELECT * FROM ${String(name)}`)), String(name)).not.toContain(secret);
    }
    expect(await stub.listKeys({ limit: 5 })).toMatchObject({
      value: { items: [{ id: key.id, hint: key.secret.slice(0, key.hint.length) }] },
    });
  });

  it("[AC3] are made once per Idempotency-Key, and the replay does not show the secret again", async () => {
    const stub = await createdTenant("keys-replay");
    const claimed = { ...meta, idempotency: { key: "k1", route: "POST /v1/keys", bodyHash: "h1" } };
    made(await stub.createKey(wanted(), claimed));
    await evictDurableObject(stub);
    expect(await stub.createKey(wanted(), claimed)).toMatchObject({ ok: false, problem: { slug: "secret-already-shown" } });
    const other = { ...claimed, idempotency: { ...claimed.idempotency, bodyHash: "h2" } };
    expect(await stub.createKey(wanted(), other)).toMatchObject({ ok: false, problem: { slug: "idempotency-mismatch" } });
    expect((await rowsOf(stub, "SELECT count(*) AS n FROM tenant_key"))[0]?.["n"]).toBe(1);
  });

  it("[AC4] fill the plan with active ones only: a revoked one gives its place back", async () => {
    const stub = await createdTenant("keys-plan", "free");
    const keys: KeyCreated[] = [];
    for (let n = 0; n < PLANS.free.keys; n++) keys.push(made(await stub.createKey(wanted(), meta)));
    expect(await stub.createKey(wanted(), meta)).toMatchObject({ ok: false, problem: { slug: "limit-reached" } });
    await stub.revokeKey(keys[0]?.id ?? "", meta);
    made(await stub.createKey(wanted(), meta));
  });

  it("[AC5] are revoked once: repeating it answers the same, raises no version and writes nothing more", async () => {
    const stub = await createdTenant("keys-revoke");
    const key = made(await stub.createKey(wanted(), meta));
    const before = await stub.keysVersion();
    const revoked = await stub.revokeKey(key.id, meta);
    expect(revoked).toMatchObject({ ok: true, value: { id: key.id, state: "revoked" } });
    const after = await stub.keysVersion();
    expect(after).toBeGreaterThan(before);
    await evictDurableObject(stub);
    expect(await stub.revokeKey(key.id, meta)).toEqual(revoked);
    expect(await stub.keysVersion()).toBe(after);
    expect((await stub.findKey(key.id)).key?.revokedAt).toEqual(expect.any(Number));
    expect(await stub.revokeKey("nothing", meta)).toMatchObject({ ok: false, problem: { slug: "not-found" } });
  });

  it("[AC5] tell of themselves in events that hold everything but the secret", async () => {
    const stub = await createdTenant("keys-events");
    const key = made(await stub.createKey(wanted(), meta));
    await stub.revokeKey(key.id, meta);
    const rows = await rowsOf(stub, "SELECT * FROM kit_outbox ORDER BY seq");
    const text = JSON.stringify(rows);
    for (const type of ["meridian.object.created", "meridian.tenant.created", "meridian.key.created", "meridian.key.revoked"]) {
      expect(text).toContain(type);
    }
    expect(text).not.toContain(key.secret.split("_")[3]);
  });

  it("[AC6] are noted as used to the minute: one row per key and minute, none for a key that is not ours", async () => {
    const stub = await createdTenant("keys-use");
    const key = made(await stub.createKey(wanted(), meta));
    const minute = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
    await stub.noteKeyUse([
      { keyId: key.id, at: minute + 1, count: 3 },
      { keyId: "unknown", at: minute, count: 1 },
    ]);
    await stub.noteKeyUse([{ keyId: key.id, at: minute + 59_999, count: 3 }]);
    await stub.noteKeyUse([{ keyId: key.id, at: minute - 120_000, count: 1 }]);
    expect(await rowsOf(stub, "SELECT key_id, last_used_at FROM tenant_key_use")).toEqual([{ key_id: key.id, last_used_at: minute }]);
    await stub.noteKeyUse([{ keyId: key.id, at: Date.now() + 86_400_000, count: 1 }]);
    const listed = await stub.listKeys({ limit: 1 });
    expect(listed.ok && Date.parse(listed.value.items[0]?.lastUsedAt ?? "")).toBeLessThanOrEqual(Date.now());
  });

  it("[AC13] are listed newest first; a cursor neither repeats nor skips one when others are made meanwhile", async () => {
    const stub = await createdTenant("keys-list");
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift(made(await stub.createKey(wanted(), meta)).id);
    const first = await stub.listKeys({ limit: 2 });
    if (!first.ok || first.value.nextCursor === null) throw new Error("a first page with a next one was expected");
    await stub.createKey(wanted(), meta);
    const rest = await stub.listKeys({ limit: 10, cursor: first.value.nextCursor });
    if (!rest.ok) throw new Error(rest.problem.detail);
    expect(new Set([...first.value.items, ...rest.value.items].map(({ id }) => id))).toEqual(new Set(ids));
    expect(rest.value).toMatchObject({ nextCursor: null });
    expect(rest.value.items).toHaveLength(3);
    expect(await stub.listKeys({ limit: 2, cursor: "bm90IG91cnM" })).toMatchObject({ ok: false, problem: { slug: "invalid-parameter" } });
  });
});
