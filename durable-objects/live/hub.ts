import { DurableObject } from "cloudflare:workers";
import * as z from "zod";
import { callObject, objectAt } from "../../contract/address.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { LIVE_CLOSE, LIVE_SUBPROTOCOL, type LivePublisher } from "../../contract/live-codes.ts";
import { type Problem, PROBLEMS } from "../../contract/problems.ts";
import { type Admission, ADMISSION_HEADER, admissionSchema, type HubRpc, type Publication } from "../../contract/rpc/hub.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
import type { MaintenanceOrder, MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import type { HubEffect, HubTimer } from "../../core/live/effects.ts";
import { HubMachine } from "../../core/live/hub-machine.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import { createKit, type ObjectKit } from "../kit/object-kit.ts";
import { createSockets, type Sockets } from "../kit/sockets.ts";
import { HUB_MIGRATIONS, HubGate } from "./hub-gate.ts";
import { admissionOf } from "./hub-token.ts";

const TIMERS: readonly HubTimer[] = ["interest", "expiry"];

/** `{tenantId}/hub/{n}`: live sockets. The protocol is `core/live/hub-machine.ts`; here its effects meet sockets, storage and publishers. */
export class Hub extends DurableObject<ObjectsEnv> implements HubRpc {
  readonly #kit: ObjectKit;
  readonly #sockets: Sockets<string>;
  readonly #gate: HubGate;
  #machine = new HubMachine();
  /** Both ways between sockets and connection ids; the truth is in the attachments. */
  readonly #byId = new Map<string, WebSocket>();
  readonly #ids = new WeakMap<WebSocket, string>();

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#kit = createKit(ctx, env, {
      kind: "hub",
      migrations: HUB_MIGRATIONS,
      registered: true,
      timers: {
        interest: (now) => this.#apply(this.#machine.interestDue(now)),
        expiry: (now) => this.#apply(this.#machine.expire(now)),
      },
      load: () => this.#restore(),
    });
    this.#sockets = createSockets(ctx, { version: 1, attachment: z.string() });
    this.#gate = new HubGate(ctx.storage.sql);
  }

  override async fetch(request: Request): Promise<Response> {
    await this.#kit.ready();
    const admission = readAdmission(request.headers.get(ADMISSION_HEADER));
    if (!admission || request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return answer({ slug: "bad-request", detail: "A hub takes sockets from the edge only." });
    }
    const now = this.#kit.now();
    const problem = this.#machine.refusal() ?? this.#kit.transaction(() => this.#gate.admit(admission, now));
    if (problem) return answer(problem);
    const id = uuidv7(now, cryptoRandom);
    const offered = request.headers.get("sec-websocket-protocol") === LIVE_SUBPROTOCOL;
    const { response, socket } = this.#sockets.accept({
      credential: admission.credential,
      tags: [admission.actor],
      attachment: "", // the machine's first effect fills it, before anything can happen in between
      ...(offered ? { protocol: LIVE_SUBPROTOCOL } : {}),
    });
    this.#know(id, socket);
    this.#background(this.#apply(this.#machine.join(id, admission, now)));
    return response;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#kit.ready();
    const id = this.#ids.get(socket);
    if (id === undefined) this.#sockets.close(socket, LIVE_CLOSE.restart, "reconnect");
    else this.#background(this.#apply(this.#machine.receive(id, message, this.#kit.now())));
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#sockets.completeClose(socket, code, reason);
    await this.#forget(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#forget(socket);
  }

  async maintain<O extends MaintenanceOrder>(order: O): Promise<MaintenanceReport<O>> {
    return await this.#kit.maintain(order);
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

  async closeCredentials(credentials: readonly string[]): Promise<number> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#gate.revoke(credentials, this.#kit.now()));
    const { effects, closed } = this.#machine.closeCredentials(credentials);
    this.#background(this.#apply(effects));
    return closed;
  }

  async outboxStatus(): Promise<{ depth: number; oldestAt: number | null }> {
    return await this.#kit.read(() => this.#kit.outbox.status());
  }

  async confirmOutbox(seqs: readonly number[]): Promise<void> {
    await this.#kit.ready();
    this.#kit.transaction(() => this.#kit.outbox.confirm(seqs));
  }

  /** The sockets that slept. One whose attachment cannot be read belongs to another release: it reconnects. */
  #restore(): Promise<void> {
    this.#machine = new HubMachine();
    const attachments: string[] = [];
    for (const socket of this.#sockets.tagged()) {
      const attachment = this.#sockets.read(socket);
      if (attachment === "") continue; // closed by us, the other side has not answered yet
      const id = attachment === undefined ? undefined : HubMachine.idOf(attachment);
      if (attachment === undefined || id === undefined) {
        this.#sockets.close(socket, LIVE_CLOSE.restart, "reconnect");
        continue;
      }
      attachments.push(attachment);
      this.#know(id, socket);
    }
    const timers = Object.fromEntries(
      TIMERS.flatMap((name) => [[name, this.#kit.timers.get(name)] as const]).filter(([, at]) => at !== undefined),
    );
    this.#background(this.#apply(this.#machine.restore(attachments, timers, this.#kit.now())));
    return Promise.resolve();
  }

  #know(id: string, socket: WebSocket): void {
    this.#byId.set(id, socket);
    this.#ids.set(socket, id);
  }

  async #forget(socket: WebSocket): Promise<void> {
    await this.#kit.ready();
    const id = this.#ids.get(socket);
    if (id === undefined) return;
    this.#byId.delete(id);
    await this.#apply(this.#machine.leave(id));
  }

  /** Does what the machine wants, in order and at once; resolves when what asks others has been answered. */
  async #apply(effects: readonly HubEffect[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.#with(effect.socket, (socket) => this.#sockets.send(socket, effect.text));
          break;
        case "save":
          this.#with(effect.socket, (socket) => this.#sockets.write(socket, effect.attachment));
          break;
        case "close":
          this.#with(effect.socket, (socket) => {
            this.#sockets.write(socket, ""); // a sleep before the other side answers must not bring it back
            this.#sockets.close(socket, effect.code, effect.reason);
            this.#ids.delete(socket);
          });
          this.#byId.delete(effect.socket);
          break;
        case "timer":
          if (effect.at === null) this.#kit.timers.clear(effect.name);
          else if (this.#kit.timers.get(effect.name) !== effect.at) this.#kit.timers.set(effect.name, effect.at);
          break;
        case "flush":
          // Pacing only: what is lost with this timer would have been lost with the sockets themselves.
          setTimeout(() => this.#background(this.#apply(this.#machine.flush(this.#kit.now()))), effect.inMs);
          break;
        case "interest":
          asked.push(this.#ask(effect.publisher, effect.topics, effect.untilMs));
          break;
        case "verify":
          asked.push(this.#verify(effect.socket, effect.token));
          break;
      }
    }
    await Promise.all(asked);
  }

  #with(id: string, work: (socket: WebSocket) => void): void {
    const socket = this.#byId.get(id);
    if (socket) work(socket);
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

  #publisher(publisher: LivePublisher) {
    const { tenantId } = this.#kit.address;
    switch (publisher) {
      case "metrics":
        return objectAt(this.env.METRICS, { tenantId, kind: "metrics", name: "0" });
    }
  }

  async #verify(id: string, token: string): Promise<void> {
    let admission: Admission | null = null;
    try {
      const found = await admissionOf({ env: this.env, tenantId: this.#kit.address.tenantId }, token, this.#kit.now());
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

/** The edge's word on a socket; undefined when the header is not one. */
function readAdmission(header: string | null): Admission | undefined {
  try {
    const parsed = admissionSchema.safeParse(JSON.parse(decodeURIComponent(header ?? "")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // no header, or not ours
  }
}

/** A refusal before the upgrade, as the edge reads it. */
function answer(problem: Problem): Response {
  return Response.json(problem, { status: PROBLEMS[problem.slug].status });
}
