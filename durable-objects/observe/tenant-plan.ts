import { type ObjectNamespace, objectAt } from "../../contract/address.ts";
import type { Tier } from "../../contract/metric-limits.ts";
import { FIRST_METRIC_SETTINGS, type MetricAllowance, metricAllowance } from "../../contract/metric-settings.ts";
import { PLANS } from "../../contract/plans.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";

export const TENANT_PLAN_LIMITS = {
  /** What is known is asked for again after this. */
  ttlMs: 10 * 60_000,
  /** Asked again so soon when it would refuse something. */
  refusalTtlMs: 30_000,
  /** Sources do not spread evenly over shards: each may have so much more than its part. */
  shareSlack: 1.25,
} as const;

export interface TenantPlanDeps {
  readonly tenants: ObjectNamespace<TenantRpc>;
  readonly tenantId: () => string;
  readonly warn: (error: unknown) => void;
}

/** Series that a shard has, in all and of the running hour. */
export interface HeldSeries {
  readonly series: number;
  readonly made: number;
}

/** What the tenant's plan and metric settings allow, as a shard knows it: the smallest plan until the tenant has answered. */
export class TenantPlan {
  readonly #deps: TenantPlanDeps;
  #allowance = metricAllowance(PLANS.free, FIRST_METRIC_SETTINGS);
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  /** Whether the tenant was asked to the end, with whatever came of it. */
  #tried = false;
  /** Definitions of all requests that are being taken. */
  #expected = 0;

  constructor(deps: TenantPlanDeps) {
    this.#deps = deps;
  }

  get allowance(): MetricAllowance {
    return this.#allowance;
  }

  /** How long points are kept, milliseconds. */
  get kept(): Readonly<Record<Tier, number>> {
    const { rawMs, minuteMs, hourMs } = this.#allowance;
    return { raw: rawMs, minute: minuteMs, hour: hourMs };
  }

  /** This shard's part of the tenant's series. */
  get room(): { active: number; perHour: number } {
    const { shards, activeSeries, newSeriesPerHour } = this.#allowance;
    const part = (all: number): number => (shards === 1 ? all : Math.ceil((all / shards) * TENANT_PLAN_LIMITS.shareSlack));
    return { active: part(activeSeries), perHour: part(newSeriesPerHour) };
  }

  /**
   * Does work that may make so many series. The tenant is asked before it: the first time, when series would be refused, and every ten
   * minutes without anybody waiting.
   */
  async cover<T>(definitions: number, held: HeldSeries, now: number, work: () => Promise<T>): Promise<T> {
    if (definitions === 0) return await work();
    this.#expected += definitions;
    try {
      const { active, perHour } = this.room;
      const refuses = held.series + this.#expected > active || held.made + this.#expected > perHour;
      this.#askUnlessFresh(now, refuses ? TENANT_PLAN_LIMITS.refusalTtlMs : TENANT_PLAN_LIMITS.ttlMs);
      // Also those who did not ask wait for the answer: they would be refused for not knowing it.
      if (!this.#tried || refuses) await this.#asking;
      return await work();
    } finally {
      this.#expected -= definitions;
    }
  }

  /** Asks the tenant when the answer is older than ten minutes. */
  async refresh(now: number): Promise<void> {
    this.#askUnlessFresh(now, TENANT_PLAN_LIMITS.ttlMs);
    await this.#asking;
  }

  #askUnlessFresh(now: number, ttlMs: number): void {
    if (this.#asking || now - this.#askedAt < ttlMs) return;
    this.#askedAt = now;
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
      this.#tried = true;
    });
  }

  async #ask(): Promise<void> {
    try {
      const tenant = objectAt(this.#deps.tenants, { tenantId: this.#deps.tenantId(), kind: "tenant", name: "main" });
      const known = await tenant.metricSettings();
      if (known.ok) this.#allowance = known.value.view.effective;
    } catch (error) {
      // What is known stays; a tenant that cannot be asked must not stop its metrics.
      this.#deps.warn(error);
    }
  }
}
