import type { ClientFrame } from "../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_PING } from "../contract/live-codes.ts";
import type { RoomFrame } from "../contract/room-live.ts";
import type { LiveDeps, LiveFrame, LiveSocket } from "./live-types.ts";

/** What one connection tells its client. `ended` comes once; nothing comes after it. */
export interface LinkEvents {
  frame(frame: LiveFrame): void;
  ended(code: number): void;
}

/** Said by `ended` when the link gave up by itself: a silent server, a number left out, no welcome. No server sends it. */
export const LINK_LOST = 1006;

/**
 * One connection: checks that frames are numbered without holes, acknowledges them, pings, and ends itself when the
 * other side stays silent. A socket whose network is gone says nothing for minutes, hence the pings.
 */
export class LiveLink {
  readonly #deps: LiveDeps;
  readonly #events: LinkEvents;
  readonly #socket: LiveSocket;
  #ended = false;
  #received = 0;
  #acked = 0;
  #cancelAck: (() => void) | undefined;
  #cancelWatch: () => void = () => {};
  /** Frames behind one that is being inflated wait for it: their order is their numbering. */
  #waiting: Promise<void> | undefined;

  constructor(deps: LiveDeps, url: string, events: LinkEvents) {
    this.#deps = deps;
    this.#events = events;
    this.#socket = deps.open(url, {
      message: (text) => this.#inOrder(() => this.#read(text)),
      binary: (bytes) => this.#readBinary(bytes),
      closed: (code) => this.#finish(code),
    });
    this.#cancelWatch = deps.after(LIVE_LIMITS.pongWithinMs, () => this.end(LINK_LOST)); // until the welcome
  }

  send(frame: ClientFrame | RoomFrame): void {
    if (!this.#ended) this.#socket.send(JSON.stringify(frame));
  }

  /** Closes from this side; `code` is what `ended` reports. */
  end(code: number): void {
    if (this.#ended) return;
    this.#finish(code);
    // A hole is said to the server, which counts them; every other end of ours is none of its concern.
    this.#socket.close(code === LIVE_CLOSE.gap ? code : 1000, "");
  }

  #finish(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelAck?.();
    this.#cancelWatch();
    this.#events.ended(code);
  }

  #inOrder(work: () => void): void {
    if (this.#waiting) this.#waiting = this.#waiting.then(work);
    else work();
  }

  #readBinary(bytes: ArrayBuffer): void {
    const inflated = (this.#deps.inflate ?? inflateRaw)(bytes);
    const read = async (): Promise<void> => {
      try {
        this.#read(await inflated);
      } catch {
        this.end(LINK_LOST); // not deflate: what was in it is lost
      }
    };
    const waiting = (this.#waiting ?? Promise.resolve()).then(read).then(() => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    });
    this.#waiting = waiting;
  }

  #read(text: string): void {
    if (this.#ended) return;
    this.#watch();
    const frame = parseFrame(text);
    if (frame === undefined) return; // a pong, or a kind of frame that a newer server knows
    // Frames that are the same for many carry no number: theirs is the next.
    if ("n" in frame && frame.n !== this.#received + 1) {
      this.end(LIVE_CLOSE.gap); // a frame is missing: start again rather than show a picture with a hole
      return;
    }
    this.#received++;
    // The server's last word has the code of its close. The close itself may come seconds later: a runtime that lets an object
    // sleep ends its connections when it falls asleep.
    if (frame.type === "goodbye") return this.end(frame.code);
    this.#events.frame(frame);
    this.#acknowledge();
  }

  #acknowledge(): void {
    const isProbe = this.#received % LIVE_LIMITS.probeEvery === 0;
    if (isProbe || this.#received - this.#acked >= LIVE_LIMITS.ackEveryFrames) this.#ack();
    else this.#cancelAck ??= this.#deps.after(LIVE_LIMITS.ackEveryMs, () => this.#ack());
  }

  #ack(): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    if (this.#acked === this.#received) return;
    this.#acked = this.#received;
    this.send({ v: 1, type: "ack", n: this.#received });
  }

  /** Any message proves the other side alive; a quiet one is asked, and has a bounded time to answer. */
  #watch(): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#deps.after(LIVE_LIMITS.pingEveryMs, () => {
      if (this.#ended) return;
      this.#cancelWatch = this.#deps.after(LIVE_LIMITS.pongWithinMs, () => this.end(LINK_LOST));
      this.#socket.send(LIVE_PING);
    });
  }
}

/** Whether a close code says that trying again with the same credential cannot help. */
export function isFinal(code: number): "denied" | undefined {
  return code === LIVE_CLOSE.denied || code === LIVE_CLOSE.gone ? "denied" : undefined;
}

const FRAME_TYPES: ReadonlySet<unknown> = new Set<LiveFrame["type"]>([
  "welcome",
  "refreshed",
  "subscribed",
  "unsubscribed",
  "batch",
  "error",
  "goodbye",
  "ack",
  "typing",
  "presence",
  "receipts",
  "conflict",
  "degraded",
]);

async function inflateRaw(bytes: ArrayBuffer): Promise<string> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
}

function parseFrame(text: string): LiveFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== "object" || frame === null || !("type" in frame) || !FRAME_TYPES.has(frame.type)) return undefined;
    // The contract types what our own server sends; a schema library would triple the console's first load.
    return frame as LiveFrame;
  } catch {
    return undefined; // not JSON: nothing of ours
  }
}
