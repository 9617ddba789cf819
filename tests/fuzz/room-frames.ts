import { ROOM_LIMITS as L } from "../../contract/room-limits.ts";
import type { Message } from "../../contract/rooms.ts";
import { entry, person, RoomBench, START } from "../../core/live/rooms/live-testing.ts";
import { callerOf } from "../../core/live/rooms/room-session.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

/** Steps of one room, then another. */
const ROOM_STEPS = 300;
const NAMES = ["ann", "bob", "cas", "dee"];
/** What the runtime keeps of a socket that sleeps, in bytes; attachments are ASCII. */
const ATTACHMENT_BYTES = 16 * 1024;
/** Of the whole set of close codes those that what a client sends can lead to. */
const CODES: ReadonlySet<number> = new Set([4101, 4400, 4401, 4403, 4410, 4413, 4429]);
const SERVICE = callerOf(person("bot", { kind: "service", id: "key:bot", ref: "" }), ["rooms:read", "rooms:write"]);

export interface RoomFrameFuzzReport {
  frames: number;
  acked: number;
  refused: number;
  /** Frames that no schema takes. */
  malformed: number;
  closed: number;
  slept: number;
  events: number;
}

/**
 * Fuzzes a room's sockets: frames, mostly right and sometimes bent, among HTTP's messages, sleeps and passing time. Nothing throws, every
 * answer is a frame of the contract, a malformed frame is answered or closes with a code of the set, nothing comes after a close, nobody
 * has more unread than the limit, what a sleep keeps stays small, and somebody who reads everything has every event once and in order.
 * @throws with seed and run when one does not
 */
