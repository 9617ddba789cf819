import { describe, expect, it } from "vitest";
import { DOOR_LIMITS, takeByAddress, takeByTenant } from "./door-limits.ts";
import { route } from "./define-route.ts";
import { fakeTenants } from "./door-testing.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import type { RateState } from "./rate-limit-headers.ts";
import { testApp } from "./testing.ts";

const NOW = 1_700_000_000_000;

describe("how fast the door may be used", () => {
  it("[DR24] an address gets its burst, is refused one over, and gets its rate back", () => {
    clearIsolateCaches();
    const take = (address: string, now = NOW) => takeByAddress(address, now, []);
    const { burst, perPeriod, periodMs } = DOOR_LIMITS.address;
    for (let i = 0; i < burst; i++) expect(take("192.0.2.1").ok).toBe(true);
    expect(take("192.0.2.1")).toMatchObject({ ok: false, problem: { slug: "rate-limited", retryAfterS: periodMs / perPeriod / 1_000 } });
    expect(take("192.0.2.2").ok).toBe(true);
    expect(take("192.0.2.1", NOW + periodMs / perPeriod).ok).toBe(true);
    expect(take("192.0.2.1", NOW + periodMs / perPeriod).ok).toBe(false);
    const later = NOW + periodMs;
    for (let i = 0; i < burst; i++) expect(take("192.0.2.1", later).ok).toBe(true);
    expect(take("192.0.2.1", later).ok).toBe(false);
  });

  it("[DR25] a tenant gets its burst from all addresses together, and is refused one over", () => {
    clearIsolateCaches();
    for (let i = 0; i < DOOR_LIMITS.tenant.burst; i++) expect(takeByTenant("a", NOW, []).ok).toBe(true);
    expect(takeByTenant("a", NOW, []).ok).toBe(false);
    expect(takeByTenant("b", NOW, []).ok).toBe(true);
  });

  it("[DR26] callers whose address nobody vouches for are not one caller", () => {
    clearIsolateCaches();
    const told: RateState[] = [];
    for (let i = 0; i < DOOR_LIMITS.address.burst * 2; i++) expect(takeByAddress("unknown", NOW, told).ok).toBe(true);
    expect(told).toEqual([]);
  });

  it("[DR24] every answer of the door says where the caller stands, a refusal when to come again", async () => {
    clearIsolateCaches();
    const { bindings, add } = fakeTenants();
    const tenant = await add();
    const { app, call } = testApp();
    const spec = { path: "/v1/x", action: "open", door: "also", tag: "t", summary: "s", method: "get", answer: { status: 204 } } as const;
    route(app, spec, async () => ({ ok: true, value: undefined }));
    const get = async (path: string, address = "2001:db8:1:2::5") =>
      await call(path, { headers: { "cf-connecting-ip": address } }, { ...bindings, CLOCK_OFFSET_MS: String(NOW - Date.now()) });
    const first = await get(`/p/${tenant.slug}/v1/x`);
    expect(first.headers.get("ratelimit-policy")).toBe('"door-address";q=600;w=60, "door-tenant";q=30000;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"door-address";r=199;t=1, "door-tenant";r=1999;t=1$/);
    const bad = await get("/p/nobody/v1/x");
    expect([bad.status, bad.headers.get("ratelimit-policy")]).toEqual([404, '"door-address";q=600;w=60']);
    let refused = first;
    for (let i = 0; i < DOOR_LIMITS.address.burst + 20 && refused.status !== 429; i++) refused = await get(`/p/${tenant.slug}/v1/x`);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBe(1);
    expect(refused.headers.get("ratelimit")).toBe('"door-address";r=0;t=1');
    // The same /64 is the same customer; the next one is not. Away from the door nothing of this counts.
    expect((await get(`/p/${tenant.slug}/v1/x`, "2001:db8:1:2:ffff::9")).status).toBe(429);
    expect((await get(`/p/${tenant.slug}/v1/x`, "2001:db8:1:3::5")).status).toBe(204);
    const elsewhere = await get("/v1/x");
    expect([elsewhere.status, elsewhere.headers.get("ratelimit")]).toEqual([204, null]);
    expect(tenant.asked.access).toBe(0);
  });

  it("[DR27] remembers a bounded number of callers", () => {
    clearIsolateCaches();
    for (let i = 0; i < DOOR_LIMITS.address.burst; i++) takeByAddress("198.51.100.1", NOW, []);
    expect(takeByAddress("198.51.100.1", NOW, []).ok).toBe(false);
    for (let i = 0; i < DOOR_LIMITS.addresses; i++) takeByAddress(`a${i}`, NOW, []);
    expect(takeByAddress("198.51.100.1", NOW, []).ok).toBe(true);
  });
});
