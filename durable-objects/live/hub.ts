import { DurableObject } from "cloudflare:workers";
import { callObject, objectAt } from "../../contract/address.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { LIVE_ACTIONS, type LivePublisher } from "../../contract/live-codes.ts";
import { PLACE_HUBS } from "../../contract/live-revocation.ts";
import type { Admission, HubRpc, LivePlace, Publication } from "../../contract/rpc/hub.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
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
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { HubEffect, HubTimer } from "../../core/live/effects.ts";
import { HubMachine } from "../../core/live/hub-machine.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { answerProblem, readAdmission } from "./admission.ts";
import { HUB_MIGRATIONS, HubGate } from "./hub-gate.ts";
import { closeAtPage, HubPlaces, placeOf } from "./hub-places.ts";
import { admissionOf } from "./hub-token.ts";
import { SocketBook } from "./socket-book.ts";
import { TOPICS_TIMER } from "./topics/home.ts";
import { HubTopics } from "./topics/hub-topics.ts";

const TIMERS: readonly HubTimer[] = ["interest", "expiry"];

/** `{tenantId}/hub/{n}`: live sockets. The protocol is `core/live/hub-machine.ts`; here its effects meet sockets, storage and publishers. */
export class Hub extends DurableObject<ObjectsEnv> implements HubRpc {
  readonly #kit: ObjectKit;
  readonly #sockets: SocketBook;
  readonly #gate: HubGate;
  readonly #places: HubPlaces;
  readonly #topics: HubTopics;
  #machine = new HubMachine();

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, {
      kind: "hub",
      migrations: HUB_MIGRATIONS,
      registered: true,
      timers: {
        interest: (now) => this.#apply(this.#machine.interestDue(now)),
        expiry: (now) => this.#apply(this.#machine.expire(now)),
        [TOPICS_TIMER]: (now) => this.#topics.home.expire(now),
      },
      load: () => this.#restore(),
      forgetSubject: (_subject, ref) => this.#topics.home.store.forgetPublisher(`subject:${ref}`),
    });
    this.#sockets = new SocketBook(ctx);
    this.#gate = new HubGate(ctx.storage.sql);
    this.#places = new HubPlaces(ctx.storage.sql);
    this.#topics = new HubTopics({
      kit: this.#kit,
      hubs: () => this.env.HUB,
      machine: () => this.#machine,
      apply: (effects) => this.#apply(effects),
      background: (work) => this.#background(work),
    });
  }

  override async fetch(request: Request): Promise<Response> {
    await this.#kit.ready();
    const admission = readAdmission(request);
    if (!admission) return answerProblem({ slug: "bad-request", detail: "A hub takes sockets from the edge only." });
    const now = this.#kit.now();
    const problem = this.#machine.refusal() ?? this.#kit.transaction(() => this.#gate.admit(admission, now));
    if (problem) return answerProblem(problem);
    const id = uuidv7(now, cryptoRandom);
    const response = this.#sockets.accept(id, admission, request);
    this.#background(this.#apply(this.#machine.join(id, admission, now)));
    return response;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#kit.ready();
    const id = this.#sockets.idOf(socket);
    if (id !== undefined) this.#background(this.#apply(this.#machine.receive(id, message, this.#kit.now())));
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#sockets.completeClose(socket, code, reason);
    await this.#forget(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#forget(socket);
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    const report = await this.#kit.maintain(order);
    if (order.type === "import" && order.last) {
      await this.#kit.ready();
      this.#kit.transaction(() => this.#topics.home.beginAnew());
    }
    return report;
  }

  override async alarm(): Promise<void> {
    await this.#kit.alarm();
  }

  async publish(publications: readonly Publication[]): Promise<number> {
    await this.#kit.ready();
    const { effects, subscribers } = this.#machine.publish(publications, this.#kit.now());
    this.#background(this.#apply(effects));
    return subscribers;
  }

  async closeCredentials(credentials: readonly string[], at?: number): Promise<number> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#gate.revoke(credentials, at ?? this.#kit.now()));
    const { effects, closed } = this.#machine.closeCredentials(credentials, at);
    this.#background(this.#apply(effects));
    return closed;
  }

  async kick(connectionId: string): Promise<boolean> {
    await this.#kit.ready();
    const { effects, found } = this.#machine.kick(connectionId, this.#kit.now());
    this.#background(this.#apply(effects));
    return found;
  }

  async notePlace(place: LivePlace, admission: Admission): Promise<Outcome<number | null>> {
    await this.#kit.ready();
    return this.#kit.transaction(() => {
      const now = this.#kit.now();
      const problem = this.#gate.refusal(admission, now);
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
    return await this.#kit.read(() => this.#topics.home.configure(definition));
  }

  async removeTopic(channel: string, version: number): Promise<{ left: boolean }> {
    return await this.#kit.read(() => this.#topics.home.remove(channel, version));
  }

  async publishTo(channel: string, writes: readonly TopicWrite[], whole: boolean): Promise<Outcome<{ items: TopicResult[] }>> {
    return await this.#kit.read(() => this.#topics.home.publish(channel, writes, whole));
  }

  async askTopic<Q extends TopicQuestion>(channel: string, question: Q, ask: TopicQuestions[Q]["ask"]) {
    return await this.#kit.read(() => this.#topics.home.ask(channel, question, ask));
  }

  async follow(hub: number, channel: string): Promise<TopicStanding | null> {
    return await this.#kit.read(() => this.#topics.home.follow(channel, hub));
  }

  async since(channel: string, since: TopicSince): Promise<TopicRecovery | null> {
    return await this.#kit.read(() => this.#topics.home.since(channel, since));
  }

  async relay(publications: readonly Publication[]): Promise<string[]> {
    return await this.#kit.read(() => this.#topics.relay(publications));
  }

  async noteHome(channel: string, home: number | null, version: number): Promise<void> {
    await this.#kit.read(() => this.#topics.home.store.noteHome(channel, home, version));
  }

  async homeOf(channel: string): Promise<number | null> {
    return await this.#kit.read(() => this.#topics.home.store.homeOf(channel));
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#kit.outbox.confirm(seqs));
  }

  #restore(): Promise<void> {
    this.#machine = new HubMachine();
    const attachments = this.#sockets.restore((attachment) => HubMachine.idOf(attachment));
    const timers = Object.fromEntries(
      TIMERS.flatMap((name) => [[name, this.#kit.timers.get(name)] as const]).filter(([, at]) => at !== undefined),
    );
    this.#background(this.#apply(this.#machine.restore(attachments, timers, this.#kit.now())));
    this.#topics.home.tellAgain();
    return Promise.resolve();
  }

  async #forget(socket: WebSocket): Promise<void> {
    await this.#kit.ready();
    const id = this.#sockets.forget(socket);
    if (id !== undefined) await this.#apply(this.#machine.leave(id, this.#kit.now()));
  }

  /** Does what the machine wants, in order and at once; resolves when what asks others has been answered. */
  async #apply(effects: readonly HubEffect[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#sockets.send(effect.socket, effect.text);
          break;
        case "save":
          this.#sockets.save(effect.socket, effect.attachment);
          break;
        case "close":
          this.#sockets.close(effect.socket, effect.code, effect.reason);
          break;
        case "timer":
          this.#setTimer(effect.name, effect.at);
          break;
        case "expiry":
          this.#setTimer("expiry", effect.at);
          break;
        case "flush":
          // Pacing only: what is lost with this timer would have been lost with the sockets themselves.
          setTimeout(() => this.#background(this.#apply(this.#machine.flush(this.#kit.now()))), effect.inMs);
          break;
        case "report":
          asked.push(this.#report());
          break;
        case "interest":
          asked.push(this.#ask(effect.publisher, effect.topics, effect.untilMs));
          break;
        case "follow":
        case "recall":
        case "fetch":
        case "publish":
          asked.push(this.#topics.do(effect));
          break;
        case "verify":
          asked.push(this.#verify(effect.socket, effect.token));
          break;
      }
    }
    await Promise.all(asked);
  }

  #setTimer(name: HubTimer, at: number | null): void {
    const { timers } = this.#kit;
    if (at === null) timers.clear(name);
    else if (timers.get(name) !== at) timers.set(name, at);
  }

  async #ask(publisher: LivePublisher, topics: readonly string[], untilMs: number): Promise<void> {
    let positions: TopicPosition[];
    try {
      positions = await callObject(() => this.#publisher(publisher).interest(this.#kit.address.name, topics, untilMs));
    } catch (error) {
      logLine("warn", "a publisher could not be told of topics", { publisher, topics: topics.length, error: errorText(error) });
      await this.#apply(this.#machine.interestFailed(publisher, this.#kit.now()));
      return;
    }
    await this.#apply(this.#machine.positions(publisher, topics, untilMs, positions, this.#kit.now()));
  }

  async #report(): Promise<void> {
    const { tenantId, name } = this.#kit.address;
    const object = `hub/${name}`;
    const { shed: _shed, ...queued } = this.#topics.home.queued();
    const report = { ...this.#machine.takeReport(object, this.#kit.now()), queued, slowQueries: [] };
    try {
      const figures = objectAt(this.env.REALTIME, { tenantId, kind: "realtime", name: "main" });
      this.#machine.watched(await callObject(() => figures.report(object, { ...report, outboxDepth: this.#kit.outbox.status().depth })));
    } catch (error) {
      // Operators see the next one.
      logLine("warn", "a hub's figures could not be reported", { error: errorText(error) });
    }
  }

  #publisher(publisher: LivePublisher) {
    const { tenantId } = this.#kit.address;
    switch (publisher) {
      case "metrics":
        return objectAt(this.env.METRICS, { tenantId, kind: "metrics", name: "0" });
      case "topic":
        throw new Error("topics are followed at their homes");
    }
  }

  async #verify(id: string, token: string): Promise<void> {
    let admission: Admission | null = null;
    try {
      const { tenantId, name } = this.#kit.address;
      // Hubs beyond the first are found by their places, as boards and rooms are.
      const noted = Number(name) < PLACE_HUBS ? {} : { place: { kind: "hub", name } as const };
      const found = await admissionOf({ env: this.env, tenantId, actions: LIVE_ACTIONS, ...noted }, token, this.#kit.now());
      if (found && !this.#kit.transaction(() => this.#gate.admit(found, this.#kit.now()))) admission = found;
    } catch (error) {
      // The socket keeps the credential it has and may try again.
      logLine("warn", "a refresh could not be checked", { error: errorText(error) });
    }
    await this.#apply(this.#machine.refreshed(id, admission));
  }

  #background(work: Promise<void>): void {
    this.ctx.waitUntil(work);
  }
}
