import { DurableObject } from "cloudflare:workers";
import type { Connection, RealtimeReport, RealtimeStats } from "../../contract/realtime.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { RealtimeRpc } from "../../contract/rpc/realtime.ts";
import { type ConnectionQuery, RealtimeFigures } from "../../core/live/realtime/figures.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";

/** `{tenantId}/realtime/main`: what hubs and rooms reported last. Writes nothing. */
export class Realtime extends DurableObject<ObjectsEnv> implements RealtimeRpc {
  readonly #kit: ObjectKit;
  readonly #figures = new RealtimeFigures();

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, { kind: "realtime", migrations: [], registered: true });
  }

  async report(object: string, report: RealtimeReport): Promise<number | null> {
    return await this.#kit.read(() => this.#figures.report(object, report, this.#kit.now()));
  }

  async stats(): Promise<RealtimeStats> {
    return await this.#kit.read(() => this.#figures.stats(this.#kit.now()));
  }

  async objectOf(connectionId: string): Promise<string | undefined> {
    return await this.#kit.read(() => this.#figures.objectOf(connectionId, this.#kit.now()));
  }

  async forget(connectionId: string): Promise<void> {
    await this.#kit.read(() => this.#figures.forget(connectionId));
  }

  async connections(query: ConnectionQuery): Promise<{ items: Connection[]; total: number }> {
    return await this.#kit.read(() => this.#figures.connections(query, this.#kit.now()));
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
