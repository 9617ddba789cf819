import { DurableObject } from "cloudflare:workers";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { LeaderboardRpc, RedisReply } from "../../contract/rpc/leaderboard.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";

/** `{tenantId}/leaderboard/{board}`: one board. Also `{tenantId}/sorted-set/{key}`, of the Redis protocol. */
export class Leaderboard extends DurableObject<ObjectsEnv> implements LeaderboardRpc {
  readonly #kit: ObjectKit;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, { kind: "leaderboard", migrations: [], registered: true });
  }

  async configure(): Promise<Outcome<never>> {
    return noBoard();
  }
  async remove(): Promise<Outcome<never>> {
    return noBoard();
  }
  async startRun(): Promise<Outcome<never>> {
    return noBoard();
  }
  async submit(): Promise<Outcome<never>> {
    return noBoard();
  }
  async submitBatch(): Promise<Outcome<never>> {
    return noBoard();
  }
  async importScores(): Promise<Outcome<never>> {
    return noBoard();
  }
  async ask(): Promise<Outcome<never>> {
    return noBoard();
  }
  async decide(): Promise<Outcome<never>> {
    return noBoard();
  }
  async erasePlayer(): Promise<Outcome<never>> {
    return noBoard();
  }
  override async fetch(): Promise<Response> {
    return new Response(null, { status: 404 });
  }
  async closeCredentials(): Promise<{ closed: number; left: number }> {
    return { closed: 0, left: 0 };
  }
  async redis(): Promise<RedisReply[]> {
    return [];
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

function noBoard(): Outcome<never> {
  return refuse("not-found", "There is no such board.");
}
