import { env } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toBase64Url } from "../../contract/base64.ts";
import type { KeyRingStatus } from "../../contract/platform.ts";
import type { EdgeEnv } from "../env.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { walkReseal, WALK_LIMITS } from "./platform-reseal.ts";
import { beginWalk, latestWalk } from "./platform-walk-store.ts";
import { ask, edgeEnv, seedKey, seedOperator, seedTenant } from "./testing.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const key = (fill: number) => toBase64Url(new Uint8Array(32).fill(fill));
const ring = (current: string) => JSON.stringify({ current, keys: { k1: key(1), k2: key(2), k3: key(3) } });

/** What objects are asked, in order, and how many slices each still needs. */
let asked: string[];
let slices: Map<string, number>;
let away: Set<string>;
let sent: { id: string; type: string; data: unknown; tenantId: string; at: number }[];
let told: string[];

/** A deployment whose ring has this key as its current one, over recorded objects and the real databases. */
function deployment(current: string, changed: Partial<EdgeEnv> = {}): EdgeEnv {
  const objects = {
    getByName: (name: string) => ({
      maintain: async ({ type }: { type: string }) => {
        if (away.has(name)) throw new Error("away");
        asked.push(name);
        const left = Math.max(0, (slices.get(name) ?? 1) - 1);
        slices.set(name, left);
        return { type, resealed: 1, more: left > 0 };
      },
    }),
  };
  const namespaces = { TENANT: objects, METRICS: objects, HUB: objects, AGENTS: objects, ATTEMPTS: objects, SUBJECTS: objects };
  const EVENTS = { send: async (event: (typeof sent)[number]) => void sent.push(event) };
  const NODE = {
    fetch: async (_url: string, { body }: { body: string }) => {
      told.push(body);
      return new Response(null, { status: 204 });
    },
  };
  return { ...edgeEnv, ...namespaces, EVENTS, NODE, KEY_RING: ring(current), ...changed } as unknown as EdgeEnv; // the methods that the walk uses
}

async function register(count: number, tenantId: string, createdAt = 0): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => String(n).padStart(4, "0"));
  await env.DB.batch(
    names.map((name) =>
      env.DB.prepare("INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES (?, 'subjects', ?, ?)").bind(
        tenantId,
        name,
        createdAt,
      ),
    ),
  );
  return names.map((name) => `${tenantId}/subjects/${name}`);
}

/** Runs like the minutes would, until the walk is done. @returns how many it took */
async function walkToEnd(bindings: EdgeEnv, now = NOW): Promise<number> {
  for (let run = 1; run <= 20; run++) {
    await walkReseal(bindings, now + run);
    const walk = await latestWalk(env.DB);
    if (walk && walk.finishedAt !== null) return run;
  }
  throw new Error("the walk does not end");
}

beforeEach(async () => {
  asked = [];
  slices = new Map();
  away = new Set();
  sent = [];
  told = [];
  clearIsolateCaches();
  vi.spyOn(console, "error").mockImplementation(() => {});
  await env.DB.batch([env.DB.prepare("DELETE FROM control_object"), env.DB.prepare("DELETE FROM control_reseal_walk")]);
});
afterEach(() => vi.restoreAllMocks());

