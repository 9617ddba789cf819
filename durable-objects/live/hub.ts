import { DurableObject } from "cloudflare:workers";
import type { Outcome } from "../../contract/problems.ts";
import type { Admission, HubRpc, LivePlace, Publication } from "../../contract/rpc/hub.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type {
  TopicDefinition,
  TopicQuestion,
  TopicQuestions,
  TopicRecovery,
  TopicResult,
  TopicSince,
  TopicStanding,
  TopicWrite,
} from "../../contract/rpc/topics.ts";
import type { ObjectsEnv } from "../env.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { HubEngine } from "./hub-engine.ts";
import { HUB_MIGRATIONS } from "./hub-gate.ts";
import { closeAtPage, HubPlaces, placeOf } from "./hub-places.ts";
import { TOPICS_TIMER } from "./topics/home.ts";

/** `{tenantId}/hub/{n}`: live sockets. The protocol is `core/live/hub-machine.ts`; what does its effects is `hub-engine.ts`. */
export class Hub extends DurableObject<ObjectsEnv> implements HubRpc {
  readonly #kit: ObjectKit;
  readonly #engine: HubEngine;
  readonly #places: HubPlaces;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, {
      kind: "hub",
      migrations: HUB_MIGRATIONS,
      registered: true,
      timers: {
        interest: (now) => this.#engine.apply(this.#engine.machine.interestDue(now)),
        expiry: (now) => this.#engine.apply(this.#engine.machine.expire(now)),
        [TOPICS_TIMER]: (now) => this.#engine.topics.home.expire(now),
      },
      load: () => this.#engine.restore(),
      forgetSubject: (_subject, ref) => this.#engine.topics.home.store.forgetPublisher(`subject:${ref}`),
    });
    this.#engine = new HubEngine(ctx, () => this.env, this.#kit);
    this.#places = new HubPlaces(ctx.storage.sql);
  }

  override async fetch(request: Request): Promise<Response> {
    await this.#kit.ready();
    const { shell, machine } = this.#engine;
    return shell.admit(request, {
      onlyEdge: "A hub takes sockets from the edge only.",
      takes: (admission) => admission,
      refusal: () => machine.refusal(),
      join: (id, admission, now) => this.#engine.start(machine.join(id, admission, now)),
    });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#kit.ready();
    const id = this.#engine.shell.book.idOf(socket);
    if (id !== undefined) this.#engine.start(this.#engine.machine.receive(id, message, this.#kit.now()));
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#engine.shell.book.completeClose(socket, code, reason);
    await this.#forget(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#forget(socket);
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    const report = await this.#kit.maintain(order);
    if (order.type === "import" && order.last) {
      await this.#kit.ready();
      this.#kit.transaction(() => this.#engine.topics.home.beginAnew());
    }
    return report;
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  async publish(publications: readonly Publication[]): Promise<number> {
    await this.#kit.ready();
    const { effects, subscribers } = this.#engine.machine.publish(publications, this.#kit.now());
    this.#engine.start(effects);
    return subscribers;
  }

  async closeCredentials(credentials: readonly string[], at?: number): Promise<number> {
    await this.#kit.ready();
    this.#engine.shell.revoke(credentials, at);
    const { effects, closed } = this.#engine.machine.closeCredentials(credentials, at);
    this.#engine.start(effects);
    return closed;
  }

  async kick(connectionId: string): Promise<boolean> {
    await this.#kit.ready();
    const { effects, found } = this.#engine.machine.kick(connectionId, this.#kit.now());
    this.#engine.start(effects);
    return found;
  }

  async notePlace(place: LivePlace, admission: Admission): Promise<Outcome<number | null>> {
    await this.#kit.ready();
    return this.#kit.transaction(() => {
      const now = this.#kit.now();
      const problem = this.#engine.shell.gate.refusal(admission, now);
      return problem ? { ok: false, problem } : this.#places.note(place, admission, now);
    });
  }

  async unnotePlace(place: LivePlace, admission: Admission, note: number): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#places.unnote(place, admission, note));
  }

  async closeAtPlaces(credentials: readonly string[], at: number | undefined, after?: string) {
    const places = await this.#kit.read(() => this.#places.page(credentials, placeOf(after)));
    const now = this.#kit.now();
    return await closeAtPage(this.env, this.#kit.address.tenantId, places, { credentials, at }, (place) =>
      this.#places.forget(credentials, place, now),
    );
  }

  async configureTopic(definition: TopicDefinition): Promise<Outcome<{ version: number }>> {
    return await this.#kit.read(() => this.#engine.topics.home.configure(definition));
  }

  async removeTopic(channel: string, version: number): Promise<{ left: boolean }> {
    return await this.#kit.read(() => this.#engine.topics.home.remove(channel, version));
  }

  async publishTo(channel: string, writes: readonly TopicWrite[], whole: boolean): Promise<Outcome<{ items: TopicResult[] }>> {
    return await this.#kit.read(() => this.#engine.topics.home.publish(channel, writes, whole));
  }

  async askTopic<Q extends TopicQuestion>(channel: string, question: Q, ask: TopicQuestions[Q]["ask"]) {
    return await this.#kit.read(() => this.#engine.topics.home.ask(channel, question, ask));
  }

  async follow(hub: number, channel: string): Promise<TopicStanding | null> {
    return await this.#kit.read(() => this.#engine.topics.home.follow(channel, hub));
  }

  async since(channel: string, since: TopicSince): Promise<TopicRecovery | null> {
    return await this.#kit.read(() => this.#engine.topics.home.since(channel, since));
  }

  async relay(publications: readonly Publication[]): Promise<string[]> {
    return await this.#kit.read(() => this.#engine.topics.relay(publications));
  }

  async noteHome(channel: string, home: number | null, version: number): Promise<void> {
    await this.#kit.read(() => this.#engine.topics.home.store.noteHome(channel, home, version));
  }

  async homeOf(channel: string): Promise<number | null> {
    return await this.#kit.read(() => this.#engine.topics.home.store.homeOf(channel));
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#kit.outbox.confirm(seqs));
  }

  async #forget(socket: WebSocket): Promise<void> {
    await this.#kit.ready();
    const id = this.#engine.shell.book.forget(socket);
    if (id !== undefined) await this.#engine.apply(this.#engine.machine.leave(id, this.#kit.now()));
  }
}
