import { beforeEach, describe, expect, it, vi } from "vitest";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { Top } from "../../contract/leaderboard-reads.ts";
import type { AnyPrincipal } from "../../contract/principal.ts";
import { accept } from "../../contract/problems.ts";
import { edgeEnv } from "../control/testing.ts";
import { takeAnswer } from "../http/door-limits.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { bulkBodies } from "./leaderboards-bulk.ts";
import { answerTop } from "./leaderboards-top.ts";
import { type BoardTenant, fine, refusal, seedBoards, withBoards } from "../../tests/workers/leaderboards-testing.ts";

let tenant: BoardTenant;
beforeEach(async () => {
  tenant = await seedBoards();
  clearIsolateCaches();
});

/** However slow the machine: so many milliseconds after the tests began. */
const BEGAN = Date.now();
const later = (ms: number) => ({ CLOCK_OFFSET_MS: String(BEGAN + ms - Date.now()) });

function topOf(version: number, name = "Ann"): Top {
  const entry = { rank: 1, player: "ann", name, score: 5, subscore: null, at: "2026-11-20T00:00:00.000Z" };
  const rest = { partition: null, total: 1, exactness: "exact", asOf: "2026-11-20T00:00:00.000Z" } as const;
  return { window: "daily:2026-11-20", version, items: [entry], ...rest };
}

/** A board of which the reads are counted. */
function counted(answer: () => Promise<Top> = async () => await Promise.resolve(topOf(1))) {
  const reads = { n: 0 };
  const env = withBoards({
    ask: async () => {
      reads.n++;
      return accept(await answer()) as never; // the one question that these tests ask
    },
  });
  return { reads, env };
}

