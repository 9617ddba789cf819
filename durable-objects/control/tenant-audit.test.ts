import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { OUTBOX_ROUTE } from "../../contract/rpc/tenant.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { AUDIT_LIMITS } from "../../core/control/audit.ts";
import { DENIED_BUDGET } from "../../core/control/audit-budget.ts";
import { createdTenant, meta, rowsOf, rpcOf } from "./tenant-testing.ts";

const note = (n: number) => ({ action: "test.note", target: `thing/${n}`, outcome: "done", detail: { n } }) as const;
const denial = { action: "credential:use", target: "key/x", outcome: "denied", detail: { reason: "unknown-key" } } as const;

describe("the tenant's audit log", () => {
  it("[AC11] holds intent and result of every change of the tenant, in one transaction with it", async () => {
    const stub = await createdTenant("audit-both", "free");
    const key = await stub.createKey({ name: "a", scopes: ["metrics:read"] }, meta);
    await stub.createKey({ name: "b", scopes: ["metrics:read"], expiresAt: "2020-01-01T00:00:00Z" }, meta);
    await stub.putSettings({ ...FIRST_SETTINGS, origins: ["https://app.example.com"] }, undefined, meta);
    if (key.ok) await stub.revokeKey(key.value.id, meta);
    const rows = await rowsOf(stub, "SELECT action, outcome, actor, request_id FROM audit_entry ORDER BY seq");
    expect(rows.map(({ action, outcome }) => `${String(action)} ${String(outcome)}`)).toEqual([
      "tenant.create intent",
      "tenant.create done",
      "key.create intent",
      "key.create done",
      "key.create intent",
      "key.create failed",
      "tenant.change-settings intent",
      "tenant.change-settings done",
      "key.revoke intent",
      "key.revoke done",
    ]);
    expect(rows.every((row) => row["actor"] === "user:ada" && row["request_id"] === "req-1")).toBe(true);
  });

  it("[AC11] takes notes with events of what lives elsewhere, once per outbox entry", async () => {
    const stub = await createdTenant("audit-outbox");
    const event = { type: "meridian.member.removed", subject: "member/1", data: {} } as const;
    const told = { ...meta, idempotency: { key: "entry-1", route: OUTBOX_ROUTE, bodyHash: "entry-1" } };
    for (let n = 0; n < 2; n++) expect(await stub.audit([note(1)], told, [event])).toEqual({ ok: true, value: null });
    await evictDurableObject(stub);
    await stub.audit([note(1)], told, [event]);
    expect((await rowsOf(stub, "SELECT count(*) AS n FROM audit_entry WHERE action = 'test.note'"))[0]?.["n"]).toBe(1);
    expect(JSON.stringify(await rowsOf(stub, "SELECT * FROM kit_outbox")).split("meridian.member.removed")).toHaveLength(2);
  });

  it("[AC11] does not take a client's Idempotency-Key for the identity of a note", async () => {
    const stub = await createdTenant("audit-client-key");
    const claimed = { ...meta, idempotency: { key: "k", route: "POST /v1/invitations", bodyHash: "h" } };
    await stub.audit([note(1)], claimed);
    await stub.audit([note(2)], claimed);
    expect(await rowsOf(stub, "SELECT target FROM audit_entry WHERE action = 'test.note' ORDER BY seq")).toEqual([
      { target: "thing/1" },
      { target: "thing/2" },
    ]);
  });

  it("[AC9] takes so many denials an hour, counts the rest, and goes on taking changes", async () => {
    const stub = await createdTenant("audit-denied");
    for (let n = 0; n < DENIED_BUDGET.perWindow + 5; n++) await stub.audit([denial], meta);
    await evictDurableObject(stub); // the window is stored: an eviction gives nobody a new one
    await stub.audit([denial, denial], meta);
    const denied = async () => (await rowsOf(stub, "SELECT count(*) AS n FROM audit_entry WHERE outcome = 'denied'"))[0]?.["n"];
    expect(await denied()).toBe(DENIED_BUDGET.perWindow);
    await stub.audit([note(1)], meta);
    expect((await rowsOf(stub, "SELECT action FROM audit_entry ORDER BY seq DESC LIMIT 1"))[0]).toEqual({ action: "test.note" });

    await runInDurableObject(stub, (_, state) => state.storage.sql.exec("UPDATE audit_head SET denied_since = denied_since - 3600000"));
    await stub.audit([denial], meta);
    expect(await denied()).toBe(DENIED_BUDGET.perWindow + 1);
    const [last] = await rowsOf(stub, "SELECT detail FROM audit_entry ORDER BY seq DESC LIMIT 1");
    expect(JSON.parse(String(last?.["detail"]))).toEqual({ reason: "unknown-key", alsoDenied: 2 });
    expect(await stub.verifyAudit()).toMatchObject({ firstBroken: null });
  });

  it("[AC13] is listed newest first, by action and actor, page by page", async () => {
    const stub = await createdTenant("audit-list");
    for (let n = 1; n <= 5; n++) await stub.audit([note(n)], { ...meta, actor: n % 2 ? "user:ada" : "user:bob" });
    const first = await rpcOf(stub).listAudit({ limit: 2, action: "test.note" });
    if (!first.ok || first.value.nextCursor === null) throw new Error("a first page with a next one was expected");
    expect(first.value.items.map(({ target }) => target)).toEqual(["thing/5", "thing/4"]);
    await stub.audit([note(6)], meta);
    const second = await rpcOf(stub).listAudit({ limit: 9, action: "test.note", cursor: first.value.nextCursor });
    expect(second).toMatchObject({
      value: { items: [{ target: "thing/3" }, { target: "thing/2" }, { target: "thing/1" }], nextCursor: null },
    });
    const bobs = await rpcOf(stub).listAudit({ limit: 9, actor: "user:bob" });
    expect(bobs).toMatchObject({ value: { items: [{ target: "thing/4" }, { target: "thing/2" }] } });
    expect(await rpcOf(stub).listAudit({ limit: 9, cursor: "x" })).toMatchObject({ ok: false, problem: { slug: "invalid-parameter" } });
  });

  it("[AC13] a filtered page looks at a bounded number of entries and still has a next page", async () => {
    const stub = await createdTenant("audit-scan");
    await stub.audit([{ ...note(0), action: "test.rare" }], meta);
    const batch = Array.from({ length: AUDIT_LIMITS.scan / 5 }, (_, n) => note(n));
    for (let n = 0; n < 5; n++) await stub.audit(batch, meta);
    const first = await rpcOf(stub).listAudit({ limit: 10, action: "test.rare" });
    expect(first).toMatchObject({ ok: true, value: { items: [], nextCursor: expect.any(String) } });
    const cursor = first.ok ? (first.value.nextCursor ?? "") : "";
    expect(await rpcOf(stub).listAudit({ limit: 10, action: "test.rare", cursor })).toMatchObject({
      value: { items: [{ action: "test.rare" }], nextCursor: null },
    });
  });

  it("[AC8] holds whatever people are called: half characters, none at all, and ones that the cut splits", async () => {
    const stub = await createdTenant("audit-names");
    const names = ["n\ud800m", "\udc00", "nul\u0000nul", `${"x".repeat(499)}\u{1f600}`, "e\u0301", "\ufffe\uffff"];
    for (const actorName of names) {
      const target = `${"t".repeat(511)}\u{1f600}`;
      await stub.audit([{ ...note(1), target, detail: { name: actorName, [actorName]: 1 } }], { ...meta, actorName });
    }
    expect(await stub.verifyAudit()).toMatchObject({ firstBroken: null });
  });

  it("[AC8] is walked in slices, and the walk names what was removed from its end", async () => {
    const stub = await createdTenant("audit-slices");
    const batch = Array.from({ length: AUDIT_LIMITS.verifySlice }, (_, n) => note(n));
    await stub.audit(batch, meta);
    const first = await stub.verifyAudit();
    expect(first).toMatchObject({ checked: AUDIT_LIMITS.verifySlice, firstBroken: null, next: { seq: AUDIT_LIMITS.verifySlice } });
    const head = AUDIT_LIMITS.verifySlice + 2;
    expect(await stub.verifyAudit(first.next ?? undefined)).toMatchObject({ checked: 2, firstBroken: null, headSeq: head, next: null });
    await runInDurableObject(stub, (_, state) => state.storage.sql.exec("DELETE FROM audit_entry WHERE seq = ?", head));
    expect(await stub.verifyAudit(first.next ?? undefined)).toMatchObject({ firstBroken: head, next: null });
  });
});
