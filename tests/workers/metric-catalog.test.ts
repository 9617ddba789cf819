import { describe, expect, it } from "vitest";
import {
  cardinalitySchema,
  exemplarListSchema,
  labelListSchema,
  metadataListSchema,
  metricNamesSchema,
  rejectedSchema,
  seriesListSchema,
  storageSchema,
} from "../../contract/metric-catalog.ts";
import { FIRST_METRIC_SETTINGS, metricSettingsViewSchema } from "../../contract/metric-settings.ts";
import { ask, seedKey, seedTenant } from "../../workers/control/testing.ts";

async function world() {
  const tenant = await seedTenant();
  const [write, read, manage] = [
    await seedKey(tenant, ["metrics:write"]),
    await seedKey(tenant, ["metrics:read"]),
    await seedKey(tenant, ["metrics:manage", "metrics:read", "audit:read"]),
  ];
  return { write: write.secret, read: read.secret, manage: manage.secret };
}

const ingest = async (key: string, samples: readonly object[]) => {
  const answer = await ask("/v1/metrics/ingest", { key, body: { samples } });
  expect(answer.status).toBe(202);
};
const hosts = (metric: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ metric, labels: { host: `h${i}`, job: "node" }, timestamp: Date.now() - 1_000, value: i }));
const matchOf = (...matchers: readonly object[]) => `match=${encodeURIComponent(JSON.stringify(matchers))}`;
const settings = (change: object) => ({ ...FIRST_METRIC_SETTINGS, ...change });

async function get<T>(key: string, path: string, schema: { parse: (value: unknown) => T }): Promise<T> {
  const answer = await ask(`/v1/metrics/${path}`, { key });
  expect(answer.status).toBe(200);
  return schema.parse(await answer.json());
}

describe("what metrics there are", () => {
  for (const shards of [1, 4]) {
    it(`[MT313] is one answer over ${shards} shard${shards > 1 ? "s" : ""}: names, series, labels, values, cardinality and storage`, async () => {
      const { write, read, manage } = await world();
      if (shards > 1) {
        expect((await ask("/v1/metrics/settings", { key: manage, method: "PUT", body: settings({ shards }) })).status).toBe(200);
      }
      await ingest(write, [...hosts("cpu", 12), ...hosts("memory", 5)]);
      expect(await get(read, "names", metricNamesSchema)).toEqual({
        items: [
          { metric: "cpu", series: 12, type: null, unit: null, help: null },
          { metric: "memory", series: 5, type: null, unit: null, help: null },
        ],
        total: 2,
      });
      const series = await get(read, "series?metric=cpu&limit=3", seriesListSchema);
      expect([series.items.length, series.total]).toEqual([3, 12]);
      expect(await get(read, "labels", labelListSchema)).toEqual({
        items: [
          { value: "host", series: 17 },
          { value: "job", series: 17 },
        ],
        total: 2,
      });
      expect(await get(read, "labels/host/values?search=h1&limit=2", labelListSchema)).toMatchObject({
        items: [
          { value: "h1", series: 2 },
          { value: "h10", series: 1 },
        ],
        total: 3,
      });
      expect(await get(read, `names?${matchOf({ label: "host", op: "=~", value: "h[0-2]" })}`, metricNamesSchema)).toMatchObject({
        items: [
          { metric: "cpu", series: 3 },
          { metric: "memory", series: 3 },
        ],
      });
      const cardinality = await get(read, "cardinality", cardinalitySchema);
      expect(cardinality).toMatchObject({ activeSeries: 17, metrics: [{ name: "cpu", series: 12 }, { name: "memory" }] });
      expect(cardinality.pairs[0]).toEqual({ name: "job=node", series: 17 });
      expect(cardinality.labels.find(({ name }) => name === "host")).toEqual({ name: "host", values: 12, series: 17 });
      expect(cardinality.newSeries.reduce((sum, { made }) => sum + made, 0)).toBe(17);
      const storage = await get(read, "storage", storageSchema);
      expect(storage.shards.map(({ shard }) => shard)).toEqual(Array.from({ length: shards }, (_, i) => i));
      expect(storage.shards.reduce((sum, { unsealedPoints }) => sum + unsealedPoints, 0)).toBe(17);
      expect(storage.shards.filter(({ series: count }) => count > 0).length).toBeGreaterThan(shards > 1 ? 1 : 0);
      expect(await get(read, "metadata", metadataListSchema)).toEqual({ items: [], total: 0 });
      expect(await get(read, "exemplars", exemplarListSchema)).toEqual({ items: [] });
    });
  }

  it("[MT306] includes what was refused lately, with an example, and what came in by key", async () => {
    const { write, read } = await world();
    await ingest(write, [...hosts("cpu", 2), { metric: "1bad", timestamp: Date.now(), value: 1 }]);
    const { items, totals, ingest: senders } = await get(read, "rejected", rejectedSchema);
    expect(items).toMatchObject([{ reason: "metric-invalid", protocol: "native", count: 1 }]);
    expect(totals).toEqual([{ reason: "metric-invalid", count: 1 }]);
    expect(senders).toMatchObject([{ protocol: "native", minutes: [{ samples: 2, requests: 1, rejected: 1 }] }]);
  });

  it("[MT284] refuses matchers that are none with the parameter's name", async () => {
    const { write, read } = await world();
    await ingest(write, hosts("cpu", 1));
    for (const match of ["x", "{}", JSON.stringify([{ label: "host", op: "=~", value: "(" }])]) {
      const answer = await ask(`/v1/metrics/series?match=${encodeURIComponent(match)}`, { key: read });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ type: expect.stringContaining("invalid-parameter"), errors: [{ pointer: "?match" }] });
    }
  });

  it("[MT71] is nothing of another tenant's", async () => {
    const [mine, theirs] = [await world(), await world()];
    await ingest(mine.write, hosts("cpu", 2));
    expect(await get(theirs.read, "names", metricNamesSchema)).toEqual({ items: [], total: 0 });
    expect(await (await ask("/v1/metrics/series?metric=cpu", { key: theirs.manage, method: "DELETE" })).json()).toEqual({ deleted: 0 });
    expect((await get(mine.read, "names", metricNamesSchema)).items).toMatchObject([{ metric: "cpu", series: 2 }]);
  });
});

