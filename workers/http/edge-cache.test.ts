import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { type FakeTenant, fakeTenants } from "./door-testing.ts";
import { DOOR_LIMITS } from "./door-limits.ts";
import { EDGE_CACHE_LIMITS, shareWithVisitors } from "./edge-cache.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { edgeEnv } from "./testing.ts";

const START = 1_700_000_000_000;
const QUERY = { name: "test/read", parts: { a: 1 } as unknown, maxAgeS: 5 };

/** Readers of a door, each in an isolate of its own unless they share one; `made` counts the answers that were worked for. */
async function world(singleNode = false) {
  const tenants = fakeTenants();
  const tenant = await tenants.add();
  const made = { n: 0 };
  const visitor = (of: FakeTenant): AnyPrincipal => ({ kind: "visitor", tenantId: of.tenantId, slug: of.slug, hostedAccounts: false });
  const produce = async (): Promise<Outcome<{ n: number }>> => accept({ n: ++made.n });
  async function ask(
    atMs: number,
    more: { of?: FakeTenant; who?: AnyPrincipal; what?: Partial<typeof QUERY>; make?: typeof produce } = {},
  ) {
    const ctx = createExecutionContext();
    const answerHeaders = new Headers();
    const principal = more.who ?? visitor(more.of ?? tenant);
    const call = {
      env: { ...edgeEnv, ...tenants.bindings, SINGLE_NODE: String(singleNode) },
      ctx,
      principal,
      now: START + atMs,
      answerHeaders,
    };
    const outcome = await shareWithVisitors(call, { ...QUERY, ...more.what }, more.make ?? produce);
    await waitOnExecutionContext(ctx);
    return { outcome, value: outcome.ok ? outcome.value : outcome.problem.slug, headers: answerHeaders };
  }
  return { ...tenants, tenant, made, ask };
}

/** As if the next request came to another isolate of the location. */
const elsewhere = clearIsolateCaches;

