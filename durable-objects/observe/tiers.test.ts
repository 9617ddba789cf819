import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { seriesKey } from "../../contract/metric-key.ts";
import { RowPacker } from "../../core/observe/block-rows.ts";
import { packDefinitions } from "../../core/observe/dictionary-rows.ts";
import { PointBuffer } from "../../core/observe/points.ts";
import { UPKEEP } from "../../core/observe/upkeep.ts";
import { createKit } from "../kit/object-kit.ts";
import type { MetricShard } from "./metric-shard.ts";
import { askShard } from "./query-testing.ts";
import { SHARD_MIGRATIONS } from "./shard-schema.ts";
import { batchOf, type TestSample } from "./testing.ts";

type Stub = DurableObjectStub<MetricShard>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A whole hour, so that windows begin at round numbers; far away, because alarms follow the real clock and none may fire by itself. */
const NOW = Date.parse("2040-01-01T12:00:00.000Z");
const shardOf = (): Stub => env.METRICS.getByName(`${crypto.randomUUID()}/metrics/0`);

const minutes = (metric: string, from: number, count: number): TestSample[] =>
  Array.from({ length: count }, (_, i) => ({ metric, at: from + i * MINUTE, value: i }));

async function upkeepAt(stub: Stub, at: number): Promise<void> {
  vi.setSystemTime(at);
  await runDurableObjectAlarm(stub);
}

/** Sums and the tiers that gave them. */
async function sums(stub: Stub, metric: string, fromMs: number, toMs: number, stepMs: number) {
  const outcome = await askShard(stub, { metric, fromMs, toMs, stepMs, aggregate: "sum" });
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  const { series, trace } = outcome.value;
  return { values: series[0]?.values ?? [], tiers: trace.tiers };
}

async function rows(stub: Stub): Promise<Record<string, number>> {
  return await runInDurableObject(stub, (_, state) => {
    const count = (sql: string) => Number(state.storage.sql.exec(sql).one()["n"]);
    return {
      blocks: count("SELECT count(*) AS n FROM blocks"),
      minute: count("SELECT count(*) AS n FROM rollups WHERE tier = 1"),
      hour: count("SELECT count(*) AS n FROM rollups WHERE tier = 2"),
    };
  });
}

