import { DurableObject } from "cloudflare:workers";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { RoomRpc } from "../../contract/rpc/room.ts";
import type { ObjectsEnv } from "../env.ts";
import { answerProblem } from "./admission.ts";
import { RoomCore } from "./room/room-core.ts";
import { RoomLive } from "./room/room-live.ts";

/** `{tenantId}/room/{room}`: one room: its log, its members, its sockets. */
export class Room extends DurableObject<ObjectsEnv> implements Pick<RoomRpc, "outboxStatus" | "confirmOutbox" | "maintain" | "configure"> {
  readonly #core: RoomCore;
  readonly #live: RoomLive;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#core = new RoomCore(ctx, env);
    this.#live = new RoomLive(ctx, env, this.#core);
  }

  configure(): Promise<Outcome<{ version: number }>> {
    return Promise.resolve(refuse("not-found", "There is no such room."));
  }

  override async fetch(request: Request): Promise<Response> {
    if (!(await this.#isThere())) return answerProblem({ slug: "not-found", detail: "There is no such room." });
    return this.#live.fetch(request);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (await this.#isThere()) this.#live.message(socket, message);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#live.closing(socket, code, reason);
    await this.webSocketError(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#core.kit.ready();
    this.#live.left(socket);
  }

  async closeCredentials(credentials: readonly string[], at?: number): Promise<{ closed: number; left: number }> {
    return (await this.#isThere()) ? this.#live.closeCredentials(credentials, at) : { closed: 0, left: 0 };
  }

  async kick(connectionId: string): Promise<boolean> {
    return (await this.#isThere()) && this.#live.kick(connectionId);
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

  async #isThere(): Promise<boolean> {
    await this.#core.kit.ready();
    return this.#core.head()?.state === "live";
  }
}