describe("the walk after a rotation", () => {
  it("[ND31] asks every registered object once, in slices, and then rests", async () => {
    const names = await register(WALK_LIMITS.page * WALK_LIMITS.pages + 60, "w-all");
    slices.set(names[7] ?? "", 5);
    const edge = deployment("k1", { SINGLE_NODE: "false" });
    await walkReseal(edge, NOW);
    expect(new Set(asked).size).toBe(WALK_LIMITS.page * WALK_LIMITS.pages);
    expect(await latestWalk(env.DB)).toMatchObject({ ringId: "k1", finishedAt: null, walked: WALK_LIMITS.page * WALK_LIMITS.pages });
    await walkToEnd(edge);
    // An object of a test before this one may have been registered late.
    const own = asked.filter((name) => name.startsWith("w-all/"));
    const others = asked.length - own.length;
    expect([...new Set(own)].sort()).toEqual(names);
    expect(own.filter((name) => name === names[7])).toHaveLength(5);
    expect(own).toHaveLength(names.length + 4);
    expect(await latestWalk(env.DB)).toMatchObject({ walked: names.length + others, resealed: names.length + 4 + others });
    asked = [];
    await walkReseal(edge, NOW + 60_000);
    expect(asked).toEqual([]);
  });

  it("[ND31] begins anew when another key becomes current, also one that was current before", async () => {
    const names = await register(3, "w-again");
    for (const current of ["k1", "k2", "k1"]) {
      asked = [];
      // At one and the same moment: the clock decides nothing.
      await walkReseal(deployment(current), NOW);
      await walkToEnd(deployment(current), NOW);
      expect([...new Set(asked)].sort()).toEqual(names);
      expect(await latestWalk(env.DB)).toMatchObject({ ringId: current });
    }
  });

  it("[ND31] takes in what was registered late, before the place where the walk was", async () => {
    await register(WALK_LIMITS.page, "w-late-z", NOW - WALK_LIMITS.registryLagMs - 1);
    const bindings = deployment("k1", { SINGLE_NODE: "false" });
    await beginWalk(env.DB, "k1", NOW);
    // The first pass has gone past this name when the registry hears of it.
    await env.DB.prepare("UPDATE control_reseal_walk SET cursor = ?")
      .bind(JSON.stringify({ pass: 1, after: ["w-late-z", "subjects", "0049"], failed: false }))
      .run();
    const [late] = await register(1, "w-late-a", NOW - 1_000);
    asked = [];
    await walkToEnd(bindings);
    expect(asked).toEqual([late]);
  });

  it("[ND31] that is killed anywhere, or runs twice at once, misses nothing", async () => {
    const names = await register(WALK_LIMITS.page * 3 + 5, "w-kill");
    for (let cut = 1; ; cut++) {
      const bindings = deployment("k1");
      const killed = await walkReseal({ ...bindings, DB: dyingAfter(env.DB, cut) }, NOW).then(
        () => false,
        () => true,
      );
      if (!killed) break;
      expect(cut).toBeLessThan(100);
    }
    await Promise.all([walkReseal(deployment("k2"), NOW + 1), walkReseal(deployment("k2"), NOW + 1)]);
    asked = [];
    await walkToEnd(deployment("k3"), NOW + 2);
    expect([...new Set(asked)].sort()).toEqual(names);
  });

  it("[ND32] has no end while an object is away, and asks the others meanwhile", async () => {
    const names = await register(5, "w-away");
    away.add(names[2] ?? "");
    const bindings = deployment("k1");
    for (let run = 0; run < 3; run++) await walkReseal(bindings, NOW + run);
    expect([...new Set(asked)].sort()).toEqual(names.filter((name) => !away.has(name)));
    expect(await latestWalk(env.DB)).toMatchObject({ finishedAt: null });
    away.clear();
    await walkToEnd(bindings);
    expect([...new Set(asked)].sort()).toEqual(names);
  });

  it("[ND32] has no end while an object has more than a run takes", async () => {
    const [name = ""] = await register(1, "w-large");
    slices.set(name, WALK_LIMITS.slices * 2 + 1);
    const bindings = deployment("k1");
    await walkReseal(bindings, NOW);
    expect(await latestWalk(env.DB)).toMatchObject({ finishedAt: null });
    await walkToEnd(bindings);
    expect(slices.get(name)).toBe(0);
  });

  it("[ND31] tells the program of the node how far it is, each word once", async () => {
    await register(2, "w-node");
    const bindings = deployment("k1");
    await walkToEnd(bindings);
    await walkReseal(bindings, NOW + 60_000);
    const words = told.map((word) => JSON.parse(word) as { ringId: string; finishedAt: number | null });
    expect(words.at(-1)).toMatchObject({ ringId: "k1", startedAt: NOW + 1 });
    expect(words.at(-1)?.finishedAt).not.toBeNull();
    expect(new Set(told).size).toBe(told.length);
  });
});

