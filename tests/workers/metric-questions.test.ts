import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { MetricQueryReply } from "../../contract/metric-query.ts";
import { metricQueryReplySchema } from "../../contract/metric-query.ts";
import { FIRST_METRIC_SETTINGS } from "../../contract/metric-settings.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import { clearIsolateCaches } from "../../workers/http/isolate-caches.ts";

const STEP = 10_000;
/** A whole step, an hour ago. */
const START = Math.floor(Date.now() / STEP) * STEP - 3_600_000;
const RANGE = { start: new Date(START).toISOString(), end: new Date(START + 3_600_000).toISOString(), stepMs: STEP };

interface Written {
  readonly host?: string;
  readonly at?: number;
  readonly value: number;
}

async function world(shards = 1) {
  const tenant = await seedTenant();
  const { secret: key } = await seedKey(tenant, ["metrics:write", "metrics:read", "metrics:manage"]);
  if (shards > 1) {
    const put = await ask("/v1/metrics/settings", { key, method: "PUT", body: { ...FIRST_METRIC_SETTINGS, shards } });
    expect(put.status).toBe(200);
    clearIsolateCaches();
  }
  const write = async (metric: string, written: readonly Written[]) => {
    const samples = written.map(({ host = "a", at = 0, value }) => ({ metric, labels: { host }, timestamp: START + at, value }));
    expect((await ask("/v1/metrics/ingest", { key, body: { samples } })).status).toBe(202);
  };
  const question = async (body: object) =>
    await ask("/v1/metrics/query", { key, body: { ...RANGE, ...body }, env: { SINGLE_NODE: "false" } });
  const query = async (body: object): Promise<MetricQueryReply> => {
    const answer = await question(body);
    expect(answer.status).toBe(200);
    return metricQueryReplySchema.parse(await answer.json());
  };
  return { tenant, key, write, question, query };
}

const hour = (host = "a") => Array.from({ length: 360 }, (_, i) => ({ host, at: i * STEP, value: i }));

describe("POST /v1/metrics/query with several selections", () => {
  it("[MT220] answers selections and formulas by name", async () => {
    const { write, query } = await world();
    await write("used", [{ value: 30 }, { host: "b", value: 10 }]);
    await write("total", [{ value: 60 }, { host: "b", value: 40 }]);
    const reply = await query({
      selections: [
        { name: "u", metric: "used", groupBy: [], groupAggregate: "sum" },
        { name: "t", metric: "total", shown: false },
        { name: "v", metric: "used", shown: false },
      ],
      formulas: [{ name: "share", expression: "100 * v / t" }],
      maxPoints: 1,
      stepMs: 3_600_000,
    });
    expect(reply.series.map(({ name, labels, values }) => [name, labels.host, values.find((value) => value !== null)])).toEqual([
      ["u", undefined, 40],
      ["share", "a", 50],
      ["share", "b", 25],
    ]);
  });

  it("[MT220] names what is wrong in the form that was meant", async () => {
    const { question } = await world();
    const selection = { name: "a", metric: "m" };
    for (const [body, pointers] of [
      [{ selections: [{ ...selection, aggregate: "most" }] }, ["/selections/0/aggregate"]],
      [
        { selections: [{ name: "A", metric: "" }, { name: "b" }], gaps: 1 },
        ["/selections/0/name", "/selections/0/metric", "/selections/1/metric", "/gaps"],
      ],
      [{ selections: [selection], extra: 1 }, ["/extra"]],
      [{ metric: "m", aggregate: "most" }, ["/aggregate"]],
      [{ metric: "m", formula: "a" }, ["/formula"]],
      [{ aggregate: "avg" }, ["/metric"]],
    ] as const) {
      const answer = await question(body);
      expect(answer.status).toBe(400);
      const { errors } = await answer.json<{ errors: { pointer: string }[] }>();
      expect(errors.map(({ pointer }) => pointer).sort()).toEqual([...pointers].sort());
    }
  });

  it("[MT228] asks every shard of the tenant", async () => {
    const { write, query } = await world(3);
    const hosts = Array.from({ length: 12 }, (_, i) => `h${i}`);
    await write(
      "m",
      hosts.map((host, value) => ({ host, value })),
    );
    const reply = await query({ metric: "m", groupBy: [], groupAggregate: "stddev", stepMs: 3_600_000, maxPoints: 10 });
    expect(reply.series[0]?.values[0]).toBeCloseTo(Math.sqrt((12 * 12 - 1) / 12), 12);
    expect(reply.trace).toMatchObject({ shards: 3, seriesScanned: 12, pointsRead: 12 });
  });
});

describe("answers at a tenant's door", () => {
  it("[MT238] need a grant for every metric of a query", async () => {
    const { tenant, key: writer, write } = await world();
    await write("shop_a", [{ value: 1 }]);
    await write("secret", [{ value: 42 }]);
    const { secret: minter } = await seedKey(tenant, ["tokens:mint", "metrics:read"]);
    const grants = [{ kind: "metrics", name: "shop_*", actions: ["read"] }];
    const minted = await ask("/v1/tokens", { key: minter, body: { sub: "p", grants } });
    const { token } = await minted.json<{ token: string }>();
    const status = async (key: string, ...selections: object[]) =>
      (await ask("/v1/metrics/query", { key, body: { ...RANGE, selections: selections.map((each, i) => ({ name: `s${i}`, ...each })) } }))
        .status;
    expect(await status(token, { metric: "shop_a" })).toBe(200);
    expect(await status(token, { metric: "shop_a" }, { metric: "secret" })).toBe(403);
    expect(await status(token, { metric: "shop_a" }, { metric: '"secret"', shown: false })).toBe(403);
    expect(await status(writer, { metric: "shop_a" }, { metric: "secret" })).toBe(200);
    const tricks = [
      { metric: "shop_a", matchers: [{ label: "__name__", op: "=~", value: ".*" }] },
      { metric: "shop_a", matchers: [{ label: "__name__", value: "secret" }] },
      { metric: "shop_.*" },
    ];
    for (const trick of tricks) {
      const answer = await ask("/v1/metrics/query", { key: token, body: { ...RANGE, selections: [{ name: "a", ...trick }] } });
      expect(await answer.text()).not.toContain("42");
    }
  });
});

