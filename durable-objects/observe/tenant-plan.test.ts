import { describe, expect, it } from "vitest";
import type { ObjectNamespace } from "../../contract/address.ts";
import { FIRST_METRIC_SETTINGS, metricAllowance, type MetricSettings } from "../../contract/metric-settings.ts";
import { PLANS } from "../../contract/plans.ts";
import { accept } from "../../contract/problems.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import { TENANT_PLAN_LIMITS, TenantPlan } from "./tenant-plan.ts";

function world(settings: Partial<MetricSettings> = {}) {
  const seen = { asked: 0, broken: false, settings: { ...FIRST_METRIC_SETTINGS, ...settings } };
  const tenant: Partial<TenantRpc> = {
    metricSettings: async () => {
      seen.asked++;
      if (seen.broken) throw new Error("away");
      return accept({ view: { settings: seen.settings, effective: metricAllowance(PLANS.team, seen.settings) }, version: 1 });
    },
  };
  const tenants = { getByName: () => tenant } as unknown as ObjectNamespace<TenantRpc>; // the one method that is called
  const warnings: unknown[] = [];
  return { seen, warnings, plan: new TenantPlan({ tenants, tenantId: () => "t", warn: (error) => warnings.push(error) }) };
}

const cover = async (plan: TenantPlan, definitions: number, now: number, held = { series: 0, made: 0 }) =>
  await plan.cover(definitions, held, now, async () => await Promise.resolve(plan.room.active));

describe("what a shard knows of its tenant's plan", () => {
  it("[MT315] is asked for before the first new series is judged, and not for requests that have none", async () => {
    const { plan, seen } = world();
    expect(await cover(plan, 0, 0)).toBe(PLANS.free.activeSeries);
    expect(seen.asked).toBe(0);
    const both = [cover(plan, 1, 0), cover(plan, 1, 0)];
    expect(await Promise.all(both)).toEqual([PLANS.team.activeSeries, PLANS.team.activeSeries]);
    expect(seen.asked).toBe(1);
  });

  it("[MT315] is asked for again every ten minutes, and after thirty seconds when it would refuse", async () => {
    const { plan, seen } = world({ activeSeries: 10 });
    await cover(plan, 1, 0);
    await cover(plan, 1, TENANT_PLAN_LIMITS.ttlMs - 1);
    await cover(plan, 10, TENANT_PLAN_LIMITS.refusalTtlMs);
    expect(seen.asked).toBe(1);
    seen.settings = { ...seen.settings, activeSeries: 20 };
    expect(await cover(plan, 1, TENANT_PLAN_LIMITS.refusalTtlMs - 1, { series: 10, made: 0 })).toBe(10);
    expect(await cover(plan, 1, TENANT_PLAN_LIMITS.refusalTtlMs, { series: 10, made: 0 })).toBe(20);
    expect(seen.asked).toBe(2);
    await plan.refresh(TENANT_PLAN_LIMITS.refusalTtlMs + TENANT_PLAN_LIMITS.ttlMs);
    expect(seen.asked).toBe(3);
  });

  it("[MT315] stays as it was when the tenant cannot be asked", async () => {
    const { plan, seen, warnings } = world({ activeSeries: 10 });
    await cover(plan, 1, 0);
    seen.broken = true;
    await plan.refresh(TENANT_PLAN_LIMITS.ttlMs);
    expect([plan.room.active, warnings.length]).toEqual([10, 1]);
  });

  it("[MT316] is shared among shards, with room for sources that do not spread evenly", async () => {
    const { plan } = world({ shards: 4, activeSeries: 1_000, newSeriesPerHour: 400 });
    await plan.refresh(0);
    expect(plan.room).toEqual({ active: 313, perHour: 125 });
  });
});
