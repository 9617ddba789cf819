import { serverFrameSchema, sharedFrameSchema } from "../../contract/live.ts";
import type { Message } from "../../contract/rooms.ts";
import type { CrashServer } from "./crash-server.ts";

/** A message that is said until it is acknowledged, or the edit of one. */
interface Wanted {
  readonly frame: object;
  /** Of an edit: the message's place. */
  readonly edits: number | undefined;
}

/** What all clients of a run saw, and what they may not have seen. */
export interface RoomNotes {
  /** By room and `clientId`: the place that was acknowledged first. */
  readonly acked: Map<string, number>;
  /** By room and place: messages whose edit was acknowledged. */
  readonly edited: Set<string>;
  acks: number;
  /** Events that followers got, recoveries that were whole, and those that were refused aloud. */
  events: number;
  recovered: number;
  refused: number;
  readonly faults: string[];
}

export const noNotes = (): RoomNotes => ({
  acked: new Map(),
  edited: new Set(),
  acks: 0,
  events: 0,
  recovered: 0,
  refused: 0,
  faults: [],
});

const ACK_EVERY_FRAMES = 16;
const ACK_EVERY_MS = 500;
const SLOW_MS = 200;
const RETRY_MS = 100;
/** Of its messages a client edits each so manieth. */
const EDIT_EVERY = 20;
/** Codes of refusals that pass. */
const PASSING: ReadonlySet<string> = new Set(["rate-limited", "unavailable", "overloaded"]);

/** Someone in a room over its socket: says one message after the other, says again what was not acknowledged, follows and recovers. */
export class RoomClient {
  readonly #room: string;
  readonly #name: string;
  readonly #inFlight: number;
  readonly #notes: RoomNotes;
  readonly #wanted = new Map<string, Wanted>();
  readonly #underWay = new Set<string>();
  #place: { epoch: string; offset: number } | undefined;
  #socket: WebSocket | undefined;
  #received = 0;
  #acknowledged = 0;
  #said = 0;
  #held = false;
  #stopped = true;
  /** Whether it waits before it says the next thing: the broker hardly delivers while the runtime is saturated. */
  slow = false;

  /** @param inFlight messages that wait for their acknowledgement at a time */
  constructor(room: string, name: string, inFlight: number, notes: RoomNotes) {
    this.#room = room;
    this.#name = name;
    this.#inFlight = inFlight;
    this.#notes = notes;
  }

  get unsaid(): number {
    return this.#wanted.size;
  }

  get place(): { readonly epoch: string; readonly offset: number } | undefined {
    return this.#place;
  }

