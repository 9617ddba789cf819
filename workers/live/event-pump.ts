import type { Envelope } from "../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS, type LiveCloseCode } from "../../contract/live-codes.ts";
import { accept, type Outcome, PROBLEMS, type ProblemSlug, refuse } from "../../contract/problems.ts";
import { degradedText, eventText, gapText, type Heard, HEARTBEAT_TEXT, openingText, placeText, readHeard } from "./event-frames.ts";
import type { Position } from "./event-position.ts";

export const EVENT_PUMP_LIMITS = {
  /** The object has to answer the subscription within this. */
  answerMs: 10_000,
  heartbeatMs: 15_000,
  /** An EventSource comes back after `retryMs`, and up to `retryJitterMs` later: a restart brings not all of them at once. */
  retryMs: 1_000,
  retryJitterMs: 2_000,
  /** Bytes that the reader has taken before they are acknowledged; the object shuts a socket with 1 MiB unacknowledged. */
  ackBytes: 32 * 1024,
  /** Characters that wait for the reader. The object closes far earlier, unless it counts frames and not bytes. */
  queuedChars: 2 * 1024 * 1024,
} as const;

/** What is followed, and how it is reached. */
export interface EventSubscription {
  /** `room/{room}`, `topic/{name}`. */
  readonly channel: string;
  /** Opens the socket that is held for the reader: a 101, or why not. */
  open(): Promise<Outcome<Response>>;
  /** Asked at each heartbeat, where it may change without the socket being told: false ends the stream. */
  stillAllowed?(): Promise<boolean>;
  /** Whether this event comes right after that offset. Absent: it has the next one. */
  follows?(event: Envelope, offset: number): boolean;
}

/** Text for the reader, and the number of the last frame that is told with it. */
interface Chunk {
  readonly text: string;
  readonly n: number;
}

/** What the subscription's frame is called. */
const ID = "events";

/**
 * Holds a socket for a reader of server-sent events. Frames become text only as far as the reader takes it; what it has taken is
 * acknowledged, so that the object knows a slow reader as it knows any.
 */
export class EventPump {
  readonly #subscription: EventSubscription;
  readonly #since: Position | undefined;
  readonly #left: () => void;
  readonly #encoder = new TextEncoder();
  #socket: WebSocket | undefined;
  /** Where the reader is once it has taken all that is queued. */
  #at: Position | undefined;
  /** Events from before that place may still come, the newest ones: what a stream without a position begins with. */
  #replayed: number | undefined;
  #answered: ((outcome: Outcome<undefined>) => void) | undefined;
  readonly #queue: Chunk[] = [];
  #queuedChars = 0;
  /** Wakes a reader that waits for more; undefined while none does. */
  #wake: (() => void) | undefined;
  /** Numbers of frames: heard, given to the reader (or nothing for it), taken by it, acknowledged. */
  #heard = 0;
  #given = 0;
  #acknowledged = 0;
  #givenBytes = 0;
  #over = false;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  /** @param since where the reader left off @param left called once, when nothing is held any more */
  constructor(subscription: EventSubscription, since: Position | undefined, left: () => void) {
    this.#subscription = subscription;
    this.#since = since;
    this.#left = left;
  }

