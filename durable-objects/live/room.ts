import { DurableObject } from "cloudflare:workers";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { RoomRpc } from "../../contract/rpc/room.ts";
import type { ObjectsEnv } from "../env.ts";
import { RoomCore } from "./room/room-core.ts";

/** `{tenantId}/room/{room}`: one room: its log, its members, its sockets. */
export class Room extends DurableObject<ObjectsEnv> implements Pick<RoomRpc, "outboxStatus" | "confirmOutbox" | "maintain" | "configure"> {
  readonly #core: RoomCore;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#core = new RoomCore(ctx, env);
  }

  configure(): Promise<Outcome<{ version: number }>> {
    return Promise.resolve(refuse("not-found", "There is no such room."));
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#core.kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#core.kit.alarm();
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#core.kit.read(() => this.#core.kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#core.kit.ready();
    this.#core.kit.transaction(() => this.#core.kit.outbox.confirm(seqs));
  }
}
