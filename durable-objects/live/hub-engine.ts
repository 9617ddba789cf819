import { callObject, objectAt } from "../../contract/address.ts";
import { LIVE_ACTIONS, type LivePublisher } from "../../contract/live-codes.ts";
import { PLACE_HUBS } from "../../contract/live-revocation.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
import type { HubEffect, HubTimer } from "../../core/live/effects.ts";
import { HubMachine } from "../../core/live/hub-machine.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";
import type { ObjectKit } from "../kit/object-kit.ts";
import { setOrClear, SocketShell } from "./socket-shell.ts";
import { HubTopics } from "./topics/hub-topics.ts";

const TIMERS: readonly HubTimer[] = ["interest", "expiry"];

type Env = Pick<ObjectsEnv, "TENANT" | "HUB" | "KEY_RING" | "METRICS" | "REALTIME">;

const DONE = Promise.resolve();

/** A hub's machine, and what does its effects: sockets, storage, publishers and the homes of topics. */
export class HubEngine {
  readonly shell: SocketShell;
  readonly topics: HubTopics;
  readonly #kit: ObjectKit;
  readonly #env: () => Env;
  readonly #background: (work: Promise<void>) => void;
  #machine = new HubMachine();

  /**
   * Made in the object's constructor, which lets the runtime answer pings; touches no storage.
   * @param env asked at each use: the object's own may be replaced
   */
  constructor(ctx: DurableObjectState, env: () => Env, kit: ObjectKit) {
    this.#kit = kit;
    this.#env = env;
    this.#background = (work) => ctx.waitUntil(work);
    this.shell = new SocketShell(ctx, {
      kit,
      env: env(),
      timer: "expiry",
      actions: LIVE_ACTIONS,
      // Hubs beyond the first are found by their places, as boards and rooms are.
      place: () => (Number(kit.address.name) < PLACE_HUBS ? undefined : { kind: "hub", name: kit.address.name }),
      refreshed: async (id, admission) => await this.apply(this.#machine.refreshed(id, admission)),
    });
    this.topics = new HubTopics({
      kit,
      hubs: () => env().HUB,
      machine: () => this.#machine,
      apply: async (effects) => await this.apply(effects),
      background: this.#background,
    });
  }

  /** Another one after each load. */
  get machine(): HubMachine {
    return this.#machine;
  }

  /** The sockets that slept: at every load, once the object's rows can be read. */
  restore(): void {
    this.#machine = new HubMachine();
    const attachments = this.shell.book.restore((attachment) => HubMachine.idOf(attachment));
    const timers = Object.fromEntries(
      TIMERS.flatMap((name) => [[name, this.#kit.timers.get(name)] as const]).filter(([, at]) => at !== undefined),
    );
    this.start(this.#machine.restore(attachments, timers, this.#kit.now()));
    this.topics.home.tellAgain();
  }

  /** Does what the machine wants; nobody waits for what asks others. */
  start(effects: readonly HubEffect[]): void {
    this.#background(this.apply(effects));
  }

  /** Does what the machine wants, in order and at once; resolves when what asks others has been answered. */
  async apply(effects: readonly HubEffect[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (const effect of effects) {
      switch (effect.type) {
        case "timer":
          setOrClear(this.#kit, effect.name, effect.at);
          break;
        case "flush":
          // Pacing only: what is lost with this timer would have been lost with the sockets themselves.
          setTimeout(() => this.start(this.#machine.flush(this.#kit.now())), effect.inMs);
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
          asked.push(this.topics.do(effect));
          break;
        case "send":
        case "save":
        case "close":
        case "expiry":
        case "verify":
          asked.push(this.shell.do(effect) ?? DONE);
      }
    }
    await Promise.all(asked);
  }

  async #ask(publisher: LivePublisher, topics: readonly string[], untilMs: number): Promise<void> {
    let positions: TopicPosition[];
    try {
      positions = await callObject(() => this.#publisher(publisher).interest(this.#kit.address.name, topics, untilMs));
    } catch (error) {
      logLine("warn", "a publisher could not be told of topics", { publisher, topics: topics.length, error: errorText(error) });
      await this.apply(this.#machine.interestFailed(publisher, this.#kit.now()));
      return;
    }
    await this.apply(this.#machine.positions(publisher, topics, untilMs, positions, this.#kit.now()));
  }

  async #report(): Promise<void> {
    const { tenantId, name } = this.#kit.address;
    const object = `hub/${name}`;
    const { shed: _shed, ...queued } = this.topics.home.queued();
    const report = { ...this.#machine.takeReport(object, this.#kit.now()), queued, slowQueries: [] };
    try {
      const figures = objectAt(this.#env().REALTIME, { tenantId, kind: "realtime", name: "main" });
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
        return objectAt(this.#env().METRICS, { tenantId, kind: "metrics", name: "0" });
      case "topic":
        throw new Error("topics are followed at their homes");
    }
  }
}
