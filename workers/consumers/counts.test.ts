import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventMessage } from "../../contract/events.ts";
import { countEvents } from "./counts.ts";
import { MAX_RANGES, SeqSet } from "./seq-set.ts";
import { deliver, eventOf, historyOf, NOON } from "./testing.ts";

const HOUR_MS = 3_600_000;

describe("hourly counts", () => {
  it("[EV5] counts an aggregate event once under redelivery, and never stores it singly", async () => {
    const events = [used("ev5", 1, 3), used("ev5", 2, 4), used("ev5", 3)];
    await deliver(events.map((body) => ({ body })));
    await deliver([{ body: events[1] }, { body: events[2], attempts: 2 }, { body: used("ev5", 4, 0) }]);
    expect(await countsOf("ev5")).toEqual([{ type: "meridian.key.used", hour: NOON, events: 4, amount: 8 }]);
    expect(await historyOf("ev5")).toEqual([]);
  });

  it("[EV5] puts each event into the hour it happened in, whenever it arrives", async () => {
    await deliver([{ body: { ...used("ev5-hours", 2, 1), at: NOON + HOUR_MS } }, { body: { ...used("ev5-hours", 1, 1), at: NOON - 1 } }]);
    expect((await countsOf("ev5-hours")).map((row) => row.hour)).toEqual([NOON - HOUR_MS, NOON + HOUR_MS]);
  });

  it("[EV5] counts once when two consumers take the same events at the same time", async () => {
    const events = Array.from({ length: 30 }, (_, n) => used("ev5-race", n + 1, 1));
    await Promise.all([
      countEvents(env.HISTORY, events.slice(0, 20)),
      countEvents(env.HISTORY, events.slice(10)),
      countEvents(env.HISTORY, events),
    ]);
    expect(await countsOf("ev5-race")).toMatchObject([{ events: 30, amount: 30 }]);
  });

  it("[EV5] costs two rows for a hundred events of one source and hour", async () => {
    const before = await rowsOf("control_event_counted");
    const events = Array.from({ length: 100 }, (_, n) => used("ev5-cost", n + 1, 1));
    await countEvents(env.HISTORY, events);
    expect((await rowsOf("control_event_counted")) - before).toBe(1);
    expect(await countsOf("ev5-cost")).toHaveLength(1);
  });
});

describe("a set of seqs", () => {
  it("[EV6] answers as a plain set does, for any order and repetition, and survives its own text", () => {
    let repeats = 0;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 40, maxLength: 120 }), (seqs) => {
        const naive = new Set<number>();
        let text = "";
        for (const seq of seqs) {
          const set = SeqSet.parse(text);
          expect(set.add(seq)).toBe(!naive.has(seq));
          if (naive.has(seq)) repeats++;
          naive.add(seq);
          text = set.toString();
        }
        const sorted = [...naive].sort((a, b) => a - b);
        expect(text.split(",").flatMap(expand)).toEqual(sorted);
      }),
      { seed: 20261120, numRuns: 100 },
    );
    expect(repeats).toBeGreaterThan(1_000);
  });

  it("[EV6] is one range for a source that numbers without gaps", () => {
    const set = SeqSet.parse("");
    for (let seq = 1; seq <= 10_000; seq++) set.add(seq);
    expect(set.toString()).toBe("1-10000");
  });

  it("[EV6] keeps its limit of ranges and closes the oldest gap one over", () => {
    const set = SeqSet.parse("");
    for (let n = 0; n < MAX_RANGES; n++) set.add(n * 2);
    expect(set.toString().split(",")).toHaveLength(MAX_RANGES);
    expect(set.add(MAX_RANGES * 2)).toBe(true);
    expect(set.toString().split(",")).toHaveLength(MAX_RANGES);
    expect(set.toString()).toMatch(/^0-2,4,/);
    expect(set.add(1)).toBe(false);
  });

  it("[EV6] refuses text that it did not write", () => {
    for (const text of ["x", "5-3", "3,2", "1-"]) expect(() => SeqSet.parse(text), text).toThrow("not a set of seqs");
  });
});

function used(tenantId: string, seq: number, count?: number): EventMessage {
  return eventOf(tenantId, seq, { type: "meridian.key.used", data: count === undefined ? {} : { count }, at: NOON + seq });
}

function expand(range: string): number[] {
  if (range === "") return [];
  const [from = 0, to = from] = range.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

async function countsOf(tenantId: string) {
  const rows = await env.HISTORY.prepare(
    "SELECT type, hour, events, amount FROM control_event_count WHERE tenant_id = ?1 ORDER BY hour, type",
  )
    .bind(tenantId)
    .all<{ type: string; hour: number; events: number; amount: number }>();
  return rows.results;
}

async function rowsOf(table: string): Promise<number> {
  const row = await env.HISTORY.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>();
  return row?.n ?? 0;
}