  /**
   * @param replay newest events to begin with, where nothing says where the reader left off
   * @returns the body, once the object has said where it begins; or why there is none
   */
  async begin(replay: number): Promise<Outcome<ReadableStream<Uint8Array>>> {
    this.#replayed = this.#since || replay === 0 ? undefined : -1;
    try {
      const begun = await this.#subscribe(replay);
      if (!begun.ok) {
        this.#end(1000);
        return begun;
      }
    } catch (error) {
      this.#end(1000);
      throw error;
    }
    this.#heartbeat = setInterval(() => void this.#beat(), EVENT_PUMP_LIMITS.heartbeatMs);
    const source = { pull: this.#pull.bind(this), cancel: () => this.stop() };
    // Nothing is made before it is asked for: being asked is how a reader says that it has taken what it got.
    return accept(new ReadableStream<Uint8Array>(source, { highWaterMark: 0 }));
  }

  /** The reader is gone. */
  stop(): void {
    this.#end(1000);
  }

  async #subscribe(replay: number): Promise<Outcome<undefined>> {
    const opened = await this.#subscription.open();
    if (!opened.ok) return opened;
    const { webSocket: socket } = opened.value;
    if (!socket) throw new Error("the object answered without a socket");
    this.#socket = socket;
    const answer = new Promise<Outcome<undefined>>((resolve) => {
      this.#answered = resolve;
    });
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code }) => this.#closed(code));
    socket.addEventListener("error", () => this.#closed(LIVE_CLOSE.restart));
    socket.accept();
    const from = this.#since ?? { replay };
    socket.send(JSON.stringify({ v: 1, type: "subscribe", id: ID, channel: this.#subscription.channel, ...from }));
    const late = setTimeout(() => this.#answer(notNow()), EVENT_PUMP_LIMITS.answerMs);
    try {
      return await answer;
    } finally {
      clearTimeout(late);
    }
  }

  #answer(outcome: Outcome<undefined>): void {
    this.#answered?.(outcome);
    this.#answered = undefined;
  }

  #take(message: string | ArrayBuffer): void {
    if (this.#over) return;
    const frame = readHeard(message);
    // Shared frames have no number: each counts as one more. Another number than ours says that one was lost on the way.
    if (!frame || (frame.n !== undefined && frame.n !== this.#heard + 1)) return this.#end(LIVE_CLOSE.gap);
    this.#heard++;
    this.#push(this.#textOf(frame));
  }

  /** What the reader gets of a frame; of most kinds nothing. */
  #textOf(frame: Heard): string {
    const { channel } = this.#subscription;
    switch (frame.type) {
      case "subscribed":
        return this.#begun(frame);
      case "error":
        if (frame.id === ID) this.#answer(refusalOf(frame));
        return "";
      case "batch":
        return this.#batchText(frame);
      case "degraded":
        return frame.channel === channel ? degradedText(channel, frame.shed ?? 0) : "";
      default:
        return "";
    }
  }

  #begun({ epoch = "", offset = 0, recovered, reason = "epoch-changed" }: Heard): string {
    const since = recovered === true ? this.#since : undefined;
    const at = since ?? { epoch, offset };
    this.#at = at;
    this.#answer(accept(undefined));
    const retryMs = EVENT_PUMP_LIMITS.retryMs + Math.floor(Math.random() * EVENT_PUMP_LIMITS.retryJitterMs);
    if (this.#since && !since) return openingText(retryMs, at) + gapText(this.#subscription.channel, reason, at);
    // Who comes back before the newest events were told begins anew, with them.
    return openingText(retryMs, this.#replayed !== undefined && offset > 0 ? undefined : at);
  }

  #batchText({ events = [], gaps }: Heard): string {
    const { channel } = this.#subscription;
    let text = "";
    for (const event of events) if (event.channel === channel && !this.#over) text += this.#eventText(event);
    if (gaps?.includes(channel)) this.#end(LIVE_CLOSE.gap);
    return text;
  }

  #eventText(event: Envelope): string {
    const { follows } = this.#subscription;
    const at = this.#at;
    if (!at) return "";
    const isSame = event.epoch === at.epoch;
    if (isSame && event.offset <= at.offset) return this.#replayText(event, at);
    const isNext = isSame && (follows ? follows(event, at.offset) : event.offset === at.offset + 1);
    if (!isNext) {
      // The reader comes back with the last id it saw, and gets all of it or is told.
      this.#end(LIVE_CLOSE.gap);
      return "";
    }
    this.#replayed = undefined;
    this.#at = { epoch: event.epoch, offset: event.offset };
    return eventText(event);
  }

  /** One of the newest events, from before the stream began; nothing of what was told already. The reader's place stays behind all of them. */
  #replayText(event: Envelope, at: Position): string {
    if (this.#replayed === undefined || event.offset <= this.#replayed) return "";
    this.#replayed = event.offset;
    return eventText(event) + placeText(at);
  }

  #push(text: string): void {
    const last = this.#queue.at(-1);
    if (text !== "") {
      this.#queue.push({ text, n: this.#heard });
      this.#queuedChars += text.length;
      if (this.#queuedChars > EVENT_PUMP_LIMITS.queuedChars) this.#end(LIVE_CLOSE.slow);
    } else if (last) {
      this.#queue[this.#queue.length - 1] = { text: last.text, n: this.#heard };
    } else {
      this.#given = this.#heard;
      if (this.#wake) this.#acknowledge();
      return;
    }
    this.#rouse();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#acknowledge();
    while (this.#queue.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#queue.shift();
    if (!chunk) return controller.close();
    this.#queuedChars -= chunk.text.length;
    this.#given = chunk.n;
    const bytes = this.#encoder.encode(chunk.text);
    this.#givenBytes += bytes.byteLength;
    controller.enqueue(bytes);
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** The reader has taken all that it was given: says so at once when that is much, else soon. */
  #acknowledge(): void {
    const frames = this.#given - this.#acknowledged;
    if (frames <= 0 || this.#over) return;
    const isProbe = Math.floor(this.#given / LIVE_LIMITS.probeEvery) > Math.floor(this.#acknowledged / LIVE_LIMITS.probeEvery);
    if (isProbe || frames >= LIVE_LIMITS.ackEveryFrames || this.#givenBytes >= EVENT_PUMP_LIMITS.ackBytes)
      return this.#sendAck(this.#given);
    const taken = this.#given;
    this.#ackTimer ??= setTimeout(() => this.#sendAck(taken), LIVE_LIMITS.ackEveryMs);
  }

  #sendAck(n: number): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (n <= this.#acknowledged || this.#over) return;
    this.#acknowledged = n;
    this.#givenBytes = 0;
    this.#socket?.send(JSON.stringify({ v: 1, type: "ack", n }));
    // What was taken since the timer was set is acknowledged by the next one.
    if (this.#wake) this.#acknowledge();
  }

  async #beat(): Promise<void> {
    const { stillAllowed } = this.#subscription;
    try {
      if (stillAllowed && !(await stillAllowed())) return this.#end(LIVE_CLOSE.denied);
    } catch {
      // What cannot be read just now is asked again at the next beat; the object's own checks go on meanwhile.
    }
    // A reader that has not taken the last one gets no other: it is slow, and not forgotten.
    if (this.#queue.length === 0 && !this.#over) this.#push(HEARTBEAT_TEXT);
  }

  #closed(code: number): void {
    this.#answer(refusalOfClose(code));
    this.#end(1000);
  }

  /** What is queued still goes to the reader. */
  #end(code: LiveCloseCode | 1000): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#ackTimer);
    clearInterval(this.#heartbeat);
    this.#answer(notNow());
    try {
      this.#socket?.close(code, "");
    } catch {
      // Closed already: that is what was wanted.
    }
    this.#rouse();
    this.#left();
  }
}

function notNow(): Outcome<never> {
  return refuse("unavailable", "The channel did not answer. Try again.", { retryAfterS: 1 });
}

/** An object names its refusals as HTTP does. */
function refusalOf({ code = "", detail = "" }: Heard): Outcome<never> {
  return Object.hasOwn(PROBLEMS, code) ? refuse(code as ProblemSlug, detail) : refuse("not-found", detail); // just looked up
}

function refusalOfClose(code: number): Outcome<never> {
  switch (code) {
    case LIVE_CLOSE.unauthorized:
      return refuse("unauthenticated", "The credential is not good any more.");
    case LIVE_CLOSE.denied:
      return refuse("forbidden", "This may not be followed with this credential.");
    case LIVE_CLOSE.gone:
      return refuse("not-found", "What this channel was about is gone.");
    default:
      return notNow();
  }
}
