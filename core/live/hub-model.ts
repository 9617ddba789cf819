import fc from "fast-check";
import type { ServerFrame } from "../../contract/live.ts";
import { LIVE_CLOSE, LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { Publication } from "../../contract/rpc/hub.ts";
import { Bench, publication } from "./testing.ts";

const CHANNELS = ["metrics/all", "metrics/a", "metrics/b"] as const;
const SOCKETS = ["s0", "s1", "s2"] as const;

/** The publisher, naively: a counter per topic, and whom to tell until when. Its calls and answers travel in two lanes of their own. */
class Shard {
  readonly offsets = new Map<string, number>();
  topics: readonly string[] = [];
  untilMs = 0;
  away = false;
  readonly calls: Publication[][] = [];
  /** Publications that nobody was told of, because no lease held: `channel@offset`. */
  readonly unsent = new Set<string>();

  publish(channel: string, now: number): void {
    const topic = channel.slice(channel.indexOf("/") + 1);
    const offset = (this.offsets.get(topic) ?? 0) + 1;
    this.offsets.set(topic, offset);
    if (now < this.untilMs && this.topics.includes(topic)) this.calls.push([publication(channel, offset)]);
    else this.unsent.add(`${channel}@${offset}`);
  }
}

/** What one reader has seen, against what it should have. */
class Reader {
  readonly #positions = new Map<string, number>();
  number = 0;
  reported = 0;
  readonly missed: string[] = [];
  events = 0;
  /** It left a channel: what was withheld there is nobody's business any more, so counts are not compared. */
  inexact = false;

  read(frame: ServerFrame): void {
    if (frame.n !== this.number + 1) throw new Error(`frame ${frame.n} after ${this.number}`);
    this.number = frame.n;
    if (frame.type === "subscribed") {
      if (this.#positions.has(frame.channel)) this.inexact = true;
      this.#positions.set(frame.channel, frame.offset);
    }
    if (frame.type === "error") this.inexact = true; // a subscription that failed, maybe one that renewed another
    if (frame.type !== "batch") return;
    this.reported += (frame.coalesced ?? 0) + (frame.gaps?.length ?? 0);
    for (const { channel, offset } of frame.events) {
      const before = this.#positions.get(channel);
      if (before === undefined) throw new Error(`an event of ${channel} before its subscribed`);
      if (offset <= before) throw new Error(`${channel}@${offset} after ${before}`);
      for (let missing = before + 1; missing < offset; missing++) this.missed.push(`${channel}@${missing}`);
      this.#positions.set(channel, offset);
      this.events++;
    }
  }

  /** Publications at the end that it was never told of. */
  settle(shard: Shard): void {
    for (const [channel, position] of this.#positions) {
      const end = shard.offsets.get(channel.slice(channel.indexOf("/") + 1)) ?? 0;
      for (let missing = position + 1; missing <= end; missing++) this.missed.push(`${channel}@${missing}`);
    }
  }

  left(channel: string): void {
    this.#positions.delete(channel);
    this.inexact = true;
  }
}

type Step =
  | { readonly do: "join"; readonly socket: number }
  | { readonly do: "subscribe" | "unsubscribe"; readonly socket: number; readonly channel: number }
  | { readonly do: "publish"; readonly channel: number; readonly count: number }
  | { readonly do: "ack"; readonly socket: number; readonly share: number }
  | { readonly do: "deliver"; readonly twice: boolean; readonly apartMs: number }
  | { readonly do: "answer" | "sleep" | "away" }
  | { readonly do: "wait"; readonly ms: number };

const socket = fc.nat(SOCKETS.length - 1);
const channel = fc.nat(CHANNELS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("join" as const), socket }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("subscribe" as const), socket, channel }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), socket, channel }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("publish" as const), channel, count: fc.integer({ min: 1, max: 250 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ack" as const), socket, share: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("deliver" as const), twice: fc.boolean(), apartMs: fc.constantFrom(15, 110) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("answer" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sleep" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("away" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(10, 120, 1_000, 2_000, 5_000, 40_000) }) },
);

/** Two readers that follow from the beginning, so that most of what happens is seen by somebody. */
const START: readonly Step[] = [
  { do: "join", socket: 0 },
  { do: "subscribe", socket: 0, channel: 0 },
  { do: "answer" },
  { do: "subscribe", socket: 0, channel: 1 },
  { do: "answer" },
  { do: "join", socket: 1 },
  { do: "subscribe", socket: 1, channel: 0 },
];

class World {
  readonly bench = new Bench();
  readonly shard = new Shard();
  readonly readers = new Map<string, Reader>();
  slept = 0;