export function fuzz(seed: number, runs: number): RoomFrameFuzzReport {
  const random = mulberry(seed);
  const report = { frames: 0, acked: 0, refused: 0, malformed: 0, closed: 0, slept: 0, events: 0 };
  let world = new World(random, report);
  for (let run = 0; run < runs; run++) {
    if (run % ROOM_STEPS === 0) world = new World(random, report);
    try {
      world.step();
    } catch (error) {
      throw new Error(`seed ${seed}, run ${run}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return report;
}

class World {
  readonly #random: Random;
  readonly #report: RoomFrameFuzzReport;
  readonly #bench = new RoomBench();
  #joined = 0;
  #said = 0;
  /** The place up to which the reader has everything. */
  #readTo: number;

  constructor(random: Random, report: RoomFrameFuzzReport) {
    this.#random = random;
    this.#report = report;
    this.#bench.now = START;
    // Somebody who reads everything and does nothing else.
    this.#bench.follow("reader");
    this.#readTo = this.#bench.acts.position().offset;
    for (const _ of NAMES) this.#join();
    this.#read();
  }

  step(): void {
    const random = this.#random;
    const chance = random();
    if (chance < 0.68) this.#frame();
    else if (chance < 0.7) this.#beRude();
    else if (chance < 0.8) this.#overHttp();
    else if (chance < 0.92) this.#bench.wait(pick(random, [1, 20, 250, 1_500, 12_000]));
    else if (chance < 0.94) this.#sleep();
    else if (chance < 0.96) this.#leave();
    else this.#join();
    this.#read();
    this.#bounds();
  }

  #join(): void {
    const name = pick(this.#random, NAMES);
    const id = `${name}${this.#joined++}`;
    this.#bench.join(id, entry(name));
    if (this.#random() < 0.7) this.#bench.subscribe(id, this.#random() < 0.5 ? { replay: 0 } : {});
  }

  #leave(): void {
    const id = this.#socket();
    this.#bench.do(this.#bench.machine.leave(id, this.#bench.now));
    this.#bench.counts.delete(id);
    this.#bench.attachments.delete(id);
  }

  #socket(): string {
    const others = [...this.#bench.counts.keys()].filter((id) => id !== "reader" && !this.#bench.closed.has(id));
    return pick(this.#random, [...others, "nobody"]);
  }

  /** One socket says the same again and again, until it is closed or has said it often. */
  #beRude(): void {
    const id = this.#socket();
    const text = pick(this.#random, [
      "{",
      '{"v":1,"type":"typing","on":true}',
      "x".repeat(L.frameBytes + 1),
      '{"v":1,"type":"ack","n":1000000}',
    ]);
    for (let n = 0; n < 2 * L.frameBurst && this.#bench.counts.has(id) && !this.#bench.closed.has(id); n++) {
      this.#bench.do(this.#bench.machine.receive(id, text, this.#bench.now));
      this.#report.frames++;
    }
    if (id !== "nobody" && !this.#bench.closed.has(id)) throw new Error(`${text.slice(0, 50)} may be said without end`);
  }

  #overHttp(): void {
    const text = this.#random() < 0.1 ? "y".repeat(15_000) : "z";
    const message = { clientId: `http-${this.#said++}`, text, mediaId: null, replyTo: null, mentions: [] };
    this.#bench.change(SERVICE, { type: "send", message });
  }

  /** A room sleeps only when nothing is armed, and that is soon so when nothing happens. */
  #sleep(): void {
    this.#bench.wait(20_000);
    this.#read();
    const left = this.#bench.machine.sockets;
    for (const text of this.#bench.attachments.values()) {
      // oxlint-disable-next-line no-control-regex -- these are the ones that count one byte each
      if (text.length > ATTACHMENT_BYTES || /[^\u0000-\u007f]/.test(text)) throw new Error(`an attachment of ${text.length} characters`);
    }
    this.#bench.sleep();
    if (this.#bench.machine.sockets !== left) throw new Error(`${this.#bench.machine.sockets} of ${left} sockets came back`);
    this.#report.slept++;
  }

  #frame(): void {
    const random = this.#random;
    const socket = this.#socket();
    const bytes = new TextEncoder().encode(JSON.stringify(makeFrame(random, this.#bench.counts.get(socket) ?? 0)));
    const sent = random() < 0.93 ? new TextDecoder().decode(bytes) : new TextDecoder().decode(bent(bytes, random));
    const message = random() < 0.01 ? bytes.buffer : sent;
    const before = this.#bench.counts.get(socket) ?? 0;
    this.#bench.do(this.#bench.machine.receive(socket, message, this.#bench.now));
    this.#report.frames++;
    if (socket === "nobody" || !isHopeless(message)) return;
    this.#report.malformed++;
    const isAnswered = (this.#bench.counts.get(socket) ?? 0) > before;
    if (!isAnswered) throw new Error(`no answer to ${typeof message === "string" ? message.slice(0, 200) : "bytes"}`);
  }

  /** Looks at what came, and acknowledges for the reader. */
  #read(): void {
    for (const [id, code] of this.#bench.closed) {
      if (!CODES.has(code)) throw new Error(`closed with ${code}`);
      if (id === "reader") throw new Error(`the reader was closed with ${code}`);
      this.#report.closed++;
      this.#bench.closed.delete(id);
      this.#bench.counts.delete(id);
    }
    for (const [id] of this.#bench.frames) {
      if (id === "reader") continue;
      for (const { type } of this.#bench.take(id)) {
        if (type === "ack") this.#report.acked++;
        if (type === "error") this.#report.refused++;
      }
    }
    for (const offset of this.#bench.offsets("reader")) {
      if (offset !== this.#readTo + 1) throw new Error(`the reader got ${offset} behind ${this.#readTo}`);
      this.#readTo = offset;
      this.#report.events++;
    }
    this.#bench.ack("reader");
    if (this.#random() < 0.3) this.#bench.ack(this.#socket());
    if (this.#bench.failures.length > 0) throw new Error("something could not be stored", { cause: this.#bench.failures[0] });
  }

  /** Memory has bounds: what is unread, and what waits to be stored. */
  #bounds(): void {
    const { acts, machine, now } = this.#bench;
    if (this.#random() < 0.05) {
      for (const { id, unreadBytes } of machine.takeReport(now).connections)
        if (unreadBytes > 2 * L.unackedBytes) throw new Error(`${id} has ${unreadBytes} bytes unread`);
      this.#bench.wait(50);
      this.#read();
      const { offset } = acts.position();
      if (this.#readTo !== offset) throw new Error(`the reader is at ${this.#readTo} of ${offset}`);
      // The bench keeps every frame that was shared: the room does not.
      this.#bench.shares.length = 0;
    }
    const recovery = acts.recover(undefined, L.replay);
    if (recovery.recovered && recovery.events.some((event) => event.type === "message" && !isSound(event.data)))
      throw new Error("a stored message is not as the contract says");
  }
}

/** Whether no schema can take it: no text, no JSON object, or one of a type that is none. */
function isHopeless(message: string | ArrayBufferLike): boolean {
  if (typeof message !== "string") return true;
  try {
    const frame: unknown = JSON.parse(message);
    return typeof frame !== "object" || frame === null || !("type" in frame) || typeof frame.type !== "string";
  } catch {
    return true;
  }
}

function isSound({ text, mentions, clientId }: Message): boolean {
  return text.length <= L.textBytes && mentions.length <= L.mentions && (clientId?.length ?? 0) <= L.clientIdChars;
}

const TEXTS = ["hello", "", "é", "x".repeat(3_000), "\u0000", "__proto__", "🦊".repeat(50)];
const REFS = ["1", "é", "x".repeat(64)];
const BAD_REFS: readonly unknown[] = ["", "x".repeat(65), 5, null];

function makeFrame(random: Random, got: number): unknown {
  const v = random() < 0.995 ? 1 : pick<unknown>(random, [0, 2, "1", null]);
  const ref = random() < 0.98 ? pick(random, REFS) : pick(random, BAD_REFS);
  const offset = random() < 0.97 ? 1 + Math.floor(random() * 40) : pick<unknown>(random, [0, -1, 0.5, 1e9, "1", null]);
  const text = random() < 0.98 ? pick(random, TEXTS) : pick<unknown>(random, [5, null, "x".repeat(20_000), "x".repeat(70_000)]);
  const mentions = random() < 0.9 ? [] : pick<unknown>(random, [["ann"], ["minted|bob", "ann"], ["|"], Array(51).fill("ann"), "ann"]);
  switch (Math.floor(random() * 12.3)) {
    case 0:
    case 1:
    case 2:
      return { v, type: "send", clientId: random() < 0.98 ? `c${Math.floor(random() * 500)}` : ref, text, mentions };
    case 3:
      return { v, type: "edit", ref, offset, text };
    case 4:
      return { v, type: "delete", ref, offset };
    case 5:
      return {
        v,
        type: "react",
        ref,
        offset,
        emoji: pick<unknown>(random, ["👍", "❤️", "", "x".repeat(17), "\u0007", 5]),
        on: random() < 0.7,
      };
    case 6:
      return { v, type: "typing", on: pick<unknown>(random, [true, true, false, "yes"]) };
    case 7:
      return { v, type: "receipt", readOffset: offset };
    case 8:
      return {
        v,
        type: "presence",
        state: pick(random, ["online", "away", "asleep"]),
        ...(random() < 0.3 && { data: pick<unknown>(random, [{ a: 1 }, { __proto__: "x" }, { a: { b: 1 } }, { a: "x".repeat(600) }, []]) }),
      };
    case 9:
      return {
        v,
        type: "subscribe",
        id: ref,
        channel: random() < 0.9 ? "room/lobby" : pick<unknown>(random, ["room/other", "metrics/all", "room", 5, null]),
        ...(random() < 0.4 && { epoch: pick(random, ["e1", "e2", ""]), offset }),
        ...(random() < 0.2 && { replay: pick<unknown>(random, [0, 50, 51, -1]) }),
      };
    case 10:
      return { v, type: "unsubscribe", id: ref, channel: "room/lobby" };
    case 11:
      return { v, type: "ack", n: random() < 0.98 ? Math.floor(random() * (got + 1)) : pick<unknown>(random, [-1, 0.5, "1", 1e9]) };
    default:
      return pick<unknown>(random, [{}, [], null, 5, "ping", { v }, { v, type: 5 }, { v, type: "send" }, { v, type: "__proto__" }]);
  }
}
