import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { tokenRevokedDataSchema } from "../../contract/events.ts";
import type { Revocation } from "../../contract/rpc/access.ts";
import { REVOCATION_LIMITS } from "../../core/control/revocations.ts";
import { accessOf, createdTenant, meta, rowsOf } from "./tenant-testing.ts";

type Stub = Awaited<ReturnType<typeof createdTenant>>;

afterEach(() => void vi.useRealTimers());

/** Revocations of tokens as if so many had been made, each a millisecond after the one before. */
async function stuff(stub: Stub, count: number, firstUntil: number): Promise<void> {
  await runInDurableObject(stub, (_, { storage }) => {
    storage.transactionSync(() => {
      for (let n = 1; n <= count; n++) {
        const until = firstUntil + n;
        const before = until - REVOCATION_LIMITS.lifeMs;
        storage.sql.exec(
          "INSERT INTO tenant_revocation (seq, kind, id, before, until) VALUES (?, 'token', ?, ?, ?)",
          n,
          `t${n}`,
          before,
          until,
        );
      }
      storage.sql.exec("UPDATE tenant_profile SET revocation_seq = ?", count);
    });
  });
}

describe("a revocation", () => {
  it("[SU7] is told once to each isolate; the same again is told again, with a later moment", async () => {
    const stub = await createdTenant("revoke-again");
    const start = await accessOf(stub);
    const first = await stub.revoke({ kind: "subject", id: "ref" }, meta);
    const second = await stub.revoke({ kind: "token", id: "jti" }, meta);
    const third = await stub.revoke({ kind: "subject", id: "ref" }, meta);
    if (!first.ok || !second.ok || !third.ok) throw new Error("they are revoked");
    expect([first.value.seq, second.value.seq, third.value.seq]).toEqual([1, 2, 3]);
    expect(third.value.before).toBeGreaterThanOrEqual(first.value.before);
    const delta = await accessOf(stub, start);
    expect(delta).toMatchObject({ config: null, revocations: [second.value, third.value], revocationSeq: 3, more: false });
    expect(delta.keysVersion).toBe(start.keysVersion + 3);
    await evictDurableObject(stub);
    expect((await accessOf(stub, delta)).revocations).toEqual([]);
    expect((await accessOf(stub)).revocations).toEqual(delta.revocations);
  });

  it("[SU7] is in the audit log as intent and result, and in an event", async () => {
    const stub = await createdTenant("revoke-audit");
    await stub.revoke({ kind: "token", id: "jti" }, meta);
    await stub.revoke({ kind: "issuer", id: "unknown" }, meta);
    await stub.revoke({ kind: "tenant", id: "whatever" }, meta);
    const rows = await rowsOf(stub, "SELECT target || ' ' || outcome AS entry FROM audit_entry WHERE action = 'token.revoke' ORDER BY seq");
    expect(rows.map(({ entry }) => entry)).toEqual([
      "token/jti intent",
      "token/jti done",
      "issuer/unknown intent",
      "issuer/unknown failed",
      "tenant intent",
      "tenant done",
    ]);
    const events = await rowsOf(stub, "SELECT body FROM kit_outbox WHERE body LIKE '%meridian.token.revoked%' ORDER BY seq");
    const told = events.map(({ body }) => tokenRevokedDataSchema.parse((JSON.parse(String(body)) as { data: unknown }).data)); // our own messages
    expect(told.map(({ kind, id }) => [kind, id])).toEqual([
      ["token", "jti"],
      ["tenant", ""],
    ]);
  });

  it("[SU7] is made once per Idempotency-Key", async () => {
    const stub = await createdTenant("revoke-twice");
    const claimed = { ...meta, idempotency: { key: "k", route: "POST /v1/tokens/revocations", bodyHash: "h" } };
    const once = await stub.revoke({ kind: "token", id: "jti" }, claimed);
    await evictDurableObject(stub);
    expect(await stub.revoke({ kind: "token", id: "jti" }, claimed)).toEqual(once);
    expect((await accessOf(stub)).revocationSeq).toBe(1);
  });

  it("[SU4] comes in pages of so many, also when others are made between two pages", async () => {
    const stub = await createdTenant("revoke-pages");
    const { page } = REVOCATION_LIMITS;
    await stuff(stub, page * 2 + 1, Date.now() + 60_000);
    const seen: Revocation[] = [];
    let snapshot = await accessOf(stub);
    expect(snapshot).toMatchObject({ more: true, revocationSeq: page, config: { slug: "revoke-pages" } });
    seen.push(...snapshot.revocations);
    await stub.revoke({ kind: "token", id: "t1" }, meta); // seen already: comes once more, at the end
    await stub.revoke({ kind: "token", id: `t${page + 1}` }, meta); // not yet seen: comes at the end only
    while (snapshot.more) {
      snapshot = await accessOf(stub, snapshot);
      expect(snapshot.config).toBeNull();
      expect(snapshot.revocations.length).toBeLessThanOrEqual(page);
      seen.push(...snapshot.revocations);
    }
    expect(snapshot.revocationSeq).toBe(page * 2 + 3);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(page * 2 + 1);
    expect(seen).toHaveLength(page * 2 + 2);
  });

  it("[SU90] that an end user is refused leaves no note: anybody could fill the log so", async () => {
    const stub = await createdTenant("revoke-notes");
    await stuff(stub, REVOCATION_LIMITS.ofEndUsers, Date.now() + 60_000);
    const notes = async () => (await rowsOf(stub, "SELECT count(*) AS n FROM audit_entry"))[0];
    const before = await notes();
    const endUser = { ...meta, actor: "subject:ref", actorName: "end user" };
    expect(await stub.revoke({ kind: "subject", id: "ref" }, endUser)).toMatchObject({ problem: { slug: "limit-reached" } });
    expect(await notes()).toEqual(before);
    expect((await stub.revoke({ kind: "subject", id: "ref" }, meta)).ok).toBe(true);
    expect(await notes()).not.toEqual(before);
  });

  it("[SU8] of a token or subject is one of so many; everyone's takes the place of all", async () => {
    const stub = await createdTenant("revoke-limit");
    await stuff(stub, REVOCATION_LIMITS.remembered - 1, Date.now() + 60_000);
    expect((await stub.revoke({ kind: "token", id: "last" }, meta)).ok).toBe(true);
    expect(await stub.revoke({ kind: "subject", id: "more" }, meta)).toMatchObject({ ok: false, problem: { slug: "limit-reached" } });
    expect((await stub.revoke({ kind: "token", id: "t7" }, meta)).ok).toBe(true);
    expect((await stub.revoke({ kind: "issuer", id: "minted" }, meta)).ok).toBe(true);
    const everyone = await stub.revoke({ kind: "tenant", id: "" }, meta);
    expect((await accessOf(stub)).revocations).toEqual(everyone.ok ? [everyone.value] : "refused");
    expect((await stub.revoke({ kind: "subject", id: "more" }, meta)).ok).toBe(true);
  });

  it("[SU9] that no longer counts is told to nobody, makes room, and is forgotten in slices of so many rows", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2031, 0, 1) });
    const stub = await createdTenant("revoke-sweep");
    await stub.revoke({ kind: "token", id: "first" }, meta); // sets the deadline
    const due = Date.now() + REVOCATION_LIMITS.lifeMs;
    await runInDurableObject(stub, (_, { storage }) => storage.sql.exec("DELETE FROM tenant_revocation"));
    const { sweepRows, remembered } = REVOCATION_LIMITS;
    await stuff(stub, remembered, due - remembered);
    expect(await stub.revoke({ kind: "token", id: "x" }, meta)).toMatchObject({ ok: false });
    vi.setSystemTime(due + 1);
    expect((await accessOf(stub)).revocations).toEqual([]);
    expect((await stub.revoke({ kind: "token", id: "x" }, meta)).ok).toBe(true);
    const stored = async () => (await rowsOf(stub, "SELECT count(*) AS n FROM tenant_revocation"))[0]?.["n"];
    await runDurableObjectAlarm(stub);
    expect(await stored()).toBe(remembered + 1 - sweepRows);
    await evictDurableObject(stub);
    for (let slice = 2; slice <= remembered / sweepRows; slice++) {
      vi.setSystemTime(Date.now() + 1_000);
      await runDurableObjectAlarm(stub);
      expect(await stored()).toBe(remembered + 1 - slice * sweepRows);
    }
    expect((await accessOf(stub)).revocations).toMatchObject([{ id: "x" }]);
    expect(await rowsOf(stub, "SELECT due_at FROM kit_timer WHERE name = 'revocations'")).toEqual([
      { due_at: due + 1 + REVOCATION_LIMITS.lifeMs },
    ]);
  });

  it("[SU10] and everything else are told anew to an isolate that knows more than a restored tenant", async () => {
    const stub = await createdTenant("revoke-restored");
    await stub.revoke({ kind: "token", id: "kept" }, meta);
    const kept = await accessOf(stub);
    await stub.revoke({ kind: "token", id: "undone" }, meta);
    const ahead = await accessOf(stub, kept);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("DELETE FROM tenant_revocation WHERE id = 'undone'");
      storage.sql.exec("UPDATE tenant_profile SET revocation_seq = 1");
    });
    await evictDurableObject(stub);
    expect(await accessOf(stub, ahead)).toMatchObject({ config: kept.config, revocations: kept.revocations, revocationSeq: 1 });
  });
});
