import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type EventMessage, eventMessageSchema } from "../../contract/events.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { createKit, type KitEnv, type KitOptions, type ObjectKit } from "./object-kit.ts";

/** A queue that remembers what it was given and fails when told to. */
export class FakeQueue {
  readonly batches: EventMessage[][] = [];
  down = false;

  get messages(): EventMessage[] {
    return this.batches.flat();
  }

  get seqs(): number[] {
    return this.messages.map((message) => message.seq);
  }

  async sendBatch(messages: Iterable<{ body: unknown }>): Promise<QueueSendBatchResponse> {
    if (this.down) throw new Error("the queue is down");
    this.batches.push([...messages].map((message) => eventMessageSchema.parse(message.body)));
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  }
}

export interface Opened {
  readonly kit: ObjectKit;
  readonly state: DurableObjectState;
}

/**
 * A real object of the runtime in which kits are opened by hand, with a fake queue. The kit lives until `evict`, like
 * the instance of a class would.
 */
export class Probe {
  readonly queue = new FakeQueue();
  readonly #stub;
  readonly #options: Partial<KitOptions>;
  readonly #env: Partial<KitEnv>;
  #opened: Opened | undefined;

  constructor(name: string, options: Partial<KitOptions> = {}, kitEnv: Partial<KitEnv> = {}) {
    this.#stub = env.ATTEMPTS.getByName(`platform/attempts/${name}`);
    this.#options = options;
    this.#env = kitEnv;
  }

  /** The open kit, for handlers that already run inside of the object. */
  get kit(): ObjectKit {
    if (!this.#opened) throw new Error("not open");
    return this.#opened.kit;
  }

  /** Runs inside of the object; the kit is made by the first call after a start. */
  async run<T>(work: (opened: Opened) => T | Promise<T>, options: Partial<KitOptions> = {}): Promise<T> {
    return await runInDurableObject(this.#stub, async (_instance, state) => {
      this.#opened ??= { kit: this.#make(state, options), state };
      return await work(this.#opened);
    });
  }

  /** Runs inside of the object with its kit open. */
  async open<T>(work: (opened: Opened) => T | Promise<T>, options: Partial<KitOptions> = {}): Promise<T> {
    return await this.run(async (opened) => {
      await opened.kit.ready();
      return await work(opened);
    }, options);
  }

  /** Memory is gone, storage stays. */
  async evict(): Promise<void> {
    await evictDurableObject(this.#stub);
    this.#opened = undefined;
  }

  /** What the platform does when the alarm is due: takes it away, then calls. */
  async fireAlarm(): Promise<void> {
    await this.run(async ({ kit, state }) => {
      await state.storage.deleteAlarm();
      await kit.alarm();
    });
  }

  async alarmAt(): Promise<number | null> {
    return await this.run(async ({ state }) => await state.storage.getAlarm());
  }

  #make(state: DurableObjectState, options: Partial<KitOptions>): ObjectKit {
    const kitEnv = { EVENTS: this.queue, ARCHIVE: env.ARCHIVE, ...this.#env };
    return createKit(state, kitEnv, { kind: "attempts", migrations: [], ...this.#options, ...options });
  }
}

/** A call of somebody, with an Idempotency-Key when one is named. */
export function metaOf(key?: string, more: { actor?: string; route?: string; bodyHash?: string } = {}): CallMeta {
  const base = { requestId: "request-1", actor: more.actor ?? "user:1", actorName: "Ada" };
  return key === undefined
    ? base
    : { ...base, idempotency: { key, route: more.route ?? "POST /v1/things", bodyHash: more.bodyHash ?? "hash-1" } };
}

/** Lets background work of this turn come to its end: it only awaits promises that are already settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