describe("closed ranges at the edge", () => {
  const asked = { metric: "m", aggregate: "max" };
  const values = ({ series }: MetricQueryReply) => series.map((each) => each.values);

  it("[MT239][MT242] come from the cache, in this isolate and in another, and say so", async () => {
    const { write, query } = await world();
    await write("m", hour());
    const first = await query(asked);
    expect(first.trace).toMatchObject({ cacheable: 1, cached: 0, pointsRead: 360 });
    for (const elsewhere of [false, true]) {
      if (elsewhere) clearIsolateCaches();
      const again = await query(asked);
      expect(again.trace).toMatchObject({ cacheable: 1, cached: 1 });
      expect(again.trace.pointsRead).toBeLessThan(20);
      expect(values(again)).toEqual(values(first));
    }
    const later = { start: new Date(START + 600_000).toISOString(), end: new Date(START + 3_600_000).toISOString() };
    const part = await query({ ...asked, ...later });
    expect(part.trace.cached).toBe(1);
    expect(values(part)).toEqual([values(first)[0]?.slice(60)]);
    const wider = await query({ ...asked, start: new Date(START - 600_000).toISOString() });
    expect(wider.trace.cached).toBe(0);
    expect(values(wider)[0]?.slice(60)).toEqual(values(first)[0]);
  });

  it("[MT239] are never older than a late sample, a new series or a deletion", async () => {
    const { key, write, query } = await world();
    await write("m", hour());
    const before = await query(asked);
    await query(asked);
    await write("m", [{ at: 60 * STEP, value: 5_000 }]);
    const late = await query(asked);
    expect(values(late)[0]?.[60]).toBe(5_000);
    expect(values(late)[0]?.[61]).toBe(values(before)[0]?.[61]);
    expect(late.trace.cached).toBe(0);
    expect((await query(asked)).trace.cached).toBe(1);
    await write("m", hour("b"));
    expect((await query(asked)).series).toHaveLength(2);
    await query(asked);
    expect((await ask("/v1/metrics/series?metric=m", { key, method: "DELETE" })).status).toBe(200);
    expect((await query(asked)).series).toEqual([]);
  });

  it("[MT239] are kept for one tenant and one question", async () => {
    const [one, two] = [await world(), await world()];
    await one.write("m", hour());
    await two.write(
      "m",
      hour().map((each) => ({ ...each, value: 7 })),
    );
    await one.query(asked);
    const other = await two.query(asked);
    expect(other.trace.cached).toBe(0);
    expect(values(other)[0]?.every((value) => value === 7)).toBe(true);
    expect((await one.query({ ...asked, aggregate: "min" })).trace.cached).toBe(0);
    expect((await one.query({ ...asked, stepMs: 2 * STEP })).trace.cached).toBe(0);
    expect((await one.query(asked)).trace.cached).toBe(1);
  });

  it("[MT239] hold partial sums of every shard", async () => {
    const { write, query } = await world(2);
    for (const host of ["a", "b", "c", "d"]) await write("m", hour(host));
    const grouped = { metric: "m", aggregate: "rate", groupBy: [], groupAggregate: "avg" };
    const first = await query(grouped);
    clearIsolateCaches();
    const again = await query(grouped);
    expect(again.trace).toMatchObject({ shards: 2, cacheable: 2, cached: 2 });
    expect(values(again)).toEqual(values(first));
  });
});

describe("a client that goes", () => {
  it("[MT240] withdraws its question from the shards", async () => {
    const { key } = await world();
    const left = new AbortController();
    const withdrawn: string[] = [];
    const tickets: (string | undefined)[] = [];
    const shard = {
      select: async (order: { ticket?: string }) => {
        tickets.push(order.ticket);
        left.abort();
        await new Promise((resolve) => setTimeout(resolve, 0));
        return { ok: false, problem: { slug: "unavailable", detail: "withdrawn" } };
      },
      withdraw: async (ticket: string) => void withdrawn.push(ticket),
    };
    const METRICS = new Proxy(edgeEnv.METRICS, { get: (target, name) => (name === "getByName" ? () => shard : Reflect.get(target, name)) });
    const ctx = createExecutionContext();
    const request = new Request(`${edgeEnv.PUBLIC_URL}/v1/metrics/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ ...RANGE, metric: "m" }),
      signal: left.signal,
    });
    const response = await app.fetch(request, { ...edgeEnv, METRICS, LOG_REQUESTS: "off" }, ctx);
    await waitOnExecutionContext(ctx);
    expect(response.status).toBe(503);
    expect(withdrawn).toEqual(tickets);
    expect(withdrawn).toHaveLength(1);
  });
});
