import { env, runInDurableObject } from "cloudflare:test";
import type { ServerFrame } from "../../contract/live.ts";
import { type Admission, ADMISSION_HEADER, type Publication } from "../../contract/rpc/hub.ts";
import type { TopicPosition } from "../../contract/rpc/metrics.ts";
import type { Hub } from "./hub.ts";

let hubs = 0;

/** A hub of a tenant of its own. */
export function newHub(tenantId = `live-${++hubs}`): DurableObjectStub<Hub> {
  return env.HUB.getByName(`${tenantId}/hub/0`);
}

export function admission(changed: Partial<Admission> = {}): Admission {
  return {
    v: 1,
    actor: "key:k1",
    credential: "key:k1",
    actions: ["metrics:read"],
    checkedAt: Date.now(),
    credentialExpiresAt: null,
    ticket: null,
    ...changed,
  };
}

const open = new Set<WebSocket>();

/** Ends what a test left open: objects that are reset under a socket complain loudly. */
export function closeAll(): void {
  for (const socket of open) socket.close(1000, "the test is over");
  open.clear();
}

/** A client's end of a socket that keeps what it hears, so that a test can wait for the next frame of a kind. */
export class TestSocket {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  #wake: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      this.texts.push(text);
      const frame = JSON.parse(text) as ServerFrame; // what our own hub sends
      this.frames.push(frame);
      this.#rouse();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      open.delete(socket);
      this.#rouse();
    });
    socket.accept();
    open.add(socket);
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify({ v: 1, ...frame }));
  }

  /** The next frame of this type, also one that came before the call; each is given out once. */
  async next<T extends ServerFrame["type"]>(type: T): Promise<Extract<ServerFrame, { type: T }>> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type);
      if (at >= 0) return this.frames.splice(at, 1)[0] as Extract<ServerFrame, { type: T }>; // found by its type
      if (this.closed) throw new Error(`closed with ${this.closed.code} before ${type}`);
      await this.#news();
    }
  }

  async whenClosed(): Promise<{ code: number; reason: string }> {
    while (!this.closed) await this.#news();
    return this.closed;
  }

  async #news(): Promise<void> {
    await new Promise<void>((done) => this.#wake.push(done));
  }

  #rouse(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** What sockets are opened at: a hub, or a board. */
type Doorstep = Pick<DurableObjectStub, "fetch">;

/** Knocks as the edge does. */
export async function knock(hub: Doorstep, who: Admission = admission()): Promise<Response> {
  const headers = { upgrade: "websocket", [ADMISSION_HEADER]: encodeURIComponent(JSON.stringify(who)) };
  return await hub.fetch("https://hub/", { headers });
}

/** How a knock is answered, with the answer read to its end: an object with an open answer cannot be evicted. */
export async function statusOf(hub: Doorstep, who: Admission): Promise<number> {
  const response = await knock(hub, who);
  if (!response.webSocket) await response.text();
  return response.status;
}

/** A socket past its welcome. */
export async function connect(hub: Doorstep, who: Admission = admission()): Promise<TestSocket> {
  const { webSocket } = await knock(hub, who);
  if (!webSocket) throw new Error("the hub refused");
  const client = new TestSocket(webSocket);
  await client.next("welcome");
  return client;
}

export interface FakePublisher {
  readonly calls: { hub: string; topics: readonly string[]; untilMs: number }[];
  positions: Record<string, TopicPosition>;
  failing: boolean;
}

/** Puts a publisher of the test's own behind the hub, until it is evicted. */
export async function fakePublisher(hub: DurableObjectStub<Hub>, fake: FakePublisher = newPublisher()): Promise<FakePublisher> {
  const shard = {
    interest: async (name: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]> => {
      fake.calls.push({ hub: name, topics, untilMs });
      if (fake.failing) throw new Error("the publisher is away");
      return topics.map((topic) => fake.positions[topic] ?? { topic, epoch: "e1", offset: 0 });
    },
  };
  await runInDurableObject(hub, (instance) => {
    Object.defineProperty(instance, "env", { value: { ...env, METRICS: { getByName: () => shard } }, configurable: true });
  });
  return fake;
}

export function newPublisher(): FakePublisher {
  return { calls: [], positions: {}, failing: false };
}

export function publication(channel: string, offset: number, data: unknown = { offset }, epoch = "e1"): Publication {
  return { channel, epoch, offset, type: "test", at: 1_000 + offset, data };
}
