import { DurableObject } from "cloudflare:workers";
import type { ObjectRpc } from "../../contract/rpc/call.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";

/** `{tenantId}/realtime/…`: what live objects of the tenant report. */
export class Realtime extends DurableObject<ObjectsEnv> implements ObjectRpc {
  readonly #kit: ObjectKit;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, { kind: "realtime", migrations: [], registered: true });
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#kit.outbox.confirm(seqs));
  }
}
