import { DurableObject } from "cloudflare:workers";
import { objectAt } from "../../contract/address.ts";
import { type Agent, AGENT_CLOSE_REASONS, type AgentPatch } from "../../contract/agents.ts";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
import type { Page } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { AgentFleetRpc } from "../../contract/rpc/agents.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import { type AgentRecord, configureAgent } from "../../core/control/fleet.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { FleetDesk, WATCH_MS } from "./agent-fleet-desk.ts";
import { Lines } from "./agent-fleet-lines.ts";
import { Roster } from "./agent-fleet-roster.ts";
import { createFleetStore, FLEET_MIGRATIONS } from "./agent-fleet-store.ts";

const NO_AGENT = "There is no agent of this name.";

/** `{tenantId}/agents/main`: a tenant's host agents and their control sockets. What to do is decided in core/control/fleet.ts. */
export class AgentFleet extends DurableObject<ObjectsEnv> implements AgentFleetRpc {
  readonly #kit: ObjectKit;
  readonly #roster: Roster;
  readonly #lines: Lines;
  readonly #desk: FleetDesk;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#roster = new Roster(createFleetStore(ctx.storage.sql));
    this.#lines = new Lines(ctx);
    this.#desk = new FleetDesk({
      kit: () => this.#kit,
      roster: this.#roster,
      lines: this.#lines,
      tenant: () => objectAt(env.TENANT, { tenantId: this.#kit.address.tenantId, kind: "tenant", name: "main" }),
    });
    this.#kit = createKit(ctx, env, {
      kind: "agents",
      migrations: FLEET_MIGRATIONS,
      registered: true,
      timers: { watch: async (now) => await this.#desk.watch(now) },
      load: () => this.#desk.load(this.#kit.now()),
    });
  }

  override async fetch(request: Request): Promise<Response> {
    const keyId = request.headers.get("x-meridian-key-id");
    if (keyId === null || request.headers.get("upgrade")?.toLowerCase() !== "websocket") return new Response(null, { status: 426 });
    return await this.#kit.read(() => {
      const now = this.#kit.now();
      if (this.#desk.hasEnded(keyId, now)) return new Response(null, { status: 401 });
      const response = this.#lines.accept(keyId, now);
      if (!response) return new Response(null, { status: 503 });
      this.#desk.watchBy(now + WATCH_MS);
      return response;
    });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#kit.ready();
    // We have closed it already; what was on its way does not count.
    if (socket.readyState !== WebSocket.READY_STATE_OPEN) return;
    const now = this.#kit.now();
    try {
      const reading = this.#lines.receive(socket, message, now);
      if (!reading.ok) return this.#desk.part(socket, reading.refusal.code, reading.refusal.reason);
      const { frame, line } = reading;
      if (frame.type === "hello") await this.#desk.hello(socket, line, frame);
      else this.#desk.health(socket, line, frame.health, now);
    } catch (error) {
      // Whatever this one socket set off: it starts over, what was undone on disk is undone in memory, no other notices.
      logLine("error", "control socket failed", { error: errorText(error) });
      this.#desk.part(socket, LIVE_CLOSE.restart, AGENT_CLOSE_REASONS.retry);
      this.#desk.load(now);
    }
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#lines.completeClose(socket, code, reason);
    await this.#kit.read(() => this.#desk.gone(socket, this.#kit.now()));
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#kit.read(() => this.#desk.gone(socket, this.#kit.now()));
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  async list({ limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<Outcome<Page<Agent>>> {
    return await this.#kit.read(() => {
      const after = cursor === undefined ? undefined : decodeCursor(cursor, ["string"]);
      if (cursor !== undefined && !after) {
        return refuse("invalid-parameter", "The cursor is not one of this list. Leave it out to begin at the first page.", {
          errors: [{ pointer: "?cursor", detail: "Take it from `nextCursor` of the page before, unchanged." }],
        });
      }
      const found = this.#roster.page(after && String(after[0]), limit + 1);
      const items = found.slice(0, limit).map((record) => this.#view(record));
      const last = items.at(-1);
      return accept({ items, nextCursor: last && found.length > limit ? encodeCursor([last.host]) : null });
    });
  }

  async find(agentId: string): Promise<Outcome<Agent>> {
    return await this.#kit.read(() => {
      const record = this.#roster.get(agentId);
      return record ? accept(this.#view(record)) : refuse("not-found", NO_AGENT);
    });
  }

  async lookup(hosts: readonly string[]): Promise<Record<string, { agentId: string; agentVersion: string }>> {
    return await this.#kit.read(() => {
      const known = hosts.flatMap((host) => this.#roster.get(host) ?? []);
      return Object.fromEntries(known.map(({ host, agentVersion }) => [host, { agentId: host, agentVersion }]));
    });
  }

  async configure(agentId: string, patch: AgentPatch, expectedVersion: number | undefined, meta: CallMeta): Promise<Outcome<Agent>> {
    let configured: AgentRecord | undefined;
    try {
      const outcome = await this.#kit.change(meta, () => {
        const record = this.#roster.get(agentId);
        if (!record) return refuse("not-found", NO_AGENT);
        const step = configureAgent(record, patch, expectedVersion, meta.actor);
        if (!step.ok) return step;
        if (step.value.record !== record) {
          this.#desk.write(step.value);
          configured = step.value.record;
        }
        return accept(this.#view(step.value.record));
      });
      if (configured) this.#desk.sendConfig(configured, this.#kit.now());
      return outcome;
    } catch (error) {
      await this.#kit.read(() => this.#roster.load()); // the transaction was undone, and with it what memory took over
      throw error;
    }
  }

  async closeCredentials(credentials: readonly string[]): Promise<number> {
    return await this.#kit.read(() => this.#desk.end(credentials, this.#kit.now()));
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.read(() => this.#kit.outbox.confirm(seqs));
  }

  #view(record: AgentRecord): Agent {
    return this.#desk.view(record, this.#kit.now());
  }
}
