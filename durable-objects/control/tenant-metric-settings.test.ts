import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FIRST_METRIC_SETTINGS, type MetricSettings } from "../../contract/metric-settings.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { PLANS } from "../../contract/plans.ts";
import type { MaintenanceReport, StateChunk } from "../../contract/rpc/maintenance.ts";
import { accessOf, createdTenant, meta, rowsOf, rpcOf, tenantAt } from "./tenant-testing.ts";

const withSettings = (change: Partial<MetricSettings>): MetricSettings => ({ ...FIRST_METRIC_SETTINGS, ...change });

describe("how a tenant's metrics are kept", () => {
  it("[MT290] begins with what the plan gives, and is put as a whole under a version of its own", async () => {
    const stub = await createdTenant("metric-settings-version");
    const first = await rpcOf(stub).metricSettings();
    expect(first).toEqual({
      ok: true,
      value: {
        view: {
          settings: FIRST_METRIC_SETTINGS,
          effective: {
            shards: 1,
            rawMs: PLANS.team.rawRetentionMs,
            minuteMs: PLANS.team.minuteRetentionMs,
            hourMs: PLANS.team.hourRetentionMs,
            activeSeries: PLANS.team.activeSeries,
            newSeriesPerHour: PLANS.team.newSeriesPerHour,
          },
        },
        version: 1,
      },
    });
    const wanted = withSettings({ shards: 3, rawHours: 6, minuteDays: 2, activeSeries: 1_000 });
    const put = await rpcOf(stub).putMetricSettings(wanted, 1, meta);
    expect(put).toMatchObject({
      value: {
        view: { settings: wanted, effective: { shards: 3, rawMs: 6 * 3_600_000, minuteMs: 2 * 86_400_000, activeSeries: 1_000 } },
        version: 2,
      },
    });
    await evictDurableObject(stub);
    expect(await rpcOf(stub).metricSettings()).toEqual(put);
    expect(await rpcOf(stub).putMetricSettings(FIRST_METRIC_SETTINGS, 1, meta)).toMatchObject({ problem: { slug: "precondition-failed" } });
    expect(await rpcOf(stub).putMetricSettings(withSettings({ shards: 3 }), undefined, meta)).toMatchObject({ value: { version: 3 } });
  });

  it("[MT290] is part of what isolates learn of the tenant", async () => {
    const stub = await createdTenant("metric-settings-access");
    const before = await accessOf(stub);
    expect(before.config?.metrics).toEqual(FIRST_METRIC_SETTINGS);
    await rpcOf(stub).putMetricSettings(withSettings({ shards: 2 }), undefined, meta);
    const after = await accessOf(stub, before);
    expect(after.config?.metrics.shards).toBe(2);
    expect(after.keysVersion).toBe(before.keysVersion + 1);
  });

  it("[MT291] leaves its intent and result in the audit log; the same again leaves nothing", async () => {
    const stub = await createdTenant("metric-settings-audit");
    for (let time = 0; time < 2; time++) await rpcOf(stub).putMetricSettings(withSettings({ rawHours: 12 }), undefined, meta);
    await rpcOf(stub).putMetricSettings(withSettings({ rawHours: 25 }), undefined, meta);
    const rows = await rowsOf(stub, "SELECT outcome, detail FROM audit_entry WHERE action = 'metrics.change-settings' ORDER BY seq");
    expect(rows.map(({ outcome, detail }) => [outcome, JSON.parse(String(detail))])).toEqual([
      ["intent", { changed: ["rawHours"] }],
      ["done", { changed: ["rawHours"], before: { rawHours: null }, after: { rawHours: 12 } }],
      ["intent", { changed: ["rawHours"] }],
      ["failed", { changed: ["rawHours"], problem: "invalid-body" }],
    ]);
  });

  it("[MT292] is at most what the plan has, by field; shards only grow; no tier ends before a finer one", async () => {
    const stub = await createdTenant("metric-settings-limits", "free");
    const put = async (change: Partial<MetricSettings>) => await rpcOf(stub).putMetricSettings(withSettings(change), undefined, meta);
    const most = { rawHours: 24, minuteDays: 7, hourDays: 90, activeSeries: 5_000, newSeriesPerHour: 5_000, shards: METRIC_LIMITS.shards };
    expect(await put(most)).toMatchObject({ ok: true });
    for (const name of ["rawHours", "minuteDays", "hourDays", "activeSeries", "newSeriesPerHour"] as const) {
      expect(await put({ ...most, [name]: most[name] + 1 })).toMatchObject({
        problem: { slug: "invalid-body", errors: expect.arrayContaining([expect.objectContaining({ pointer: `/${name}` })]) },
      });
    }
    expect(await put({ ...most, shards: most.shards - 1 })).toMatchObject({ problem: { errors: [{ pointer: "/shards" }] } });
    expect(await put({ ...most, hourDays: 6 })).toMatchObject({ problem: { errors: [{ pointer: "/hourDays" }] } });
    expect(await rpcOf(stub).metricSettings()).toMatchObject({ value: { view: { settings: most } } });
  });

  it("[MT293] reads settings of a release that knew fewer, and of one that knows more", async () => {
    const stub = await createdTenant("metric-settings-older");
    const store = async (settings: object) =>
      await runInDurableObject(stub, (_, state) => {
        state.storage.sql.exec("INSERT OR REPLACE INTO tenant_metrics (one, settings, version) VALUES (1, ?, 5)", JSON.stringify(settings));
      });
    await rpcOf(stub).metricSettings();
    await store({ shards: 4 });
    expect(await rpcOf(stub).metricSettings()).toMatchObject({ value: { view: { settings: withSettings({ shards: 4 }) }, version: 5 } });
    await store({ ...withSettings({ shards: 4 }), later: true });
    expect(await rpcOf(stub).metricSettings()).toMatchObject({ value: { view: { settings: withSettings({ shards: 4 }) } } });
  });

  it("[MT294] travels with a backup of the tenant", async () => {
    const stub = await createdTenant("metric-settings-saved");
    const tenant = rpcOf(stub);
    await tenant.putMetricSettings(withSettings({ shards: 5 }), undefined, meta);
    const chunks: StateChunk[] = [];
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const report: MaintenanceReport<{ type: "export"; cursor: string | null }> = await tenant.maintain({ type: "export", cursor });
      chunks.push(report.chunk);
      cursor = report.cursor;
    }
    // An object of the same name that was never used, as on another node.
    await runInDurableObject(stub, async (_, state) => await state.storage.deleteAll());
    await evictDurableObject(stub);
    const restored = rpcOf(tenantAt("metric-settings-saved"));
    for (const [at, chunk] of chunks.entries())
      await restored.maintain({ type: "import", chunk, first: at === 0, last: at === chunks.length - 1 });
    expect(await restored.metricSettings()).toMatchObject({ value: { view: { settings: withSettings({ shards: 5 }) }, version: 2 } });
  });
});