describe("the top of a ranking", () => {
  it("[LB52] is read once for all who ask at once, and again after five seconds", async () => {
    const { reads, env } = counted(async () => {
      await scheduler.wait(30);
      return topOf(1);
    });
    const now = { env: { ...env, ...later(0) } };
    const burst = await Promise.all(Array.from({ length: 200 }, async () => await tenant.at("/arena/top", now)));
    expect([new Set(burst.map(({ status }) => status)), reads.n]).toEqual([new Set([200]), 1]);
    const at = async (ms: number) => await tenant.at("/arena/top?limit=5", { env: { ...env, ...later(ms) } });
    expect((await at(2_000)).headers.get("age")).toMatch(/^[12]$/);
    expect(reads.n).toBe(1);
    await at(5_100);
    expect(reads.n).toBe(2);
    // A clock that was set back must not keep an answer for longer.
    await at(-60_000);
    expect(reads.n).toBe(3);
  });

  it("[LB52] however many ask in ten seconds cost three reads at most", async () => {
    const { reads, env } = counted();
    for (let ms = 0; ms < 10_000; ms += 100) {
      await Promise.all(Array.from({ length: 5 }, async () => await tenant.at("/arena/top", { env: { ...env, ...later(ms) } })));
    }
    expect(reads.n).toBeGreaterThan(1);
    expect(reads.n).toBeLessThanOrEqual(3);
  });

  it("[LB52] is kept apart by tenant, board, window and partition, and cut to what is asked for", async () => {
    const other = await seedBoards();
    const { reads, env } = counted();
    for (const path of ["/arena/top", "/other/top", "/arena/top?window=daily", "/arena/top?partition=eu"]) await tenant.at(path, { env });
    await other.at("/arena/top", { env });
    expect(reads.n).toBe(5);

    await tenant.board("real", { windows: ["all"] });
    for (const player of ["a", "b", "c"]) await tenant.submit("real", player, 1);
    const two = await fine<Top>(await tenant.at("/real/top?limit=2"));
    expect([two.items.length, two.total]).toEqual([2, 3]);
    expect((await fine<Top>(await tenant.at("/real/top"))).items).toHaveLength(3);
  });

  it("[LB52] answers 304 while nothing that shows has changed: a score, a name or the day", async () => {
    let now = topOf(1);
    const { env } = counted(async () => await Promise.resolve(now));
    const get = async (etag?: string) => {
      clearIsolateCaches();
      return await tenant.at("/arena/top", { env, ...(etag !== undefined && { headers: { "if-none-match": etag } }) });
    };
    const first = await get();
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"v1-[0-9a-z]+"$/);
    const same = await get(`W/${etag}`);
    expect([same.status, await same.text(), same.headers.get("etag")]).toEqual([304, "", etag]);
    for (const changed of [topOf(2), topOf(1, "Anne"), { ...topOf(1), window: "daily:2026-11-21" }]) {
      now = changed;
      expect((await get(etag)).status).toBe(200);
    }
  });

  it("[LB138] keeps its text for two numbers of rows, so that whoever asks for each fills no isolate", async () => {
    const { reads, env } = counted();
    const at = { env: { ...env, ...later(0) } };
    const made = vi.spyOn(JSON, "stringify");
    const makes = async (limit: number) => {
      made.mockClear();
      expect((await fine<Top>(await tenant.at(`/arena/top?limit=${limit}`, at))).total).toBe(1);
      return made.mock.calls.some(([value]) => typeof value === "object" && value !== null && "items" in value && "asOf" in value);
    };
    for (const limit of [10, 100, 3, 4]) expect(await makes(limit)).toBe(true);
    expect([await makes(10), await makes(100), await makes(3), reads.n]).toEqual([false, false, true, 1]);
    made.mockRestore();
  });

  it("[LB133] what is held against a crowd of visitors is held against nobody else who asks at the same time", async () => {
    const { env } = counted();
    const now = Date.now();
    while (takeAnswer(tenant.tenantId, now).ok);
    const asks = async (kind: "visitor" | "service") => {
      const principal = { kind, tenantId: tenant.tenantId } as AnyPrincipal; // no more of it is looked at
      const call = {
        env: { ...edgeEnv, ...env },
        ctx: { waitUntil: () => {} },
        request: new Request("https://meridian.test/"),
        principal,
        now,
      };
      return await answerTop(call, "arena", { window: "all", limit: 10 });
    };
    const [visitor, service] = await Promise.all([asks("visitor"), asks("service")]);
    expect(visitor).toMatchObject({ ok: false, problem: { slug: "rate-limited" } });
    expect(service).toMatchObject({ status: 200 });
  });

  it("[LB52] is no shared cache's business where it takes a credential; a refusal is not kept", async () => {
    expect((await tenant.at("/arena/top")).status).toBe(404);
    await tenant.board("arena");
    const found = await tenant.at("/arena/top");
    expect([found.status, found.headers.get("cache-control"), found.headers.get("vary")]).toEqual([
      200,
      "private, no-cache",
      expect.stringContaining("Authorization, Cookie"),
    ]);
  });
});

describe("a board with too much to do", () => {
  it("[LB53] takes 200 calls at once in one isolate; one more is 503, and other boards go on", async () => {
    let release = () => {};
    const gate = new Promise<void>((done) => (release = done));
    let waiting = 0;
    const env = withBoards({
      ask: async () => {
        waiting++;
        await gate;
        return accept({ items: [] }) as never; // the windows of nothing
      },
    });
    const calls = Array.from({ length: LEADERBOARD_LIMITS.inFlight }, async () => (await tenant.at("/arena/windows", { env })).status);
    while (waiting < LEADERBOARD_LIMITS.inFlight) await scheduler.wait(5);
    const refused = await tenant.at("/arena/windows");
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refusal(refused)).toEqual([503, "board-busy"]);
    expect(await refusal(await tenant.at("/arena/scores", { body: { player: "a", score: 1 } }))).toEqual([503, "board-busy"]);
    expect((await tenant.at("/other/windows")).status).toBe(404);
    release();
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect((await tenant.at("/arena/windows")).status).toBe(404);
  });

  it("[LB53] holds batches and imports within 32 MiB, and gives the room back", async () => {
    const room = bulkBodies.open();
    room.take(LEADERBOARD_LIMITS.bytesInFlight - 10);
    const batch = { batchId: "b", items: [{ player: "a", score: 1 }] };
    expect(await refusal(await tenant.at("/arena/score-batches", { body: batch }))).toEqual([503, "unavailable"]);
    room.close();
    expect((await tenant.at("/arena/score-batches", { body: batch })).status).toBe(404);
    expect(bulkBodies.bytes).toBe(0);
  });
});
