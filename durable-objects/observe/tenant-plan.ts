import { type ObjectNamespace, objectAt } from "../../contract/address.ts";
import { type Plan, PLANS } from "../../contract/plans.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";

/** A plan is asked for again after this. */
const TTL_MS = 10 * 60_000;

export interface TenantPlanDeps {
  readonly tenants: ObjectNamespace<TenantRpc>;
  readonly tenantId: () => string;
  readonly warn: (error: unknown) => void;
}

/** The tenant's plan as a shard knows it: the smallest until it matters, because asking costs a call. */
export class TenantPlan {
  readonly #deps: TenantPlanDeps;
  #plan: Plan = PLANS.free;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(deps: TenantPlanDeps) {
    this.#deps = deps;
  }

  get current(): Plan {
    return this.#plan;
  }

  /** Asks the tenant when so many series would exceed the smallest plan, at most every ten minutes. */
  async cover(series: number, now: number): Promise<void> {
    if (series <= PLANS.free.activeSeries) return;
    if (!this.#asking && now - this.#askedAt >= TTL_MS) {
      this.#askedAt = now;
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined;
      });
    }
    // Also those who did not ask wait for the answer: they would be refused for not knowing it.
    await this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      const tenant = await objectAt(this.#deps.tenants, { tenantId: this.#deps.tenantId(), kind: "tenant", name: "main" }).describe();
      if (tenant.ok) this.#plan = PLANS[tenant.value.plan];
    } catch (error) {
      // The last known plan stays; a tenant that cannot be asked must not stop its metrics.
      this.#deps.warn(error);
    }
  }
}