describe("deleting series", () => {
  it("[MT314] goes by metric and matchers, in every shard, and leaves intent and result in the audit log", async () => {
    const { write, read, manage } = await world();
    await ask("/v1/metrics/settings", { key: manage, method: "PUT", body: settings({ shards: 3 }) });
    await ingest(write, [...hosts("cpu", 6), ...hosts("memory", 2)]);
    const which = `metric=cpu&${matchOf({ label: "host", op: "!=", value: "h0" })}`;
    expect((await ask(`/v1/metrics/series?${which}`, { key: read, method: "DELETE" })).status).toBe(403);
    const answer = await ask(`/v1/metrics/series?${which}`, { key: manage, method: "DELETE" });
    expect(await answer.json()).toEqual({ deleted: 5 });
    expect((await get(read, "names", metricNamesSchema)).items.map(({ metric, series }) => [metric, series])).toEqual([
      ["memory", 2],
      ["cpu", 1],
    ]);
    const log = await (
      await ask("/v1/audit?action=metrics.delete-series", { key: manage })
    ).json<{ items: { outcome: string; detail: object }[] }>();
    expect(log.items.map(({ outcome }) => outcome).sort()).toEqual(["done", "intent"]);
    expect(log.items.find(({ outcome }) => outcome === "done")?.detail).toMatchObject({ metric: "cpu", deleted: 5 });
  });

  it("[MT314] without metric and matchers is refused", async () => {
    const { manage } = await world();
    for (const query of ["", "?match=%5B%5D"]) {
      const answer = await ask(`/v1/metrics/series${query}`, { key: manage, method: "DELETE" });
      expect([answer.status, (await answer.json<{ errors: { pointer: string }[] }>()).errors[0]?.pointer]).toEqual([400, "?match"]);
    }
  });
});

describe("/v1/metrics/settings", () => {
  it("[MT290] are read and put with an ETag; one that is old is refused", async () => {
    const { read, manage } = await world();
    const first = await ask("/v1/metrics/settings", { key: read });
    expect([first.status, first.headers.get("etag")]).toEqual([200, '"v1"']);
    expect(metricSettingsViewSchema.parse(await first.json()).settings).toEqual(FIRST_METRIC_SETTINGS);
    const body = settings({ rawHours: 6 });
    const put = async (key: string, version: string) =>
      await ask("/v1/metrics/settings", { key, method: "PUT", body, headers: { "if-match": version } });
    expect((await put(read, '"v1"')).status).toBe(403);
    const answer = await put(manage, '"v1"');
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"v2"']);
    expect(metricSettingsViewSchema.parse(await answer.json()).effective.rawMs).toBe(6 * 3_600_000);
    expect((await put(manage, '"v1"')).status).toBe(412);
  });

  it("[MT292] name each field that exceeds the plan or shrinks what can only grow", async () => {
    const { manage } = await world();
    const put = async (change: object) => {
      const answer = await ask("/v1/metrics/settings", { key: manage, method: "PUT", body: settings(change) });
      return [answer.status, (await answer.json<{ errors?: { pointer: string }[] }>()).errors?.map(({ pointer }) => pointer)];
    };
    expect(await put({ shards: 2 })).toEqual([200, undefined]);
    expect(await put({ shards: 1, activeSeries: 50_001 })).toEqual([400, ["/shards", "/activeSeries"]]);
    expect(await put({ shards: 17 })).toEqual([400, ["/shards"]]);
    expect(await put({ unknown: 1 })).toEqual([400, ["/unknown"]]);
  });
});
