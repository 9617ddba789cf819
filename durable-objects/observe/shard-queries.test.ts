import { describe, expect, it } from "vitest";
import { metricQuerySchema } from "../../contract/metric-query.ts";
import { planQuery } from "../../contract/query-plan.ts";
import type { SelectOrder } from "../../contract/rpc/metric-select.ts";
import { NOON, TEST_KEPT, TestShard } from "../../core/observe/testing.ts";
import { ShardQueries } from "./shard-queries.ts";

const SERIES = 1_600;

function world() {
  const rig = new TestShard();
  rig.ingest(Array.from({ length: SERIES }, (_, i) => ({ metric: "m", labels: { i: `${i}` }, at: NOON, value: 1 })));
  const turns: (() => void)[] = [];
  const queries = new ShardQueries({
    shard: () => rig.shard,
    now: () => NOON,
    kept: () => TEST_KEPT,
    turn: async () => turns.shift()?.(),
  });
  return { rig, queries, turns };
}

function orderOf(query: Record<string, unknown>, more: Partial<SelectOrder> = {}): SelectOrder {
  const range = { start: new Date(NOON).toISOString(), end: new Date(NOON + 60_000).toISOString() };
  const plan = planQuery(metricQuerySchema.parse({ ...range, metric: "m", aggregate: "sum", groupBy: [], ...query }));
  const selection = plan.ok ? plan.value.selections[0] : undefined;
  if (!selection) throw new Error("refused");
  return { selection, startMs: NOON, stepMs: 60_000, count: 1, ...more };
}

describe("a shard's answers", () => {
  it("[MT240] are made in slices between which samples are taken and series end", async () => {
    const { rig, queries, turns } = world();
    let taken = 0;
    for (let i = 0; i < 3; i++)
      turns.push(() => {
        rig.ingest([{ metric: "m", labels: { late: `${i}` }, at: NOON, value: 1_000 }]);
        // A series that ended meanwhile, whose slot another has now, is not counted as the one that was chosen.
        rig.shard.close(rig.slotOf("m", { i: `${SERIES - 1 - i}` }));
        rig.ingest([{ metric: "other", labels: { i: `${i}` }, at: NOON, value: 1_000 }]);
        taken++;
      });
    const reply = await queries.select(orderOf({}));
    expect(reply).toMatchObject({ ok: true, value: { rows: [{ labels: {} }] } });
    expect(reply.ok && reply.value.rows[0]?.value[0]).toBe(SERIES - 3);
    expect(taken).toBe(3);
  });

  it("[MT240] end when nobody waits for them any more, also when that is known before they begin", async () => {
    const { queries, turns } = world();
    turns.push(() => queries.withdraw("one"));
    const order = (ticket: string) => orderOf({}, { ticket });
    expect(await queries.select(order("one"))).toMatchObject({ ok: false, problem: { slug: "unavailable" } });
    queries.withdraw("two");
    expect(await queries.select(order("two"))).toMatchObject({ ok: false });
    expect(await queries.select(order("three"))).toMatchObject({ ok: true });
  });

  it("[MT240] remember withdrawals of questions that never come only so long", async () => {
    const { queries } = world();
    queries.withdraw("first");
    for (let i = 0; i < 100; i++) queries.withdraw(`${i}`);
    expect(await queries.select(orderOf({}, { ticket: "first" }))).toMatchObject({ ok: true });
    expect(await queries.select(orderOf({}, { ticket: "99" }))).toMatchObject({ ok: false });
  });

  it("[MT240] are made anew by the asker when the shard was read anew meanwhile", async () => {
    const { rig, queries, turns } = world();
    turns.push(() => rig.restart());
    expect(await queries.select(orderOf({}))).toMatchObject({ ok: false, problem: { slug: "unavailable", retryAfterS: 1 } });
    expect(await queries.select(orderOf({}))).toMatchObject({ ok: true });
  });

  it("[MT239] leave out steps that the asker holds, only in the epoch in which they are true", async () => {
    const { rig, queries } = world();
    const closed = NOON - 3_600_000;
    rig.ingest([{ metric: "m", labels: { i: "0" }, at: closed, value: 5 }]);
    const order = orderOf({}, { startMs: closed - 60_000, stepMs: 60_000, count: 10 });
    const first = await queries.select(order);
    if (!first.ok) throw new Error("refused");
    const known = { epoch: first.value.epoch, endMs: closed + 60_000 };
    expect(await queries.select({ ...order, known })).toMatchObject({
      ok: true,
      value: { unchanged: true, startMs: closed + 60_000, count: 8, rows: [] },
    });
    rig.ingest([{ metric: "m", labels: { i: "1" }, at: closed, value: 5 }]);
    expect(await queries.select({ ...order, known })).toMatchObject({
      ok: true,
      value: { unchanged: false, startMs: closed - 60_000, count: 10 },
    });
  });
});
