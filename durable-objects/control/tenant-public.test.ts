import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { accessOf, createdTenant, meta, rowsOf } from "./tenant-testing.ts";

const thing = (name: string) => ({ kind: "metrics", name });

describe("a tenant's public things", () => {
  it("[SU17] are marked and unmarked, each once, with an event and an audit entry", async () => {
    const stub = await createdTenant("public-marks");
    const before = await accessOf(stub);
    expect(before.config?.publicThings).toEqual([]);
    for (let n = 0; n < 2; n++) expect(await stub.setPublic(thing("shop_*"), true, meta)).toEqual({ ok: true, value: null });
    const marked = await accessOf(stub, before);
    expect(marked).toMatchObject({ configVersion: before.configVersion + 1, config: { publicThings: [thing("shop_*")] } });
    await evictDurableObject(stub);
    expect(await stub.listPublic({ limit: 9 })).toMatchObject({
      value: { items: [{ kind: "metrics", name: "shop_*", markedBy: "user:ada" }], nextCursor: null },
    });
    for (let n = 0; n < 2; n++) expect(await stub.setPublic(thing("shop_*"), false, meta)).toEqual({ ok: true, value: null });
    expect(await accessOf(stub, marked)).toMatchObject({ configVersion: marked.configVersion + 1, config: { publicThings: [] } });
    const audit = await rowsOf(
      stub,
      "SELECT action || ' ' || outcome AS entry FROM audit_entry WHERE target = 'public/metrics/shop_*' ORDER BY seq",
    );
    expect(audit.map(({ entry }) => entry)).toEqual([
      "public.mark intent",
      "public.mark done",
      "public.unmark intent",
      "public.unmark done",
    ]);
    const events = await rowsOf(stub, "SELECT body FROM kit_outbox WHERE body LIKE '%meridian.public.changed%' ORDER BY seq");
    expect(events.map(({ body }) => (JSON.parse(String(body)) as { data: { public: boolean } }).data.public)).toEqual([true, false]); // our own messages
  });

  it("[SU17] are so many and not one more, and are listed page by page without repeating or skipping one", async () => {
    const stub = await createdTenant("public-many");
    const names = Array.from({ length: SUBJECT_LIMITS.publicThings }, (_, n) => `m${String(n).padStart(4, "0")}`);
    await runInDurableObject(stub, (_, state) => {
      const insert = "INSERT INTO tenant_public (kind, name, marked_at, marked_by) VALUES ('metrics', ?, 0, 'user:ada')";
      for (const name of names.slice(1)) state.storage.sql.exec(insert, name);
    });
    expect((await stub.setPublic(thing("m0000"), true, meta)).ok).toBe(true);
    expect(await stub.setPublic(thing("more"), true, meta)).toMatchObject({ ok: false, problem: { slug: "limit-reached" } });
    expect((await stub.setPublic(thing("m0000"), true, meta)).ok).toBe(true);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await stub.listPublic({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      if (!page.ok) throw new Error(page.problem.detail);
      seen.push(...page.value.items.map(({ name }) => name));
      // A mark that goes while somebody turns pages moves nobody else.
      if (cursor === undefined) await stub.setPublic(thing("m0100"), false, meta);
      cursor = page.value.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(names);
    expect(await stub.listPublic({ limit: 2, cursor: "bm90IG91cnM" })).toMatchObject({ ok: false, problem: { slug: "invalid-parameter" } });
  });
});
