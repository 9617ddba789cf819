import { DurableObject } from "cloudflare:workers";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { RoomRpc } from "../../contract/rpc/room.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";

/** `{tenantId}/room/{room}`: one room: its log, its members, its sockets. */
export class Room extends DurableObject<ObjectsEnv> implements Pick<RoomRpc, "outboxStatus" | "confirmOutbox" | "maintain" | "configure"> {
  readonly #kit: ObjectKit;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, { kind: "room", migrations: [], registered: true });
  }

  configure(): Promise<Outcome<{ version: number }>> {
    return Promise.resolve(refuse("not-found", "There is no such room."));
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
