import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { sweepHistory } from "./index.ts";
import { SWEEP_LIMITS, uuidFloor } from "./sweep.ts";
import { deliver, DEAD_QUEUE, eventOf, historyOf, NOON, recordingEnv } from "./testing.ts";

const NOW = NOON + SWEEP_LIMITS.eventMs;

describe("the hourly sweep of the history", () => {
  // A sweep looks at every tenant: each test starts with none.
  beforeEach(async () => {
    const tables = ["control_event", "control_dead_letter", "control_event_count", "control_sweep"];
    await env.HISTORY.batch(tables.map((table) => env.HISTORY.prepare(`DELETE FROM ${table}`)));
  });

  it("[EV21] archives what is older than 30 days and deletes exactly that; what is just 30 days old stays", async () => {
    const old = eventOf("ev21", 1, { at: NOON - 1, data: { text: "ümläut" } });
    const justInTime = eventOf("ev21", 2, { at: NOON });
    await deliver([{ body: old }, { body: justInTime }]);
    await sweepHistory(recordingEnv().env, NOW);
    expect((await historyOf("ev21")).map((row) => row["id"])).toEqual([justInTime.id]);
    const archived = await env.ARCHIVE.get(`history/events/ev21/${old.id}_${old.id}.ndjson`);
    const line: unknown = JSON.parse((await archived?.text()) ?? "null");
    expect(line).toEqual({ id: old.id, source: old.source, seq: 1, type: old.type, subject: old.subject, at: old.at, data: old.data });
  });

  it("[EV21] names the lowest id of a millisecond", () => {
    const id = uuidv7(NOON, (bytes) => bytes.fill(0));
    expect(uuidFloor(NOON)).toBe(id);
    expect(uuidFloor(NOON) > uuidv7(NOON - 1, cryptoRandom)).toBe(true);
  });

  it("[EV22] does no more than its slices and goes on from there", async () => {
    await fill("ev22-a", SWEEP_LIMITS.slices * SWEEP_LIMITS.sliceRows + 1);
    await fill("ev22-b", 1);
    await sweepHistory(recordingEnv().env, NOW);
    expect([await countOf("ev22-a"), await countOf("ev22-b")]).toEqual([1, 1]);
    await sweepHistory(recordingEnv().env, NOW);
    expect([await countOf("ev22-a"), await countOf("ev22-b")]).toEqual([0, 0]);
  });

  it("[EV22] takes a slice of at most its bytes, and a single larger row all the same", async () => {
    const large = { text: "x".repeat(90_000) };
    await deliver(Array.from({ length: 60 }, (_, n) => ({ body: eventOf("ev22-bytes", n, { at: NOON - 100 + n, data: large }) })));
    await sweepHistory(recordingEnv().env, NOW);
    const files = await env.ARCHIVE.list({ prefix: "history/events/ev22-bytes/" });
    expect(files.objects.length).toBeGreaterThan(1);
    expect(Math.max(...files.objects.map((file) => file.size))).toBeLessThan(SWEEP_LIMITS.sliceBytes + 100_000);
    expect(await countOf("ev22-bytes")).toBe(0);
  });

  it("[EV23] deletes nothing that did not read back from the archive, and still serves the other tenants", async () => {
    await fill("ev23-a", 2);
    await fill("ev23-b", 2);
    const broken = {
      put: async (key: string, value: Uint8Array) => {
        await env.ARCHIVE.put(key, key.includes("ev23-a") ? value.slice(1) : value);
      },
      get: async (key: string) => await env.ARCHIVE.get(key),
    } as unknown as R2Bucket; // archiving uses no more of it
    await sweepHistory(recordingEnv({ ARCHIVE: broken }).env, NOW);
    expect([await countOf("ev23-a"), await countOf("ev23-b")]).toEqual([2, 0]);
  });

  it("[EV24] keeps hourly counts for 400 days", async () => {
    const hours = [NOW - SWEEP_LIMITS.countMs - 3_600_000, NOW - SWEEP_LIMITS.countMs];
    await env.HISTORY.batch(
      hours.map((hour) => env.HISTORY.prepare("INSERT INTO control_event_count VALUES ('ev24', 'meridian.key.used', ?1, 1, 1)").bind(hour)),
    );
    await sweepHistory(recordingEnv().env, NOW);
    const rows = await env.HISTORY.prepare("SELECT hour FROM control_event_count WHERE tenant_id = 'ev24'").all();
    expect(rows.results).toEqual([{ hour: hours[1] }]);
  });

  it("[EV24] archives dead letters after 30 days", async () => {
    await deliver([{ body: eventOf("ev24-dead", 1) }], { queue: DEAD_QUEUE });
    const inTime = Date.now();
    await sweepHistory(recordingEnv().env, inTime);
    await sweepHistory(recordingEnv().env, inTime + SWEEP_LIMITS.deadLetterMs + 3_600_000);
    const left = await env.HISTORY.prepare("SELECT count(*) AS n FROM control_dead_letter WHERE tenant_id = 'ev24-dead'").first();
    expect(left).toEqual({ n: 0 });
    expect((await env.ARCHIVE.list({ prefix: "history/dead-letters/ev24-dead/" })).objects).toHaveLength(1);
  });
});

async function fill(tenantId: string, rows: number): Promise<void> {
  const ids = Array.from({ length: rows }, (_, n) => uuidv7(NOON - 1 - n, cryptoRandom));
  for (let from = 0; from < ids.length; from += 10_000) {
    await env.HISTORY.prepare(
      `INSERT INTO control_event (tenant_id, id, source, seq, type, subject, at, data)
       SELECT ?1, value, 's', key, 't', 'u', 0, '{}' FROM json_each(?2)`,
    )
      .bind(tenantId, JSON.stringify(ids.slice(from, from + 10_000)))
      .run();
  }
}

async function countOf(tenantId: string): Promise<number> {
  return (await historyOf(tenantId)).length;
}
