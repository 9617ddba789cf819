import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../../contract/access.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { PublicThing } from "../../contract/settings.ts";
import type { Page } from "../../contract/pages.ts";
import { ask, seedOperator } from "./testing.ts";

async function world() {
  const owner = await seedOperator("owner");
  const path = (kind: string, name: string) => `/v1/public/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
  const mark = async (kind: string, name: string) => (await ask(path(kind, name), { method: "PUT", cookie: owner.cookie })).status;
  const unmark = async (kind: string, name: string) => (await ask(path(kind, name), { method: "DELETE", cookie: owner.cookie })).status;
  const list = async (query = "") => await (await ask(`/v1/public${query}`, { cookie: owner.cookie })).json<Page<PublicThing>>();
  return { owner, mark, unmark, list };
}

describe("what is public", () => {
  it("[DR19] is marked and unmarked by name or prefix, as often as one likes, and listed with who did it", async () => {
    const { owner, mark, unmark, list } = await world();
    expect((await list()).items).toEqual([]);
    for (const name of ["shop_visitors", "shop_*", "with/slash and ünïcode", "shop_visitors"])
      expect(await mark("metrics", name)).toBe(204);
    const { items } = await list();
    expect(items.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "metrics shop_*",
      "metrics shop_visitors",
      "metrics with/slash and ünïcode",
    ]);
    expect(items[0]).toMatchObject({ markedBy: `user:${owner.userId}`, markedAt: expect.any(String) });
    expect([await unmark("metrics", "shop_visitors"), await unmark("metrics", "shop_visitors")]).toEqual([204, 204]);
    expect((await list()).items.length).toBe(2);
    const { items: entries } = await (await ask("/v1/audit", { cookie: owner.cookie })).json<Page<AuditEntry>>();
    const done = entries.filter(({ action, outcome }) => action.startsWith("public.") && outcome === "done");
    expect(done.map(({ action }) => action).sort()).toEqual(["public.mark", "public.mark", "public.mark", "public.unmark"]);
  });

  it("[DR19] comes in pages", async () => {
    const { mark, list } = await world();
    for (let i = 0; i < 5; i++) await mark("metrics", `m${i}`);
    const first = await list("?limit=3");
    const second = await list(`?limit=3&cursor=${encodeURIComponent(first.nextCursor ?? "")}`);
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["m0", "m1", "m2", "m3", "m4"]);
    expect(second.nextCursor).toBeNull();
  });

  it("[DR19] is of a kind that can be read, and of a name that is one", async () => {
    const { mark, list } = await world();
    for (const kind of ["keys", "toString", "metric", ""]) expect([kind, await mark(kind, "x")]).not.toEqual([kind, 204]);
    for (const name of ["a*b", "**", "a\u0000b", "x".repeat(SUBJECT_LIMITS.thingChars + 1)])
      expect([name, await mark("metrics", name)]).toEqual([name, 400]);
    expect(await mark("metrics", "x".repeat(SUBJECT_LIMITS.thingChars))).toBe(204);
    expect((await list()).items.length).toBe(1);
  });

  it("[DR19] is for owners and admins to decide", async () => {
    const { owner } = await world();
    const operator = await seedOperator("operator", owner);
    for (const method of ["PUT", "DELETE"])
      expect((await ask("/v1/public/metrics/x", { method, cookie: operator.cookie })).status).toBe(403);
    expect((await ask("/v1/public", { cookie: operator.cookie })).status).toBe(403);
  });
});