describe("answers that visitors share", () => {
  it("[DR28] are made once, say how old they are, and are made anew when they are as old as stated", async () => {
    const { ask } = await world();
    const first = await ask(0);
    expect([first.value, first.headers.get("age"), first.headers.get("cache-control")]).toEqual([{ n: 1 }, "0", "public, max-age=5"]);
    elsewhere();
    const second = await ask(3_400);
    expect([second.value, second.headers.get("age")]).toEqual([{ n: 1 }, "3"]);
    expect((await ask(4_999)).value).toEqual({ n: 1 });
    expect((await ask(5_000)).value).toEqual({ n: 2 });
    expect((await ask(9_000)).value).toEqual({ n: 2 });
  });

  it("[DR39] are kept by a single node in its memory alone: strangers could fill its disk", async () => {
    const { ask } = await world(true);
    expect((await ask(0)).value).toEqual({ n: 1 });
    expect((await ask(4_999)).value).toEqual({ n: 1 });
    expect((await ask(5_000)).value).toEqual({ n: 2 });
    elsewhere();
    expect((await ask(5_001)).value).toEqual({ n: 3 });
  });

  it("[DR39] are kept in bounded number, the least asked for go first", async () => {
    const { ask } = await world(true);
    const { memoryEntries } = EDGE_CACHE_LIMITS;
    await ask(0, { what: { parts: "first" } });
    for (let i = 0; i < memoryEntries; i++) await ask(i * 1_000, { what: { parts: i, maxAgeS: 10_000 } });
    expect((await ask(memoryEntries * 1_000, { what: { parts: 1, maxAgeS: 10_000 } })).value).toEqual({ n: 3 });
    expect((await ask(memoryEntries * 1_000, { what: { parts: "first", maxAgeS: 10_000 } })).value).toEqual({ n: memoryEntries + 2 });
  });

  it("[DR40] are made for visitors so often and not once more; kept ones, and those with a name, go on", async () => {
    const { ask, tenant } = await world(true);
    const { burst, perPeriod, periodMs } = DOOR_LIMITS.answers;
    for (let i = 0; i < burst; i++) expect((await ask(0, { what: { parts: i } })).outcome.ok).toBe(true);
    const { outcome } = await ask(0, { what: { parts: "more" } });
    expect(outcome).toMatchObject({ ok: false, problem: { slug: "rate-limited", retryAfterS: periodMs / perPeriod / 1_000 } });
    expect((await ask(1, { what: { parts: burst - 1 } })).value).toEqual({ n: burst });
    const who: AnyPrincipal = { kind: "service", tenantId: tenant.tenantId, keyId: "k", name: "n", scopes: [] };
    expect((await ask(0, { what: { parts: "more" }, who })).outcome.ok).toBe(true);
    expect((await ask(periodMs / perPeriod, { what: { parts: "more" } })).outcome.ok).toBe(true);
  });

  it("[DR28] say that a credential would change them", async () => {
    const { ask } = await world();
    expect((await ask(0)).headers.get("vary")).toBe("Authorization");
  });

  it("[DR29] are on their way once, for all who ask meanwhile", async () => {
    const { ask, made } = await world();
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return accept({ n: ++made.n });
    };
    const all = await Promise.all(Array.from({ length: 20 }, async () => await ask(0, { make: slow })));
    expect(made.n).toBe(1);
    for (const { value } of all) expect(value).toEqual({ n: 1 });
  });

  it("[DR30] are not for those who have a name, and refusals are not kept", async () => {
    const { ask, made, tenant } = await world();
    await ask(0);
    const operator: AnyPrincipal = {
      kind: "operator",
      tenantId: tenant.tenantId,
      userId: "u",
      sessionId: "s",
      email: "e",
      name: "n",
      role: "owner",
      deploymentAdmin: false,
    };
    const own = await ask(1, { who: operator });
    expect([own.value, own.headers.get("cache-control"), own.headers.get("age")]).toEqual([{ n: 2 }, null, null]);
    const failing = { parts: { a: "refused" } };
    const no = async () => {
      made.n += 1;
      return refuse("invalid-body", "no");
    };
    const refused = await ask(0, { what: failing, make: no });
    expect([refused.value, refused.headers.get("cache-control")]).toEqual(["invalid-body", null]);
    expect((await ask(1, { what: failing })).value).toEqual({ n: 4 });
    const thrown = async () => {
      throw new Error("away");
    };
    await expect((async () => await ask(0, { what: { parts: "thrown" }, make: thrown }))()).rejects.toThrow("away");
    expect((await ask(1, { what: { parts: "thrown" } })).value).toEqual({ n: 5 });
  });

  it("[DR31] are of one tenant, one route, one question and one version of the settings", async () => {
    const { ask, add, tenant } = await world();
    const other = await add();
    const seen = [
      await ask(0),
      await ask(0, { of: other }),
      await ask(0, { what: { name: "test/other" } }),
      await ask(0, { what: { parts: { a: 2 } } }),
      await ask(0, { what: { parts: { a: "1" } } }),
      await ask(0, { what: { parts: [{ a: 1 }] } }),
    ];
    expect(seen.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5, 6].map((n) => ({ n })));
    expect((await ask(100)).value).toEqual({ n: 1 });
    tenant.tell({ publicThings: [] });
    expect((await ask(2_000)).value).toEqual({ n: 7 });
  });

  it("[DR33] are made anew when what is kept is broken, too large, or from a clock ahead", async () => {
    const { ask } = await world();
    const large = { parts: "large" };
    const huge = "x".repeat(EDGE_CACHE_LIMITS.chars + 1);
    await ask(0, { what: large, make: (async () => accept({ n: huge })) as never }); // any JSON will do
    expect((await ask(1, { what: large })).value).toEqual({ n: 1 });
    await ask(60_000, { what: { parts: "ahead" } });
    elsewhere();
    expect((await ask(0, { what: { parts: "ahead" } })).value).toEqual({ n: 3 });
    const { open } = caches;
    try {
      caches.open = async () => {
        throw new Error("no cache here");
      };
      expect((await ask(0, { what: { parts: "failing" } })).value).toEqual({ n: 4 });
      caches.open = async () => ({ match: async () => new Response("{", { headers: { "x-meridian-made-at": String(START) } }) }) as never; // as `find` reads it
      expect((await ask(0, { what: { parts: "broken" } })).value).toEqual({ n: 5 });
    } finally {
      caches.open = open;
    }
  });
});
