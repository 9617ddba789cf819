import { DurableObject } from "cloudflare:workers";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type {
  Member,
  MemberPut,
  MessageAck,
  MessageEdit,
  MessageInput,
  Receipt,
  ReceiptPut,
  RoomImportReply,
} from "../../contract/rooms.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { MediaRecord, RoomCaller, RoomDefinition, RoomQuestion, RoomQuestions, RoomRpc } from "../../contract/rpc/room.ts";
import type { ObjectsEnv } from "../env.ts";
import { answerProblem } from "./admission.ts";
import { RoomCalls } from "./room/room-calls.ts";
import { RoomCore } from "./room/room-core.ts";
import { RoomLive } from "./room/room-live.ts";

/** `{tenantId}/room/{room}`: one room: its log, its members, its sockets. */
export class Room extends DurableObject<ObjectsEnv> implements RoomRpc {
  readonly #core: RoomCore;
  readonly #calls: RoomCalls;
  readonly #live: RoomLive;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#core = new RoomCore(ctx, env);
    this.#calls = new RoomCalls(this.#core, ctx.storage.sql);
    this.#live = new RoomLive(ctx, env, this.#core);
  }

  async configure(definition: RoomDefinition, meta: CallMeta): Promise<Outcome<{ version: number }>> {
    return await this.#calls.configure(definition, meta);
  }

  async remove(meta: CallMeta): Promise<Outcome<null>> {
    return await this.#calls.remove(meta);
  }

  async post(by: RoomCaller, messages: readonly MessageInput[], meta: CallMeta): Promise<Outcome<{ items: MessageAck[] }>> {
    return await this.#calls.post(by, messages, meta);
  }

  async edit(by: RoomCaller, offset: number, edit: MessageEdit, meta: CallMeta): Promise<Outcome<{ offset: number }>> {
    return await this.#calls.touch(by, { type: "edit", offset, edit }, meta);
  }

  async erase(by: RoomCaller, offset: number, meta: CallMeta): Promise<Outcome<{ offset: number }>> {
    return await this.#calls.erase(by, offset, meta);
  }

  async react(by: RoomCaller, offset: number, emoji: string, on: boolean, meta: CallMeta): Promise<Outcome<{ offset: number }>> {
    return await this.#calls.touch(by, { type: "react", offset, emoji, on }, meta);
  }

  async putMember(by: RoomCaller, member: { subject: string; ref: string }, change: MemberPut, meta: CallMeta): Promise<Outcome<Member>> {
    return await this.#calls.putMember(by, member, change, meta);
  }

  async removeMember(by: RoomCaller, subject: string, meta: CallMeta): Promise<Outcome<null>> {
    return await this.#calls.removeMember(by, subject, meta);
  }

  async putReceipts(by: RoomCaller, receipt: ReceiptPut): Promise<Outcome<Receipt>> {
    return await this.#calls.putReceipts(by, receipt);
  }

  async ask<Q extends RoomQuestion>(
    by: RoomCaller,
    question: Q,
    ask: RoomQuestions[Q]["ask"],
  ): Promise<Outcome<RoomQuestions[Q]["answer"]>> {
    return await this.#calls.ask(by, question, ask);
  }

  /** The import's id makes it one of a kind: no answer is kept for a repetition beside it. */
  async importMessages(by: RoomCaller, lines: Uint8Array, batchId: string): Promise<Outcome<RoomImportReply>> {
    return await this.#calls.importMessages(by, lines, batchId);
  }

  async mayUpload(by: RoomCaller): Promise<Outcome<null>> {
    return await this.#calls.mayUpload(by);
  }

  async noteMedia(by: RoomCaller, media: MediaRecord, meta: CallMeta): Promise<Outcome<MediaRecord>> {
    return await this.#calls.noteMedia(by, media, meta);
  }

  override async fetch(request: Request): Promise<Response> {
    const answer = await this.#calls.with(() => accept(this.#live.fetch(request)));
    return answer.ok ? answer.value : answerProblem(answer.problem);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (await this.#calls.isThere()) this.#live.message(socket, message);
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
    return (await this.#calls.isThere()) ? this.#live.closeCredentials(credentials, at) : { closed: 0, left: 0 };
  }

  async kick(connectionId: string): Promise<boolean> {
    return (await this.#calls.isThere()) && this.#live.kick(connectionId);
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
