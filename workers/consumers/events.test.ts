import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { RETRY_DELAY, retryDelayS } from "./give-back.ts";
import { deliver, eventOf, historyOf, NOON, recordingEnv } from "./testing.ts";

describe("the events consumer", () => {
  it("[EV1] stores a lifecycle event once, however often it is delivered", async () => {
    const event = eventOf("ev1", 1, { data: { text: 'ünï "quoted" \\ \u0000 end', big: 9007199254740991 } });
    await deliver([{ body: event }, { body: event }]);
    await deliver([{ body: event, attempts: 4 }]);
    const rows = await historyOf("ev1");
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ id: event.id, source: event.source, seq: 1, type: event.type, subject: "member/1", at: event.at });
    expect(JSON.parse(String(rows[0]?.["data"]))).toEqual(event.data);
  });

  it("[EV1] stores an event of a type that this release does not know", async () => {
    await deliver([{ body: eventOf("ev1-unknown", 1, { type: "meridian.later.invented" }) }]);
    expect(await historyOf("ev1-unknown")).toHaveLength(1);
  });

  it("[EV2] acknowledges the good ones of a batch and gives only the poisoned one back", async () => {
    const good = [eventOf("ev2", 1), eventOf("ev2", 2)];
    const poisoned = { ...eventOf("ev2", 3), at: "noon" };
    const result = await deliver([{ body: good[0] }, { body: poisoned }, { body: good[1] }]);
    expect(result.acked).toEqual(["m0", "m2"]);
    expect([...result.retried.keys()]).toEqual(["m1"]);
    expect(await historyOf("ev2")).toHaveLength(2);
  });

  it("[EV2] takes what failed before by itself, so that it holds nobody back again", async () => {
    const recording = recordingEnv({ failing: (name) => name === "ev2-bad/tenant/main" });
    const bad = eventOf("ev2-bad", 1);
    const good = eventOf("ev2-good", 1);
    const together = await deliver([{ body: bad }, { body: good }], { env: recording.env });
    expect(together.acked).toEqual([]);
    const alone = await deliver(
      [
        { body: bad, attempts: 2 },
        { body: good, attempts: 2 },
      ],
      { env: recording.env },
    );
    expect(alone.acked).toEqual(["m1"]);
    expect(alone.retried.get("m0")).toBe(retryDelayS(2));
  });

  it("[EV2] waits twice as long after each failure, up to the cap", () => {
    expect([1, 2, 3, 4].map(retryDelayS)).toEqual([2, 4, 8, 16]);
    expect(retryDelayS(100)).toBe(RETRY_DELAY.capS);
  });

  it("[EV3] gives an unreadable message back at once, and one of a later release after a wait", async () => {
    const result = await deliver([{ body: "text" }, { body: { ...eventOf("ev3", 1), v: 2 } }, { body: null }]);
    expect(result.acked).toEqual([]);
    expect([...result.retried.values()]).toEqual([undefined, retryDelayS(1), undefined]);
  });

  it("[EV4] never stores an event under a tenant that its source does not belong to", async () => {
    const forged = { ...eventOf("ev4-mine", 1), tenantId: "ev4-yours" };
    const nowhere = eventOf("ev4-mine", 2, { source: "somewhere" });
    const result = await deliver([{ body: forged }, { body: nowhere }]);
    expect(result.retried.size).toBe(2);
    expect([...(await historyOf("ev4-yours")), ...(await historyOf("ev4-mine"))]).toEqual([]);
  });

  it("[EV8] closes a revoked key's sockets at every hub and the fleet before it acknowledges", async () => {
    const recording = recordingEnv();
    const revoked = keyRevoked("ev8");
    expect((await deliver([{ body: revoked }], { env: recording.env })).acked).toEqual(["m0"]);
    const names = recording.closed.map(([name]) => name).sort();
    expect(names).toEqual(["ev8/agents/main", ...Array.from({ length: LIVE_LIMITS.hubs }, (_, n) => `ev8/hub/${n}`)].sort());
    expect(new Set(recording.closed.map(([, credentials]) => credentials.join()))).toEqual(new Set(["key:k1"]));

    const failing = recordingEnv({ failing: (name) => name === "ev8/hub/1" });
    const result = await deliver([{ body: revoked }], { env: failing.env });
    expect(result.acked).toEqual([]);
    expect(failing.confirmed).toEqual([]);
  });

  it("[EV9] confirms to each source object once, with all its seqs, after everything else", async () => {
    const recording = recordingEnv({ SINGLE_NODE: "true" });
    const bodies = [eventOf("ev9", 1), eventOf("ev9", 2), eventOf("ev9-b", 7), eventOf("ev9", 3, { source: "d1/outbox" })];
    await deliver(
      bodies.map((body) => ({ body })),
      { env: recording.env },
    );
    expect(new Map(recording.confirmed)).toEqual(
      new Map([
        ["ev9/tenant/main", [1, 2]],
        ["ev9-b/tenant/main", [7]],
      ]),
    );
    expect(recording.confirmed).toHaveLength(2);
  });

  it("[EV9] confirms nothing where a resolved send already deleted the rows", async () => {
    const recording = recordingEnv({ SINGLE_NODE: "false" });
    await deliver([{ body: eventOf("ev9-cloud", 1) }], { env: recording.env });
    expect(recording.confirmed).toEqual([]);
  });

  it("[EV25] writes three rows a lifecycle event: the table and its two indexes", async () => {
    const bodies = Array.from({ length: 100 }, (_, n) => ({ body: eventOf("ev25", n + 1) }));
    const spied = spyOnRuns(env.HISTORY);
    await deliver(bodies, { env: recordingEnv({ HISTORY: spied.database }).env });
    expect(spied.statements()).toBe(1);
    expect(spied.rowsWritten()).toBe(300);
  });

  it("[EV26] keeps the event table without rowids and with two indexes, and every table but the sweep's keyed by tenant", async () => {
    const found = await env.HISTORY.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name LIKE 'control_%'").all<{
      name: string;
      sql: string;
    }>();
    const tables = new Map(found.results.map(({ name, sql }) => [name, sql]));
    for (const name of ["control_event", "control_event_count", "control_event_counted"]) {
      expect(tables.get(name), name).toMatch(/WITHOUT ROWID$/);
    }
    for (const [name, sql] of tables) {
      if (name !== "control_sweep") expect(sql, name).toContain("PRIMARY KEY(`tenant_id`, ");
    }
    const indexes = await env.HISTORY.prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'control_event'").all();
    expect(indexes.results.filter(({ name }) => !String(name).startsWith("sqlite_"))).toHaveLength(2);
  });

  it("[EV28] refuses a queue that nobody consumes", async () => {
    await expect(deliver([{ body: eventOf("ev28", 1) }], { queue: "meridian-unheard-of" })).rejects.toThrow("no consumer");
  });
});

function keyRevoked(tenantId: string) {
  const data = { keyId: "k1", name: "k", scopes: ["metrics:write"], createdAt: NOON, expiresAt: null, revokedAt: NOON };
  return eventOf(tenantId, 5, { type: "meridian.key.revoked", subject: "key/k1", data });
}

/** Counts statements and rows written of a database without changing what it does. */
function spyOnRuns(database: D1Database) {
  let rows = 0;
  let count = 0;
  const wrapped = {
    prepare(sql: string) {
      const statement = database.prepare(sql);
      return {
        bind: (...values: unknown[]) => ({
          run: async () => {
            const result = await statement.bind(...values).run();
            count++;
            rows += result.meta.rows_written;
            return result;
          },
        }),
      };
    },
  } as unknown as D1Database; // storing lifecycle events uses no more of it
  return { database: wrapped, statements: () => count, rowsWritten: () => rows };
}