describe("tiers of MetricShard", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it(
    "[MT176] [MT177] [MT178] rolls up by its alarm, answers from each tier, and loses nothing to evictions",
    { timeout: 60_000 },
    async () => {
      const stub = shardOf();
      for (let at = NOW; at < NOW + 8 * HOUR; at += HOUR) {
        vi.setSystemTime(at + HOUR);
        expect(await stub.ingest(batchOf(minutes("m", at, 60)), `b${at}`)).toMatchObject({ ok: true });
        await upkeepAt(stub, at + HOUR + UPKEEP.sealEveryMs);
        if (at % (3 * HOUR) === 0) await evictDurableObject(stub);
      }
      expect((await rows(stub)).minute).toBeGreaterThan(0);
      const hours = Array.from({ length: 8 }, () => (59 * 60) / 2);
      const first = await sums(stub, "m", NOW, NOW + 8 * HOUR, HOUR);
      expect(first.values).toEqual(hours);
      expect(first.tiers.minute).toBeGreaterThan(200);
      expect(first.tiers.raw).toBeLessThan(300);

      // A late sample, seen at once, after an eviction, after the upkeep that stores its window, and after another eviction.
      await stub.ingest(batchOf([{ metric: "m", at: NOW + HOUR + 1, value: 1_000 }]), "late");
      for (const step of ["ask", "evict", "alarm", "evict"]) {
        if (step === "evict") await evictDurableObject(stub);
        if (step === "alarm") await upkeepAt(stub, Date.now() + UPKEEP.sealEveryMs + 1_000);
        expect((await sums(stub, "m", NOW, NOW + 8 * HOUR, HOUR)).values[1]).toBe(1_000 + (59 * 60) / 2);
      }

      await upkeepAt(stub, NOW + 2 * DAY);
      expect(await rows(stub)).toMatchObject({ blocks: 0, hour: 0 });
      await upkeepAt(stub, NOW + 5 * DAY);
      await upkeepAt(stub, NOW + 9 * DAY);
      expect(await rows(stub)).toEqual({ blocks: 0, minute: 0, hour: 1 });
      await evictDurableObject(stub);
      const old = await sums(stub, "m", NOW, NOW + 8 * HOUR, HOUR);
      expect(old).toMatchObject({ values: [hours[0], 1_000 + (59 * 60) / 2, ...hours.slice(2)], tiers: { raw: 0, minute: 0, hour: 8 } });
    },
  );

  it("[MT181] takes history, shows it at once and after an eviction, and stores it once", async () => {
    const stub = shardOf();
    await stub.ingest(batchOf(minutes("m", NOW - HOUR, 60)), "recent");
    const history = batchOf(minutes("m", NOW - 3 * DAY, 120));
    for (const step of ["first", "again", "evicted", "alarm"]) {
      if (step === "evicted") await evictDurableObject(stub);
      else if (step === "alarm") await upkeepAt(stub, NOW + UPKEEP.sealEveryMs + 1_000);
      else expect(await stub.importBatch(history.slice(), step)).toMatchObject({ ok: true, value: { accepted: 120 } });
      const found = await sums(stub, "m", NOW - 3 * DAY, NOW - 3 * DAY + 2 * HOUR, HOUR);
      expect(found).toMatchObject({ values: [(59 * 60) / 2, 60 * 60 + (59 * 60) / 2], tiers: { raw: 0 } });
      expect((await sums(stub, "m", NOW - HOUR, NOW, HOUR)).values).toEqual([(59 * 60) / 2]);
    }
  });

  it("[MT183] [MT184] deletes series for good: from answers at once, from rows with the next alarm", async () => {
    const stub = shardOf();
    await stub.ingest(batchOf([...minutes("m", NOW - 6 * HOUR, 300), ...minutes("n", NOW - 6 * HOUR, 300)]), "1");
    await upkeepAt(stub, NOW + UPKEEP.sealEveryMs + 1_000);
    expect(await rows(stub)).toMatchObject({ blocks: 1, minute: 1 });
    expect(await stub.deleteSeries({ metric: "m" })).toEqual({ ok: true, value: { deleted: 1 } });
    for (const step of ["ask", "evict", "alarm", "evict"]) {
      if (step === "evict") await evictDurableObject(stub);
      if (step === "alarm") await upkeepAt(stub, NOW + 2 * UPKEEP.sealEveryMs + 2_000);
      expect((await sums(stub, "m", NOW - 6 * HOUR, NOW, HOUR)).values).toEqual([]);
      expect((await sums(stub, "n", NOW - 6 * HOUR, NOW, HOUR)).values[0]).toBe((59 * 60) / 2);
    }
    await stub.deleteSeries({ metric: "n" });
    await upkeepAt(stub, NOW + 3 * UPKEEP.sealEveryMs + 3_000);
    expect(await rows(stub)).toEqual({ blocks: 0, minute: 0, hour: 0 });
  });

  it("[MT185] a shard of the release before keeps its points, and rolls them up", async () => {
    const stub = shardOf();
    await runInDurableObject(stub, async (_, state) => {
      const kit = createKit(state, env, { kind: "metrics", migrations: SHARD_MIGRATIONS.slice(0, 1), registered: true });
      await kit.read(() => {
        const points = new PointBuffer();
        const bits = new Uint32Array(new Float64Array([7]).buffer);
        for (let i = 0; i < 300; i++) points.push(NOW - 6 * HOUR + i * MINUTE, bits[0] ?? 0, bits[1] ?? 0);
        const packer = new RowPacker(({ firstRef, lastRef, minAt, maxAt, directory, body }) => {
          const values = [1, firstRef, lastRef, minAt, maxAt, 3, body.length, directory, body];
          kit.sql.exec(
            "INSERT INTO blocks (seal, first_ref, last_ref, min_at, max_at, through, bytes, directory, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ...values,
          );
        });
        packer.add(1, points);
        packer.finish();
        for (const { firstRef, body } of packDefinitions([{ ref: 1, key: seriesKey("m", {}) }]))
          kit.sql.exec("INSERT INTO dictionary (first_ref, body) VALUES (?, ?)", firstRef, body);
        kit.sql.exec("INSERT INTO shard (id, dictionary, next_ref, saved_ref, watermark, seal) VALUES (1, 5, 2, 2, 3, 1)");
      });
    });
    await evictDurableObject(stub);
    const asked = () => sums(stub, "m", NOW - 6 * HOUR, NOW - HOUR, HOUR);
    expect(await asked()).toEqual({ values: Array.from({ length: 5 }, () => 420), tiers: { raw: 300, minute: 0, hour: 0 } });
    await stub.ingest(batchOf([{ metric: "m", at: NOW, value: 7 }]), "new");
    await upkeepAt(stub, NOW + UPKEEP.sealEveryMs + 1_000);
    expect(await asked()).toEqual({ values: Array.from({ length: 5 }, () => 420), tiers: { raw: 0, minute: 300, hour: 0 } });
    await upkeepAt(stub, NOW + 2 * DAY);
    expect((await rows(stub)).blocks).toBe(0);
    expect((await asked()).values).toEqual(Array.from({ length: 5 }, () => 420));
  });
});
