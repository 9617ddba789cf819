import { applyTop, type TopPush } from "../../contract/leaderboard-live.ts";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { Entry } from "../../contract/leaderboard-reads.ts";
import { BoardBench } from "../../core/live/leaderboard/live-testing.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

/** Steps of one board, then another. */
const BOARD_STEPS = 300;
const SOCKETS = ["a", "b", "c", "d"];
const PLAYERS = Array.from({ length: 14 }, (_, n) => `p${n}`);
/** What the runtime keeps of a socket that sleeps, in bytes; attachments are ASCII. */
const ATTACHMENT_BYTES = 16 * 1024;

export interface FrameFuzzReport {
  frames: number;
  subscribed: number;
  refused: number;
  closed: number;
  slept: number;
  pushes: number;
  /** Lists that a client made of pushes, and that were the board's own. */
  equal: number;
}

/**
 * Fuzzes a board's sockets: frames, mostly right and sometimes bent, among scores, sleeps and passing time. Nothing throws, every answer
 * is a frame of the contract, nothing comes after a close, what a sleep keeps stays small, and a client that reads everything and applies
 * what it is pushed has the board's top.
 * @throws with seed and run when one does not
 */
export function fuzz(seed: number, runs: number): FrameFuzzReport {
  const random = mulberry(seed);
  const report = { frames: 0, subscribed: 0, refused: 0, closed: 0, slept: 0, pushes: 0, equal: 0 };
  let world = new World(random, report);
  for (let run = 0; run < runs; run++) {
    if (run % BOARD_STEPS === 0) world = new World(random, report);
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
  readonly #report: FrameFuzzReport;
  readonly #bench = new BoardBench();
  #joined = 0;
  /** Of each socket that follows it: the top as its client has it. */
  readonly #tops = new Map<string, Entry[]>();

  constructor(random: Random, report: FrameFuzzReport) {
    this.#random = random;
    this.#report = report;
    for (const _ of SOCKETS) this.#join();
    // Somebody who reads everything and does nothing else.
    this.#bench.player("reader", "p0");
    this.#bench.follow("reader", "top/all");
  }

  step(): void {
    const random = this.#random;
    const chance = random();
    if (chance < 0.5) this.#frame();
    else if (chance < 0.75) this.#bench.score(pick(random, PLAYERS), random() < 0.1 ? null : Math.floor(random() * 30));
    else if (chance < 0.92) this.#bench.forward(pick(random, [10, 250, 1_000, 5_000]));
    else if (chance < 0.95) this.#sleep();
    else if (chance < 0.97) this.#bench.do(this.#bench.machine.leave(this.#socket()));
    else this.#join();
    this.#read();
  }

  #join(): void {
    this.#bench.player(`${pick(this.#random, SOCKETS)}${this.#joined++}`, pick(this.#random, PLAYERS));
  }

  #socket(): string {
    return pick(
      this.#random,
      [...this.#bench.attachments.keys(), "nobody"].filter((id) => id !== "reader"),
    );
  }

  /** A board sleeps only when nothing is armed, and that is soon so when nothing happens. */
  #sleep(): void {
    this.#bench.forward(5_000);
    if (this.#bench.wakeAt !== undefined) throw new Error("something is armed five seconds after the last change");
    for (const text of this.#bench.attachments.values()) {
      // oxlint-disable-next-line no-control-regex -- these are the ones that count one byte each
      if (text.length > ATTACHMENT_BYTES || /[^\u0000-\u007f]/.test(text)) throw new Error(`an attachment of ${text.length} characters`);
    }
    const left = new Set(this.#bench.attachments.keys());
    this.#bench.sleep();
    for (const id of left) if (this.#bench.machine.sockets < left.size) throw new Error(`a socket such as ${id} did not come back`);
    this.#report.slept++;
  }

  #frame(): void {
    const random = this.#random;
    const text = JSON.stringify(makeFrame(random));
    const bytes = new TextEncoder().encode(text);
    const sent = random() < 0.95 ? text : new TextDecoder().decode(bent(bytes, random));
    const socket = this.#socket();
    const message = random() < 0.01 ? bytes.buffer : sent;
    this.#bench.do(this.#bench.machine.receive(socket, message, this.#bench.now));
    this.#report.frames++;
    if (socket === "reader") return;
    for (const { type } of this.#bench.take(socket)) {
      if (type === "subscribed") this.#report.subscribed++;
      if (type === "error") this.#report.refused++;
    }
  }

  /** Looks at what came, and acknowledges for the reader. */
  #read(): void {
    this.#report.closed += this.#bench.closed.size;
    for (const [id, code] of this.#bench.closed) {
      if (![4400, 4401, 4403, 4413, 4429, 4101].includes(code)) throw new Error(`closed with ${code}`);
      if (id === "reader") throw new Error(`the reader was closed with ${code}`);
      this.#bench.closed.delete(id);
      this.#tops.delete(id);
    }
    let last = 0;
    for (const frame of this.#bench.take("reader")) {
      if ("n" in frame) last = frame.n;
      if (frame.type !== "batch") continue;
      for (const { channel, data } of frame.events) {
        if (channel !== "top/all") throw new Error(`the reader got ${channel}`);
        this.#tops.set("reader", applyTop(this.#tops.get("reader") ?? [], data as TopPush)); // the machine under test made it
        this.#report.pushes++;
      }
    }
    if (last > 0 && this.#random() < 0.5) this.#bench.acknowledge("reader", last);
    if (this.#random() < 0.1) this.#compare();
  }

  /** Once nothing is due any more, the client's list is the board's. */
  #compare(): void {
    this.#bench.forward(2 * LEADERBOARD_LIMITS.topEveryMs);
    for (const frame of this.#bench.take("reader")) {
      if ("n" in frame) this.#bench.acknowledge("reader", frame.n);
      if (frame.type === "batch")
        for (const { data } of frame.events) this.#tops.set("reader", applyTop(this.#tops.get("reader") ?? [], data as TopPush)); // as above
    }
    const shown = (this.#tops.get("reader") ?? []).map(({ player, score, rank }) => `${rank} ${player} ${score}`).join();
    const { items } = this.#bench.board.top({ window: "all", partition: undefined });
    const own = items.map(({ player, score, rank }) => `${rank} ${player} ${score}`).join();
    if (shown !== own) throw new Error(`the reader has ${shown}, the board ${own}`);
    this.#report.equal++;
  }
}

const CHANNELS = [
  "top/all",
  "top/daily",
  "top/all:eu",
  "rank/all",
  "rank/daily",
  "rank/all/p1",
  "feed/all",
  "window/all",
  "correction/all",
  "stats/live",
  "top/never",
  "rank/all/",
  "metrics/all",
  "top/daily:2026-11-20",
  `rank/all/${"x".repeat(128)}`,
  "top/__proto__",
];

function makeFrame(random: Random): unknown {
  const v = random() < 0.995 ? 1 : pick<unknown>(random, [0, 2, "1", null]);
  const id = pick(random, random() < 0.98 ? ["1", "é", "", "x".repeat(64)] : ["x".repeat(65), 5]);
  const channel = random() < 0.985 ? pick(random, CHANNELS) : pick<unknown>(random, ["", "top", 5, null, "x/".repeat(300)]);
  switch (Math.floor(random() * 7.1)) {
    case 0:
    case 1:
    case 2:
      return { v, type: "subscribe", id, channel, ...(random() < 0.2 ? { epoch: "e", offset: Math.floor(random() * 9) } : {}) };
    case 3:
      return { v, type: "unsubscribe", id, channel };
    case 4:
    case 5:
      return { v, type: "ack", n: pick<unknown>(random, random() < 0.95 ? [0, 1, 5, 1e9, Number.MAX_SAFE_INTEGER] : [-1, 0.5, "1"]) };
    case 6:
      return { v, type: pick(random, ["auth", "refresh"]), token: random() < 0.95 ? "t" : pick(random, ["", "x".repeat(5_000)]) };
    default:
      return pick<unknown>(random, [{}, [], null, 5, "ping", { v, type: "ping" }, { v, type: "subscribe" }, { v, type: "__proto__" }]);
  }
}
