import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { metricQueryReplySchema } from "../../contract/metric-query.ts";
import { ingestReplySchema } from "../../contract/metrics.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";

const HOUR_MS = 3_600_000;

async function world() {
  const tenant = await seedTenant();
  const [manage, write, read] = [
    await seedKey(tenant, ["metrics:manage"]),
    await seedKey(tenant, ["metrics:write"]),
    await seedKey(tenant, ["metrics:read"]),
  ];
  return { manage: manage.secret, write: write.secret, read: read.secret };
}

async function send(key: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(`${edgeEnv.PUBLIC_URL}/v1/metrics/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson", ...headers },
    body,
  });
  const response = await app.fetch(request, { ...edgeEnv, LOG_REQUESTS: "off" }, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

const lines = (...each: readonly unknown[]) => each.map((line) => JSON.stringify(line)).join("\n");
const reply = async (answer: Response) => ingestReplySchema.parse(await answer.json());

describe("POST /v1/metrics/import", () => {
  it("[MT130] takes points of sixty days ago, many of a series to a line, and answers questions about them", async () => {
    const { manage, read } = await world();
    const from = (Math.floor(Date.now() / HOUR_MS) - 60 * 24) * HOUR_MS;
    const timestamps = Array.from({ length: 6 * 60 }, (_, i) => from + i * 60_000);
    const body = lines(
      { metric: "queue", labels: { host: "a" }, timestamps, values: timestamps.map((_, i) => i) },
      { metric: "queue", labels: { host: "b" }, timestamp: from, value: 7 },
    );
    const gzipped = new Uint8Array(await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    const answer = await send(manage, gzipped, { "content-encoding": "gzip" });
    expect(answer.status).toBe(202);
    expect(await reply(answer)).toEqual({ accepted: 361, duplicate: false, rejectedCount: 0, rejected: [] });
    const query = {
      metric: "queue",
      matchers: [{ label: "host", op: "=", value: "a" }],
      start: new Date(from).toISOString(),
      end: new Date(from + 6 * HOUR_MS).toISOString(),
      stepMs: HOUR_MS,
      aggregate: "max",
    };
    const values = async () => {
      const asked = await ask("/v1/metrics/query", { key: read, body: query });
      return metricQueryReplySchema.parse(await asked.json()).series.map((series) => series.values);
    };
    expect(await values()).toEqual([[59, 119, 179, 239, 299, 359]]);
    // The same again replaces what it brought.
    expect((await reply(await send(manage, body))).accepted).toBe(361);
    expect(await values()).toEqual([[59, 119, 179, 239, 299, 359]]);
  });

  it("[MT131] names bad points by their line and takes the others; a line that is none refuses all", async () => {
    const { manage } = await world();
    const t = Date.now() - 10 * 24 * HOUR_MS;
    const mixed = lines(
      { metric: "m", timestamps: [t, t + 1_000, t - 90 * 24 * HOUR_MS, t + 2_000, "x"], values: [1, "2", 3, null, 5] },
      { metric: "1bad", timestamps: [t, t], values: [1, 2] },
      { metric: "m", labels: { a: "b" }, timestamp: t, value: 1 },
      { metric: "m", timestamps: [], values: [] },
      { metric: "m", timestamps: [t], values: [1], extra: 1 },
    );
    const answer = await reply(await send(manage, mixed));
    expect([answer.accepted, answer.rejectedCount]).toEqual([3, 6]);
    expect(answer.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [0, "value-invalid"],
      [0, "timestamp-too-old"],
      [0, "timestamp-invalid"],
      [1, "metric-invalid"],
      [1, "metric-invalid"],
      [4, "unknown-field"],
    ]);
    for (const bad of [
      '{"metric":"m"',
      lines({ metric: "m", timestamps: [t], values: [] }),
      lines({ metric: "m", timestamps: t, values: [1] }),
    ]) {
      const refused = await send(manage, `${lines({ metric: "good", timestamp: t, value: 1 })}\n${bad}`);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ errors: [{ pointer: "/1" }] });
    }
    expect((await send(manage, Uint8Array.of(0xff))).status).toBe(400);
  });

  it("[MT132] leaves intent and result in the audit log", async () => {
    const tenant = await seedTenant();
    const { secret: key } = await seedKey(tenant, ["metrics:manage", "audit:read"]);
    const samples = [{ metric: "m", timestamp: Date.now() - HOUR_MS, value: 1 }, { metric: "m", timestamp: 0, value: 1 }]; // prettier-ignore
    expect(await reply(await send(key, lines(...samples)))).toMatchObject({ accepted: 1, rejectedCount: 1 });
    const answer = await ask("/v1/audit?action=metrics.import", { key });
    const { items } = await answer.json<{ items: { outcome: string; detail: object }[] }>();
    expect(items.map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ["done", { points: 1, accepted: 1 }],
      ["intent", { points: 1 }],
    ]);
  });

  it("[MT132] needs metrics:manage, and is bounded in points and bytes", async () => {
    const { manage, write } = await world();
    const t = Date.now() - HOUR_MS;
    expect((await send(write, lines({ metric: "m", timestamp: t, value: 1 }))).status).toBe(403);
    const list = (value: number, count: number) => `[${Array.from({ length: count }, () => value).join(",")}]`;
    const points = METRIC_LIMITS.importPoints + 1;
    const many = await send(manage, `{"metric":"m","timestamps":${list(1, points)},"values":${list(1, points)}}`);
    expect(many.status).toBe(413);
    expect(await many.text()).toContain(String(METRIC_LIMITS.importPoints));
    expect((await send(manage, new Uint8Array(METRIC_LIMITS.importBytes + 1))).status).toBe(413);
    expect((await send(manage, "{}", { "content-type": "application/json" })).status).toBe(415);
  });
});