  run(one: Step): void {
    const { bench, shard } = this;
    switch (one.do) {
      case "join": {
        const id = this.#id(one.socket);
        if (this.readers.has(id)) return;
        this.readers.set(id, new Reader());
        return bench.join(id);
      }
      case "subscribe":
      case "unsubscribe": {
        const id = this.#id(one.socket);
        const name = this.#channel(one.channel);
        if (!this.readers.has(id) || bench.closed.has(id)) return;
        bench.now += 100; // below the frame rate
        if (one.do === "unsubscribe") this.readers.get(id)?.left(name);
        return bench.say(id, { type: one.do, id: "r", channel: name });
      }
      case "publish":
        for (let n = 0; n < one.count; n++) shard.publish(this.#channel(one.channel), bench.now);
        return;
      case "ack": {
        const id = this.#id(one.socket);
        if (!this.readers.has(id) || bench.closed.has(id)) return;
        bench.now += 100;
        const sent = bench.frames.get(id)?.length ?? 0;
        return bench.say(id, { type: "ack", n: Math.floor((sent * one.share) / 4) });
      }
      case "deliver":
        for (const call of shard.calls.splice(0)) {
          bench.now += one.apartMs;
          if (bench.publish(...call) === 0) shard.untilMs = 0; // nobody listens: it stops until it is asked again
          if (one.twice) bench.publish(...call);
        }
        this.flush();
        return this.fire();
      case "answer":
        return this.answer();
      case "away":
        shard.away = !shard.away;
        return;
      case "wait":
        bench.now += one.ms;
        return this.fire();
      case "sleep":
        // Neither open calls nor a pending flush let an object sleep.
        while (bench.asked.length > 0) this.answer();
        this.run({ do: "deliver", twice: false, apartMs: 15 });
        while (bench.asked.length > 0) this.answer();
        this.slept++;
        return bench.sleep();
    }
  }

  flush(): void {
    if (this.bench.flushInMs === undefined) return;
    this.bench.now += this.bench.flushInMs;
    this.bench.flush();
  }

  answer(): void {
    const { bench, shard } = this;
    const question = bench.asked[0];
    if (!question) return;
    if (shard.away) {
      bench.asked.shift();
      return bench.do(bench.machine.interestFailed("metrics", bench.now));
    }
    shard.topics = question.topics;
    shard.untilMs = question.untilMs;
    const positions = Object.fromEntries(question.topics.map((topic) => [topic, shard.offsets.get(topic) ?? 0]));
    bench.answer(positions);
  }

  fire(): void {
    const due = this.bench.timers.get("interest");
    if (due === undefined || due > this.bench.now) return;
    this.bench.timers.delete("interest");
    this.bench.do(this.bench.machine.interestDue(this.bench.now));
  }

  /** Everything on its way arrives, everybody reads everything. */
  settle(): void {
    const { bench, shard } = this;
    shard.away = false;
    for (let round = 0; round < 4; round++) {
      bench.now += LIVE_LIMITS.interestMs;
      this.fire();
      while (bench.asked.length > 0) this.answer();
      this.run({ do: "deliver", twice: false, apartMs: 15 });
      for (const id of this.readers.keys()) if (!bench.closed.has(id)) bench.say(id, { type: "ack", n: bench.frames.get(id)?.length ?? 0 });
    }
  }

  #id(n: number): string {
    return SOCKETS[n] ?? "s0";
  }

  #channel(n: number): string {
    return CHANNELS[n] ?? "metrics/all";
  }
}

/** How often what was seen, so that a run can show that it was not vacuous. */
export interface Seen {
  events: number;
  reported: number;
  slow: number;
  slept: number;
  unsent: number;
  exact: number;
}

/** Every publication reaches every follower once and in order, or the follower can tell that it is missing. Counts into `seen`. */
export function followersMissNothing(seen: Seen): fc.IProperty<[Step[]]> {
  return fc.property(fc.array(step, { minLength: 10, maxLength: 150 }), (steps) => {
    const world = new World();
    for (const one of [...START, ...steps]) world.run(one);
    world.settle();
    seen.slept += world.slept;
    seen.unsent += world.shard.unsent.size;
    for (const [id, reader] of world.readers) {
      for (const frame of world.bench.frames.get(id) ?? []) reader.read(frame);
      seen.events += reader.events;
      seen.reported += reader.reported;
      const code = world.bench.closed.get(id);
      if (code !== undefined) {
        if (code !== LIVE_CLOSE.slow) throw new Error(`${id} closed with ${code}`);
        seen.slow++;
        continue;
      }
      reader.settle(world.shard);
      if (reader.inexact) continue;
      seen.exact++;
      const missed = reader.missed.filter((one) => !world.shard.unsent.has(one));
      if (missed.length !== reader.reported) throw new Error(`${id} missed ${missed.join()} and was told of ${reader.reported}`);
    }
  });
}