describe("the event of a rotation", () => {
  it("[ND34] is told until the history has it, always with one id, and not for the first ring", async () => {
    await walkToEnd(deployment("k1"));
    expect(sent).toEqual([]);
    const rotated = deployment("k2");
    await walkToEnd(rotated, NOW + 1_000);
    await walkReseal(rotated, NOW + 60_000);
    expect(sent.length).toBeGreaterThan(1);
    const [event] = sent;
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(event).toMatchObject({
      tenantId: "platform",
      type: "meridian.key-ring.rotated",
      source: "d1/control_reseal_walk",
      subject: "key-ring/k2",
      data: { current: "k2", previous: "k1" },
    });
    await env.HISTORY.prepare(
      "INSERT INTO control_event (tenant_id, id, source, seq, type, subject, at, data) VALUES ('platform', ?, 'd1/control_reseal_walk', 1, 't', 's', 1, '{}')",
    )
      .bind(event?.id ?? "")
      .run();
    const before = sent.length;
    clearIsolateCaches();
    await walkReseal(rotated, NOW + 120_000);
    expect(sent).toHaveLength(before);
  });
});

describe("GET /v1/platform/key-ring", () => {
  /** With the key that the operator's cookie is signed by. */
  const withDev = (current: string): string => {
    const dev = JSON.parse(edgeEnv.KEY_RING) as { keys: object };
    const { keys } = JSON.parse(ring(current)) as { keys: object };
    return JSON.stringify({ current, keys: { ...keys, ...dev.keys } });
  };
  const status = async (current: string, cookie: string): Promise<KeyRingStatus> => {
    const changed = { KEY_RING: withDev(current), DEPLOYMENT_ADMINS: "admin@nd.example" };
    const answer = await ask("/v1/platform/key-ring", { cookie, env: changed });
    expect(answer.status).toBe(200);
    const { keys, ...more } = await answer.json<KeyRingStatus>();
    return { ...more, keys: keys.filter(({ id }) => id !== "dev") };
  };

  it("[ND33] says what may still hold texts of each key, and how far the walk is", async () => {
    const { cookie } = await seedOperator("viewer", await seedTenant(), "admin@nd.example");
    await env.DB.prepare("DELETE FROM control_object").run();
    await register(4, "w-status");
    expect(await status("k1", cookie)).toMatchObject({ current: "k1", reseal: { state: "idle" } });
    await walkToEnd(deployment("k1"));
    expect(await status("k1", cookie)).toEqual({
      current: "k1",
      keys: [
        { id: "k1", state: "current", inUse: 4 },
        { id: "k2", state: "older", inUse: 0 },
        { id: "k3", state: "older", inUse: 0 },
      ],
      reseal: { state: "done", walked: 4, resealed: 4, finishedAt: expect.any(String) as string },
    });
    away.add("w-status/subjects/0003");
    await walkReseal(deployment("k2"), NOW + 10_000);
    const running = await status("k2", cookie);
    expect(running).toMatchObject({ current: "k2", reseal: { state: "running" } });
    expect(running.keys.find(({ id }) => id === "k1")?.inUse).toBeGreaterThan(0);
    away.clear();
    await walkToEnd(deployment("k2"), NOW + 10_000);
    const done = await status("k2", cookie);
    expect(done.keys.map(({ inUse }) => inUse)).toEqual([4, 0, 0]);
    for (const fill of [1, 2, 3]) expect(JSON.stringify(done)).not.toContain(key(fill));
  });

  it("[ND33] is for deployment admins: no role and no key of a tenant suffices", async () => {
    const tenant = await seedTenant();
    const { cookie } = await seedOperator("owner", tenant);
    expect((await ask("/v1/platform/key-ring", { cookie })).status).toBe(403);
    const { secret } = await seedKey(tenant, ["platform:read"]);
    expect((await ask("/v1/platform/key-ring", { key: secret })).status).toBe(403);
    expect((await ask("/v1/platform/key-ring")).status).toBe(401);
  });
});

/** A database that goes away at the n-th statement, as a kill would have it. */
function dyingAfter(db: D1Database, statements: number): D1Database {
  let left = statements;
  return {
    prepare: (sql: string) => {
      if (left-- <= 0) throw new Error("killed");
      return db.prepare(sql);
    },
  } as unknown as D1Database; // the one method that the walk uses
}