  /**
   * Follows and says things until the server is gone.
   * @param saysMore whether it says new things, beside what was not acknowledged
   */
  async run(server: CrashServer, credential: string, saysMore: boolean): Promise<void> {
    const options = { headers: { authorization: `Bearer ${credential}` } };
    // Node's WebSocket takes headers; its type is the browser's, which cannot.
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/rooms/${this.#room}/socket`, options as unknown as string[]);
    this.#socket = socket;
    this.#received = 0;
    this.#acknowledged = 0;
    this.#stopped = !saysMore;
    this.#underWay.clear();
    const timer = setInterval(() => this.#acknowledge(), ACK_EVERY_MS);
    await new Promise<void>((done) => {
      socket.addEventListener("message", ({ data }) => this.#read(String(data)));
      socket.addEventListener("error", () => done()); // the server was killed
      socket.addEventListener("close", ({ code, reason }) => {
        if (code >= 4_000) this.#fault(`was closed with ${code} ${reason}`);
        done();
      });
    });
    clearInterval(timer);
    this.#socket = undefined;
  }

  close(): void {
    this.#socket?.close();
  }

  #read(text: string): void {
    const json: unknown = JSON.parse(text);
    this.#received++;
    if (typeof json === "object" && json !== null && !("n" in json)) {
      const shared = sharedFrameSchema.parse(json);
      if (shared.type === "batch") this.#events(shared.events);
    } else this.#numbered(serverFrameSchema.parse(json));
    if (this.#received - this.#acknowledged >= ACK_EVERY_FRAMES) this.#acknowledge();
  }

  #numbered(frame: ReturnType<typeof serverFrameSchema.parse>): void {
    if (frame.n !== this.#received) this.#fault(`counts ${this.#received} where the room counts ${frame.n}`);
    if (frame.type === "welcome")
      this.#send({ type: "subscribe", id: "s", channel: `room/${this.#room}`, ...(this.#place ?? { replay: 0 }) });
    else if (frame.type === "subscribed") this.#begin(frame);
    else if (frame.type === "batch") this.#events(frame.events);
    else if (frame.type === "error") this.#refusedWith(frame);
    else if (frame.type === "ack") {
      for (const { ref, offset } of frame.items) this.#done(ref, offset);
      if (this.slow) this.#hold(SLOW_MS);
      else this.#speak();
    }
  }

  #begin(frame: {
    readonly epoch: string;
    readonly offset: number;
    readonly recovered: boolean;
    readonly reason?: string | undefined;
  }): void {
    const { epoch, offset, recovered, reason } = frame;
    if (this.#place && recovered) this.#notes.recovered++;
    else {
      if (this.#place && reason === undefined) this.#fault("was refused a recovery and not told why");
      if (this.#place) this.#notes.refused++;
      this.#place = { epoch, offset };
    }
    this.#speak();
  }

  #events(events: readonly { readonly type: string; readonly epoch: string; readonly offset: number; readonly data: unknown }[]): void {
    for (const { type, epoch, offset, data } of events) {
      if (epoch !== this.#place?.epoch) this.#fault(`got an event of epoch ${epoch}`);
      if (offset !== (this.#place?.offset ?? 0) + 1) this.#fault(`got ${offset} behind ${this.#place?.offset}`);
      this.#place = { epoch, offset };
      this.#notes.events++;
      if (type !== "message") continue;
      const { clientId } = data as Message; // of this type
      const acked = this.#notes.acked.get(`${this.#room} ${clientId}`);
      if (acked !== undefined && acked !== offset) this.#fault(`got ${clientId} at ${offset}, acknowledged at ${acked}`);
    }
  }

  #done(ref: string, offset: number): void {
    const wanted = this.#wanted.get(ref);
    this.#underWay.delete(ref);
    this.#wanted.delete(ref);
    this.#notes.acks++;
    if (wanted?.edits !== undefined) return void this.#notes.edited.add(`${this.#room} ${wanted.edits}`);
    const name = `${this.#room} ${ref}`;
    const before = this.#notes.acked.get(name);
    if (before !== undefined && before !== offset) this.#fault(`was told ${before} and ${offset} of ${ref}`);
    this.#notes.acked.set(name, offset);
    if (this.#said % EDIT_EVERY !== 0 || this.#stopped) return;
    const edit = { type: "edit", ref: `edit-${ref}`, offset, text: `${ref}, edited` };
    this.#wanted.set(edit.ref, { frame: edit, edits: offset });
  }

  #refusedWith({
    ref,
    code,
    detail,
    retryAfterMs,
  }: {
    ref?: string | undefined;
    code: string;
    detail: string;
    retryAfterMs?: number | undefined;
  }): void {
    if (!PASSING.has(code) || ref === undefined) return this.#fault(`was refused ${ref}: ${code} ${detail}`);
    this.#underWay.delete(ref);
    this.#hold(retryAfterMs ?? RETRY_MS);
  }

  #hold(ms: number): void {
    if (this.#held) return;
    this.#held = true;
    setTimeout(() => {
      this.#held = false;
      this.#speak();
    }, ms);
  }

  /** Says what was not acknowledged, then something new. */
  #speak(): void {
    if (this.#held || !this.#place) return;
    for (const [ref, { frame }] of this.#wanted) {
      if (this.#underWay.size >= this.#inFlight) return;
      if (this.#underWay.has(ref)) continue;
      this.#underWay.add(ref);
      this.#send(frame);
    }
    while (!this.#stopped && this.#underWay.size < this.#inFlight) {
      const clientId = `${this.#name}-${++this.#said}`;
      const frame = { type: "send", clientId, text: clientId };
      this.#wanted.set(clientId, { frame, edits: undefined });
      this.#underWay.add(clientId);
      this.#send(frame);
    }
  }

  #acknowledge(): void {
    if (this.#received === this.#acknowledged) return;
    this.#acknowledged = this.#received;
    this.#send({ type: "ack", n: this.#received });
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ v: 1, ...frame }));
  }

  #fault(words: string): void {
    this.#notes.faults.push(`${this.#name} in ${this.#room} ${words}`);
  }
}
