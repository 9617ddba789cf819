import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { DAY_MS, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import { registered, rowsOf, subAt, subjectsAt, writeRows, standStillAt } from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);
const MINUTE_MS = 60_000;
const STRANGER = "stranger";

standStillAt(START);

type Rpc = ReturnType<typeof subjectsAt>["rpc"];

/** How many of so many attempts at once are admitted. */
async function admitted(rpc: Rpc, email: string, place: string, attempts = 8): Promise<number> {
  let count = 0;
  for (let i = 0; i < attempts; i++) count += (await rpc.takeLogin(email, place)).allowed ? 1 : 0;
  return count;
}

/** An address whose owner has logged in from home. */
async function ownerAtHome(tenant: string) {
  const at = subjectsAt(tenant, 5);
  await registered(at.rpc, subAt(5), "ada");
  await at.rpc.takeLogin("ada", "home");
  await at.rpc.loginSucceeded("ada", "home");
  return at;
}

describe("log-in attempts at an object", () => {
  it("[SU38] are five, then wait, also after an eviction", async () => {
    const { rpc, stub } = subjectsAt("five", 5);
    expect(await admitted(rpc, "ada", STRANGER)).toBe(5);
    await evictDurableObject(stub);
    vi.setSystemTime(START + 20_000);
    expect(await rpc.takeLogin("ada", STRANGER)).toEqual({ allowed: false, retryAfterMs: 40_000 });
    vi.setSystemTime(START + MINUTE_MS);
    expect(await admitted(rpc, "ada", STRANGER)).toBe(1);
    expect(await rpc.takeLogin("ada", STRANGER)).toEqual({ allowed: false, retryAfterMs: 2 * MINUTE_MS });
  });

  it("[SU39] from many strange places share a bucket, which takes nothing when it refuses", async () => {
    const { rpc, stub } = subjectsAt("strangers", 5);
    let count = 0;
    for (let i = 0; i < 20; i++) count += await admitted(rpc, "ada", `place-${i}`, 1);
    expect(count).toBe(5);
    expect(await rowsOf(stub, "SELECT place FROM login_bucket WHERE place <> '' ORDER BY place")).toHaveLength(5);
    expect(await admitted(rpc, "grace", "place-1")).toBe(5);
  });

  it("[SU39] of strangers do not slow a place from which the owner has logged in within 30 days", async () => {
    const { rpc } = await ownerAtHome("known");
    await admitted(rpc, "ada", STRANGER);
    expect(await admitted(rpc, "ada", "another-stranger")).toBe(0);
    expect(await admitted(rpc, "ada", "home")).toBe(5);
    vi.setSystemTime(START + 30 * DAY_MS);
    await admitted(rpc, "ada", STRANGER);
    expect(await admitted(rpc, "ada", "home")).toBe(5);
    vi.setSystemTime(START + 31 * DAY_MS);
    await admitted(rpc, "ada", STRANGER);
    expect(await admitted(rpc, "ada", "home")).toBe(0);
  });

  it("[SU40] are given back by the right password, and those of strangers only when it came from a strange place", async () => {
    const { rpc } = await ownerAtHome("given-back");
    expect(await admitted(rpc, "ada", "home")).toBe(5);
    await rpc.loginSucceeded("ada", "home");
    expect(await admitted(rpc, "ada", "home")).toBe(5);
    expect(await admitted(rpc, "ada", STRANGER, 5)).toBe(5);
    await rpc.loginSucceeded("ada", "home");
    expect(await admitted(rpc, "ada", "hotel")).toBe(0);
    await rpc.loginSucceeded("ada", "hotel");
    expect(await admitted(rpc, "ada", STRANGER, 5)).toBe(0);
    expect(await admitted(rpc, "ada", "train", 5)).toBe(5);
  });

  it("[SU40] know 20 places of an address, the one longest without a log-in giving way", async () => {
    const { rpc, stub } = subjectsAt("places", 5);
    await registered(rpc, subAt(5), "ada");
    for (let i = 0; i < LIMITS.knownPlaces; i++) {
      vi.setSystemTime(START + i * DAY_MS);
      await rpc.loginSucceeded("ada", `place-${i}`);
    }
    expect(await rowsOf(stub, "SELECT place FROM known_place")).toHaveLength(LIMITS.knownPlaces);
    await rpc.loginSucceeded("ada", "one-more");
    const places = (await rowsOf(stub, "SELECT place FROM known_place ORDER BY last_day")).map(({ place }) => place);
    expect(places).toHaveLength(LIMITS.knownPlaces);
    expect(places[0]).toBe("place-1");
    expect(places).toContain("one-more");
  });

  it("[SU42] on an address that nobody has are counted alike, and no place of it becomes known", async () => {
    const { rpc, stub } = subjectsAt("nobody", 5);
    expect(await admitted(rpc, "nobody", "home")).toBe(5);
    await rpc.loginSucceeded("nobody", "home");
    expect(await admitted(rpc, "nobody", "home")).toBe(0);
    expect(await rowsOf(stub, "SELECT * FROM known_place")).toEqual([]);
  });
});

describe("log-in buckets", () => {
  const FILL = `INSERT INTO login_bucket WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    SELECT 'flood-' || i, '', ? + i, 0, 0, ? + i FROM n`;

  it("[SU41] are bounded: at the limit nothing goes, for one more those nearest to rest go", async () => {
    const { rpc, stub } = subjectsAt("full", 5);
    await admitted(rpc, "ada", STRANGER);
    await writeRows(stub, FILL, LIMITS.loginBuckets - 4, START, START);
    await evictDurableObject(stub);
    await rpc.takeLogin("grace", "home");
    const count = async () => (await rowsOf(stub, "SELECT count(*) AS n FROM login_bucket"))[0]?.n;
    expect(await count()).toBe(LIMITS.loginBuckets);
    await rpc.takeLogin("grace", "office"); // one more: what strange places share is there
    expect(await count()).toBe(LIMITS.loginBuckets - LIMITS.evictAtOnce + 1);
    expect(await admitted(rpc, "ada", STRANGER)).toBe(0);
    expect(await rowsOf(stub, "SELECT 1 FROM login_bucket WHERE email_digest IN ('flood-1', 'flood-500')")).toEqual([]);
  });

  it("[SU41] are swept in slices once they are at rest, and the sweep rests with them", async () => {
    const { rpc, stub } = subjectsAt("swept", 5);
    await writeRows(stub, FILL, LIMITS.sweepRows + 5, START - DAY_MS, START - DAY_MS);
    await admitted(rpc, "ada", STRANGER);
    const left = async () => (await rowsOf(stub, "SELECT count(*) AS n FROM login_bucket"))[0]?.n;
    vi.setSystemTime(START + LIMITS.sweepBucketsMs);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await left()).toBe(7);
    vi.setSystemTime(START + LIMITS.sweepBucketsMs + LIMITS.sliceMs);
    await runDurableObjectAlarm(stub);
    expect(await left()).toBe(2);
    vi.setSystemTime(START + DAY_MS);
    await runDurableObjectAlarm(stub);
    expect(await left()).toBe(0);
    expect(await rowsOf(stub, "SELECT * FROM kit_timer WHERE name = 'buckets'")).toEqual([]);
  });
});
