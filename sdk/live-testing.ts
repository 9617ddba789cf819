import type { ClientFrame, Envelope, ServerFrame } from "../contract/live.ts";
import { LIVE_PING, LIVE_PONG } from "../contract/live-codes.ts";
import { LiveClient, type LiveDeps, type LiveSocketEvents, type LiveStatus } from "./live.ts";

/** One socket as the server sees it. */
export class ServerSocket {
  readonly url: string;
  readonly heard: ClientFrame[] = [];
  pings = 0;
  closedByClient = false;
  closeCode: number | undefined;
  answersPings = true;
  readonly #events: LiveSocketEvents;
  #sent = 0;

  constructor(url: string, events: LiveSocketEvents) {
    this.url = url;
    this.#events = events;
  }

  take(text: string): void {
    if (text === LIVE_PING) {
      this.pings++;
      if (this.answersPings) this.#events.message(LIVE_PONG);
    } else this.heard.push(JSON.parse(text) as ClientFrame); // the client under test
  }

  /** Sends a frame with the next number, or with one of the test's own. */
  send(frame: object, n = this.#sent + 1): void {
    this.#sent = n;
    this.#events.message(JSON.stringify({ v: 1, n, ...frame }));
  }

  raw(text: string): void {
    this.#events.message(text);
  }

  binary(bytes: ArrayBuffer): void {
    this.#events.binary?.(bytes);
  }

  welcome(): void {
    this.send({ type: "welcome", connectionId: "c", serverTime: 0, ackEveryFrames: 64, ackEveryMs: 1_000 });
  }

  /** Answers the newest subscribe of this channel. */
  confirm(channel: string, offset: number, epoch = "e1", recovered = false): void {
    const frame = this.heard.findLast((heard) => heard.type === "subscribe" && heard.channel === channel);
    this.send({ type: "subscribed", id: frame && "id" in frame ? frame.id : "", channel, epoch, offset, recovered });
  }

  batch(channel: string, offsets: readonly number[], more: Partial<Extract<ServerFrame, { type: "batch" }>> = {}, epoch = "e1"): void {
    const events: Envelope[] = offsets.map((offset) => ({ v: 1, type: "t", id: "i", at: 0, channel, epoch, offset, data: offset }));
    this.send({ type: "batch", events, ...more });
  }

  close(code: number): void {
    this.#events.closed(code, "");
  }

  of<T extends ClientFrame["type"]>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.heard.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }
}

/** A client in a world where time moves only by hand. */
export class LiveWorld {
  now = 1_000_000;
  random = 0.5;
  readonly sockets: ServerSocket[] = [];
  readonly statuses: LiveStatus[] = [];
  urls = 0;
  refuseUrl: unknown;
  refuseOpen = false;
  readonly client: LiveClient;
  readonly deps: LiveDeps;
  #timers: { at: number; work: () => void }[] = [];

  constructor(replaced: Partial<LiveDeps> = {}) {
    this.deps = {
      ...replaced,
      url: async () => {
        this.urls++;
        if (this.refuseUrl !== undefined) throw this.refuseUrl;
        return `wss://x/?ticket=${this.urls}`;
      },
      open: (url, events) => {
        if (this.refuseOpen) throw new Error("not an address");
        const socket = new ServerSocket(url, events);
        this.sockets.push(socket);
        return {
          send: (text) => socket.take(text),
          close: (code) => {
            socket.closedByClient = true;
            socket.closeCode = code;
          },
        };
      },
      now: () => this.now,
      random: () => this.random,
      after: (ms, work) => {
        const timer = { at: this.now + ms, work };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
    };
    this.client = new LiveClient(this.deps);
    this.client.onStatus((status) => this.statuses.push(status));
  }

  get socket(): ServerSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  get status(): LiveStatus {
    return this.client.status;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Moves time and runs what falls due, in order. */
  async forward(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.work();
      await settle();
    }
    this.now = end;
    await settle();
  }

  /** Connected and welcomed. */
  async live(): Promise<ServerSocket> {
    this.client.connect();
    await settle();
    this.socket.welcome();
    return this.socket;
  }
}

/** Lets promises that are already settled have their say. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
