import { type RawData, WebSocket } from "ws";

/** How one server's frames are spoken by the one raw client: what is said on opening, how a message is sent, what keeps it alive. */
export interface Wire {
  readonly url: (n: number) => string;
  readonly protocols?: readonly string[];
  /** Answers a frame that is no message; may send. Returns whether the socket is in the room now. */
  readonly greet: (text: string, send: (text: string) => void, n: number) => boolean;
  readonly message: (text: string, id: number) => string;
  /** So many frames after which the client says that it has read them; undefined where the protocol has no such thing. */
  readonly ack?: (received: number) => string | undefined;
}

/** What stands before each message's number in its text, so that a frame with many is counted without parsing it. */
const MARK = "~m~";
const DIGITS = 8;
const END = MARK.length + DIGITS;

/** A message of so many bytes that says its number. */
export function textOf(id: number, bytes: number): string {
  return `${MARK}${String(id).padStart(DIGITS, "0")}`.padEnd(bytes, "x");
}

export interface Told {
  /** Deliveries over all sockets. */
  readonly deliveries: number;
  readonly seconds: number;
  /** Milliseconds from sending to each delivery at sampled sockets. */
  readonly latencies: readonly number[];
  readonly sent: number;
  readonly lost: number;
  readonly twice: number;
}

/** Sockets of one room, driven by one process: each message has to reach all of them. */
export class Crowd {
  readonly #wire: Wire;
  readonly #sockets: WebSocket[] = [];
  readonly #received: number[] = [];
  readonly #last: number[] = [];
  #closing = false;
  #onDelivery: (socket: number, id: number) => void = () => undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get size(): number {
    return this.#sockets.length;
  }

  async open(count: number): Promise<void> {
    for (let from = 0; from < count; from += 50)
      await Promise.all(Array.from({ length: Math.min(50, count - from) }, async (_, at) => await this.#join(from + at)));
  }

  close(): void {
    this.#closing = true;
    for (const socket of this.#sockets) socket.terminate();
  }

  /**
   * Keeps so many messages under way for so long: the next goes out when one has reached everybody.
   * @param sampled one delivery of so many is timed
   */
  async run(inFlight: number, ms: number, bytes: number, firstId: number): Promise<Told> {
    const sentAt = new Map<number, number>();
    const missing = new Map<number, number>();
    const latencies: number[] = [];
    let deliveries = 0;
    let twice = 0;
    let next = firstId;
    const begun = performance.now();
    const end = begun + ms;
    return await new Promise<Told>((done) => {
      const finish = () => {
        clearInterval(watch);
        this.#onDelivery = () => undefined;
        const lost = [...missing.values()].reduce((sum, count) => sum + count, 0);
        done({ deliveries, seconds: (performance.now() - begun) / 1_000, latencies, sent: next - firstId, lost, twice });
      };
      const send = () => {
        const id = next++;
        sentAt.set(id, performance.now());
        missing.set(id, this.#sockets.length);
        const socket = this.#sockets[id % this.#sockets.length];
        socket?.send(this.#wire.message(textOf(id, bytes), id));
      };
      this.#last.fill(firstId - 1);
      this.#onDelivery = (socket, id) => {
        deliveries++;
        const left = missing.get(id);
        if (left === undefined) twice++;
        else if (left > 1) missing.set(id, left - 1);
        else {
          missing.delete(id);
          if (performance.now() < end) send();
          else if (missing.size === 0) finish();
        }
        if ((socket + id) % 7 === 0) latencies.push(performance.now() - (sentAt.get(id) ?? 0));
      };
      // What has not come long after the end is lost.
      const watch = setInterval(() => performance.now() > end + 5_000 && finish(), 100);
      for (let n = 0; n < inFlight; n++) send();
    });
  }

  async #join(n: number): Promise<void> {
    const socket = new WebSocket(this.#wire.url(n), [...(this.#wire.protocols ?? [])], {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    this.#sockets[n] = socket;
    this.#received[n] = 0;
    this.#last[n] = -1;
    await new Promise<void>((done, failed) => {
      let joined = false;
      socket.on("error", failed);
      socket.on("close", (code) => {
        if (!this.#closing) console.error(`socket ${n} was closed with ${code}`);
        failed(new Error(`socket ${n} was closed with ${code}`));
      });
      socket.on("message", (data, isBinary) => {
        if (isBinary) return;
        const text = textOfData(data);
        const ack = this.#wire.ack?.((this.#received[n] = (this.#received[n] ?? 0) + 1));
        if (ack !== undefined) socket.send(ack);
        if (!joined) {
          joined = this.#wire.greet(text, (frame) => socket.send(frame), n);
          if (joined) done();
          return;
        }
        let at = text.indexOf(MARK);
        if (at === -1) this.#wire.greet(text, (frame) => socket.send(frame), n);
        for (; at !== -1; at = text.indexOf(MARK, at + END)) this.#onDelivery(n, Number(text.slice(at + MARK.length, at + END)));
      });
      if (this.#wire.greet("", (frame) => socket.once("open", () => socket.send(frame)), n)) {
        joined = true;
        socket.once("open", () => done());
      }
    });
  }
}

/** The text of a message, as `ws` gives it by default: one Buffer. */
export function textOfData(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : "";
}

/** `ws`: what is sent is what comes. */
export function plainWire(port: number): Wire {
  return { url: () => `ws://127.0.0.1:${port}/`, greet: () => true, message: (text) => text };
}

/** socket.io 4 over Engine.IO 4: `0{…}` opens, `40` joins the namespace and is answered `40{…}`, `2` is a ping, `42[…]` an event. */
export function socketIoWire(port: number): Wire {
  return {
    url: () => `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
    greet: (text, send) => {
      if (text.startsWith("0{")) send("40");
      else if (text === "2") send("3");
      return text.startsWith("40");
    },
    message: (text) => `42["m","${text}"]`,
  };
}

/** Ours, in a room. @param key an API key: its messages have no rate */
export function roomWire(port: number, room: (n: number) => string, key: string): Wire {
  return {
    url: (n) => `ws://127.0.0.1:${port}/v1/rooms/${room(n)}/socket`,
    protocols: ["meridian.v1", `bearer.${key}`],
    greet: (text, send, n) => {
      if (text.includes('"type":"welcome"'))
        send(JSON.stringify({ v: 1, type: "subscribe", id: "s", channel: `room/${room(n)}`, replay: 0 }));
      return text.includes('"type":"subscribed"');
    },
    message: (text, id) => JSON.stringify({ v: 1, type: "send", clientId: String(id), text }),
    ack: (received) => (received % 32 === 0 ? JSON.stringify({ v: 1, type: "ack", n: received }) : undefined),
  };
}
