import { inflateRawSync } from "node:zlib";
import { serverFrameSchema, sharedFrameSchema } from "../../../contract/live.ts";
import type { Position } from "../frames.ts";

/** What travels to a client: a frame, or that the server closed. */
export type ToClient = string | Uint8Array | { readonly close: number };

/** One connection: what is on its way in both directions. */
export class Wire {
  readonly id: string;
  readonly client: NetworkClient;
  readonly toServer: string[] = [];
  readonly toClient: ToClient[] = [];
  /** The server has a socket for it. */
  serverOpen = true;
  /** The client still listens. */
  clientOpen = true;
  /** Something of it was lost, repeated or came in another order: the last of it may be missed unseen, until more comes. */
  tainted = false;

  constructor(id: string, client: NetworkClient) {
    this.id = id;
    this.client = client;
  }
}

/** A client of a room that recovers as the SDK does, and notes what it saw. */
export class NetworkClient {
  readonly name: string;
  /** Where it is in the log; undefined until its first subscription. */
  place: Position | undefined;
  /** From here on it has everything: it starts here, or was told that what is before it is not complete. */
  base = 0;
  /** Ids of what it got, by offset, above `base`. */
  readonly seen = new Map<number, string>();
  /** Said and not acknowledged. */
  readonly unsent = new Map<string, object>();
  /** Refs with the offset that acknowledged them. */
  readonly acked = new Map<string, number>();
  readonly asksDeflate: boolean;
  wire: Wire | undefined;
  subscribed = false;
  recoveries = 0;
  refusals = 0;
  gaps = 0;
  packed = 0;
  #received = 0;
  /** Answers are only believed once. */
  #began = false;

  constructor(name: string, asksDeflate: boolean) {
    this.name = name;
    this.asksDeflate = asksDeflate;
  }

  connect(wire: Wire): void {
    this.wire = wire;
    this.subscribed = false;
    this.#began = false;
    this.#received = 0;
  }

  /** Ends the connection from this side. */
  disconnect(): void {
    if (!this.wire) return;
    this.wire.clientOpen = false;
    this.wire.toServer.push("closed");
    this.wire = undefined;
    this.subscribed = false;
  }

  say(frame: object): void {
    this.wire?.toServer.push(JSON.stringify({ v: 1, ...frame }));
  }

  /** Says something that has to be acknowledged: again after each reconnect, until it is. */
  want(ref: string, frame: object): void {
    this.unsent.set(ref, frame);
    if (this.subscribed) this.say(frame);
  }

  resend(): void {
    if (this.subscribed) for (const frame of this.unsent.values()) this.say(frame);
  }

  acknowledge(): void {
    this.say({ type: "ack", n: this.#received });
  }

  read(data: ToClient): void {
    if (typeof data === "object" && "close" in data) {
      this.wire = undefined;
      this.subscribed = false;
      return;
    }
    if (typeof data !== "string") this.packed++;
    const text = typeof data === "string" ? data : new TextDecoder().decode(inflateRawSync(data));
    const json = JSON.parse(text) as { n?: number };
    if (json.n === undefined) return this.#shared(json);
    const frame = serverFrameSchema.parse(json);
    if (frame.n !== this.#received + 1) return this.#gap();
    this.#received++;
    switch (frame.type) {
      case "welcome":
        if (this.asksDeflate) this.say({ type: "options", data: { deflate: true } });
        return this.say({ type: "subscribe", id: "s", channel: "room/lobby", ...this.place, ...(this.place ? {} : { replay: 3 }) });
      case "subscribed":
        return this.#begin(frame);
      case "batch":
        return this.#events(frame.events);
      case "ack":
        for (const { ref, offset } of frame.items) {
          const before = this.acked.get(ref);
          const isSend = ref.startsWith("say-"); // said again has its first place; other changes change nothing again
          if (isSend && before !== undefined && before !== offset) throw new Error(`${ref} was acknowledged at ${before} and at ${offset}`);
          this.acked.set(ref, offset);
          this.unsent.delete(ref);
        }
        return;
      case "error":
        // Paced: said again later. Anything else is for good: the message it meant is deleted.
        if (frame.ref !== undefined && frame.code !== "rate-limited") this.unsent.delete(frame.ref);
        return;
      case "goodbye":
        return this.disconnect();
      case "refreshed":
      case "unsubscribed":
      case "conflict":
      case "degraded":
        return;
    }
  }

  #shared(json: object): void {
    const frame = sharedFrameSchema.parse(json);
    this.#received++;
    if (frame.type === "batch") this.#events(frame.events);
  }

  #begin({ epoch, offset, recovered }: { readonly epoch: string; readonly offset: number; readonly recovered: boolean }): void {
    if (this.#began) return this.#gap();
    this.#began = true;
    this.subscribed = true;
    if (recovered) {
      if (this.place?.epoch !== epoch) throw new Error(`${this.name} was told recovered into another epoch`);
      this.recoveries++;
    } else {
      if (this.place) this.refusals++;
      this.place = { epoch, offset };
      this.base = offset;
      this.seen.clear();
    }
    this.resend();
  }

  #events(events: readonly { readonly epoch: string; readonly offset: number; readonly id: string }[]): void {
    if (!this.place || !this.#began) return this.#gap(); // what came before the answer is of no known place
    for (const { epoch, offset, id } of events) {
      if (epoch !== this.place.epoch || offset > this.place.offset + 1) return this.#gap();
      if (offset <= this.place.offset) continue; // the beginning of a first view, or a frame that came twice
      this.seen.set(offset, id);
      this.place = { epoch, offset };
    }
  }

  #gap(): void {
    this.gaps++;
    this.disconnect();
  }
}
