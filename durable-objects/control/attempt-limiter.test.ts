import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ATTEMPT_LIMITS } from "../../core/control/attempts.ts";

const START = Date.UTC(2031, 0, 1);
const ACCOUNT = { name: "account:ada@example.com", perPeriod: 5, periodMs: 60_000, burst: 3 };
const ADDRESS = { name: "address:192.0.2.1", perPeriod: 60, periodMs: 60_000, burst: 4 };

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

const limiter = (name: string) => env.ATTEMPTS.getByName(`platform/attempts/limiter-${name}`);
const rows = (stub: ReturnType<typeof limiter>) =>
  runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec("SELECT id, tat FROM bucket ORDER BY id").toArray());

describe("the attempt limiter", () => {
  it("[KT54] allows a burst, then refuses with the time to wait, then allows at the rate", async () => {
    const stub = limiter("burst");
    for (let n = 0; n < 3; n++) expect(await stub.take([ACCOUNT])).toEqual({ allowed: true, retryAfterMs: 0 });
    expect(await stub.take([ACCOUNT])).toEqual({ allowed: false, retryAfterMs: 12_000 });
    vi.setSystemTime(START + 12_000);
    expect((await stub.take([ACCOUNT])).allowed).toBe(true);
    expect((await stub.take([ACCOUNT])).allowed).toBe(false);
  });

  it("[KT54] an attempt refused by one bucket takes nothing from the others", async () => {
    const stub = limiter("none");
    for (let n = 0; n < 3; n++) await stub.take([ACCOUNT, ADDRESS]);
    const before = await rows(stub);
    expect((await stub.take([ACCOUNT, ADDRESS])).allowed).toBe(false);
    expect(await rows(stub)).toEqual(before);
    expect((await stub.take([ADDRESS])).allowed).toBe(true);
    expect((await stub.take([ADDRESS])).allowed).toBe(false);
  });

  it("[KT56] an eviction forgets nothing", async () => {
    const stub = limiter("evict");
    for (let n = 0; n < 3; n++) await stub.take([ACCOUNT]);
    await evictDurableObject(stub);
    expect((await stub.take([ACCOUNT])).allowed).toBe(false);
  });

  it("[KT56] a success gives the account's bucket back, and no other", async () => {
    const stub = limiter("clear");
    for (let n = 0; n < 3; n++) await stub.take([ACCOUNT, ADDRESS]);
    await stub.clear([ACCOUNT.name, "never seen"]);
    expect((await stub.take([ACCOUNT])).allowed).toBe(true);
    expect((await stub.take([ADDRESS])).allowed).toBe(true);
    expect((await stub.take([ADDRESS])).allowed).toBe(false);
  });

  it("[KT57] buckets at rest are swept by the alarm, and then the object sleeps", async () => {
    const stub = limiter("sweep");
    await stub.take([ACCOUNT, ADDRESS]);
    await stub.take([{ ...ACCOUNT, name: "slow", perPeriod: 1, periodMs: 3_600_000 }]);
    vi.setSystemTime(START + ATTEMPT_LIMITS.sweepEveryMs);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await rows(stub)).toHaveLength(1);
    vi.setSystemTime(START + 3_600_000);
    await evictDurableObject(stub);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await rows(stub)).toEqual([]);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });

  it("[KT58] hostile names, long, empty or strange, become rows of one size that tell nothing", async () => {
    const stub = limiter("hostile");
    for (const name of ["", "x".repeat(1_000_000), "'; DROP TABLE bucket; --", "\u0000\ud800", "ada@example.com"]) {
      expect((await stub.take([{ ...ACCOUNT, name }])).allowed).toBe(true);
    }
    const kept = await rows(stub);
    expect(kept).toHaveLength(5);
    for (const row of kept) expect(row.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it("[KT58] at the limit of buckets the ones closest to rest go, and the newest attempt is still counted", async () => {
    const stub = limiter("full");
    await stub.take([ACCOUNT]);
    await runInDurableObject(stub, (_instance, { storage }) => {
      const fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO bucket SELECT printf('filler-%d', i), ? + i FROM n`;
      storage.sql.exec(fill, ATTEMPT_LIMITS.buckets - 2, START + 1_000_000).toArray();
    });
    const count = () => runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec("SELECT COUNT(*) AS n FROM bucket").one().n);
    // The count in memory is from before the filling.
    await evictDurableObject(stub);
    await stub.take([{ ...ACCOUNT, name: "the last that fits" }]);
    expect(await count()).toBe(ATTEMPT_LIMITS.buckets);
    await stub.take([{ ...ACCOUNT, name: "one more", perPeriod: 1, periodMs: 3_600_000, burst: 1 }]);
    expect(await count()).toBe(ATTEMPT_LIMITS.buckets - ATTEMPT_LIMITS.evictAtOnce + 1);
    expect((await stub.take([{ ...ACCOUNT, name: "one more", perPeriod: 1, periodMs: 3_600_000, burst: 1 }])).allowed).toBe(false);
  });

  it("[KT55] ten buckets make an attempt, eleven are refused", async () => {
    const stub = limiter("many");
    const many = (count: number) => Array.from({ length: count }, (_, n) => ({ ...ACCOUNT, name: `bucket ${n}` }));
    expect((await stub.take(many(10))).allowed).toBe(true);
    await expect((async () => await stub.take(many(11)))()).rejects.toThrow("at most 10");
  });

  it("[KT59] an attempt writes one row per bucket, and a refused one none", async () => {
    const stub = limiter("price");
    await stub.take([ACCOUNT, ADDRESS]);
    const written = async (work: () => Promise<unknown>) => {
      const changes = () =>
        runInDurableObject(stub, (_instance, { storage }) => Number(storage.sql.exec("SELECT total_changes() AS n").one().n));
      const before = await changes();
      await work();
      return (await changes()) - before;
    };
    expect(await written(() => stub.take([ACCOUNT, ADDRESS]))).toBe(2);
    expect(await written(() => stub.take([{ ...ACCOUNT, burst: 1 }]))).toBe(0);
    expect(await stub.outboxStatus()).toEqual({ depth: 0, oldestAt: null });
  });
});
