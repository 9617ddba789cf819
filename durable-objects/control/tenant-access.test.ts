import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { createdTenant, meta, rowsWritten, tenantAt } from "./tenant-testing.ts";

describe("what an isolate learns of a tenant", () => {
  it("[SU4] is everything at first, and afterwards only what changed", async () => {
    const stub = await createdTenant("access-delta");
    const first = await stub.access(null);
    if (!first) throw new Error("a snapshot was expected");
    expect(first).toMatchObject({
      config: { slug: "access-delta", settings: FIRST_SETTINGS, issuers: [], publicThings: [], signingKeys: [{ until: null }] },
      revocations: [],
      more: false,
    });
    expect(await stub.access(first)).toEqual({ ...first, config: null });

    await stub.revoke({ kind: "token", id: "t1" }, meta);
    const second = await stub.access(first);
    expect(second).toMatchObject({ config: null, configVersion: first.configVersion, revocations: [{ kind: "token", id: "t1" }] });
    expect(second?.keysVersion).toBeGreaterThan(first.keysVersion);

    await stub.setPublic({ kind: "metrics", name: "shop_*" }, true, meta);
    await evictDurableObject(stub);
    const third = await stub.access(second);
    expect(third).toMatchObject({ config: { publicThings: [{ kind: "metrics", name: "shop_*" }] }, revocations: [] });
    expect(await stub.access(third)).toMatchObject({ config: null, revocations: [] });
    expect(await rowsWritten(stub, async () => await stub.access(null))).toBe(0);
  });

  it("[SU4] is nothing of a tenant that nobody created, which costs no row", async () => {
    const stub = tenantAt("access-nobody");
    expect(await stub.access(null)).toBeNull();
    await runInDurableObject(stub, (_, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray()).toEqual([]);
    });
  });
});
