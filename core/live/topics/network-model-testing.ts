import { LIVE_CLOSE } from "../../../contract/live-codes.ts";
import { serverFrameSchema } from "../../../contract/live.ts";
import type { Publication } from "../../../contract/rpc/hub.ts";
import type { Priority } from "../../../contract/room-live.ts";
import { topicSettingsSchema } from "../../../contract/topics.ts";
import { mulberry } from "../../random-testing.ts";
import type { HubEffect } from "../effects.ts";
import type { Position } from "../frames.ts";
import { HubMachine } from "../hub-machine.ts";
import { admission, NOW } from "../testing.ts";
import { Broadcast } from "./broadcast.ts";
import { TopicDesk } from "./desk.ts";
import { Lane } from "./lane.ts";
import { MemoryTopics } from "./memory-store-testing.ts";
import { TopicReads } from "./reads.ts";

const CHANNEL = "topic/news";
const HUBS = 3;
const CLIENTS = 6;

/** How often what was seen, so that a run can show that it was not vacuous. */
export interface TopicRun {
  published: number;
  events: number;
  recovered: number;
  refused: number;
  shed: number;
  gaps: number;
  slow: number;
  fetched: number;
  sleeps: number;
  restarts: number;
  lost: number;
  reordered: number;
  duplicated: number;
}

/**
 * One run of hubs, their home and clients over a network that loses, repeats and reorders calls, while hubs sleep and restart, the home
 * starts anew and its log is restored. Deterministic.
 * @throws when a client missed a message that it was not told to be missing, or had one twice or too early
 */
export function runTopicModel(seed: number, steps = 300): TopicRun {
  const world = new World(seed);
  for (let step = 0; step < steps; step++) world.step();
  world.settle();
  return world.seen;
}

/** A client that recovers as the SDK does, and holds what it reads against the log. */
class Client {
  place: Position | undefined;
  hub = 0;
  connected = false;
  confirmed = false;
  number = 0;
  /** Told of low publications that were left out, since the last event. */
  leftOut = 0;
  acked = 0;
  id: string;
  /** It never says what it has read, while the network is bad. */
  readonly lazy: boolean;
  #connection = 0;
  readonly #name: string;

  constructor(name: string, lazy: boolean) {
    this.#name = name;
    this.id = name;
    this.lazy = lazy;
  }

  renew(): string {
    this.id = `${this.#name}.${++this.#connection}`;
    this.number = 0;
    this.acked = 0;
    this.leftOut = 0;
    this.confirmed = false;
    return this.id;
  }
}

class World {
  readonly seen: TopicRun = {
    published: 0,
    events: 0,
    recovered: 0,
    refused: 0,
    shed: 0,
    gaps: 0,
    slow: 0,
    fetched: 0,
    sleeps: 0,
    restarts: 0,
    lost: 0,
    reordered: 0,
    duplicated: 0,
  };
  now = NOW;
  readonly #random: () => number;
  readonly #store = new MemoryTopics();
  #epochs = 0;
  readonly #desk = new TopicDesk(this.#store, () => `e${++this.#epochs}`);
  readonly #reads = new TopicReads(this.#store, this.#desk);
  #broadcast = new Broadcast();
  #lanes = this.#newLanes();
  #machines = Array.from({ length: HUBS }, () => new HubMachine());
  readonly #attachments = Array.from({ length: HUBS }, () => new Map<string, string>());
  readonly #clients = Array.from({ length: CLIENTS }, (_, n) => new Client(`c${n}`, n < 2));
  /** Questions on their way to the home, by hub. */
  readonly #asked: { hub: number; effect: HubEffect }[] = [];
  readonly #flushes = new Set<number>();
  /** Every message ever, by offset, which rises over epochs too; `low` ones may be left out when that is said. */
  readonly #log = new Map<number, Priority>();

  constructor(seed: number) {
    this.#random = mulberry(seed);
    const settings = topicSettingsSchema.parse({ keep: this.#chance(0.5) ? 1_000 : 25 });
    this.#desk.configure({ channel: CHANNEL, settings, version: 1 });
  }

  step(): void {
    this.now += this.#pick([0, 1, 20, 150]);
    const roll = this.#random();
    if (roll < 0.3) this.#publish();
    else if (roll < 0.55) this.#relay();
    else if (roll < 0.75) this.#answer();
    else if (roll < 0.82) this.#flush();
    else if (roll < 0.92) this.#clientActs();
    else this.#trouble();
  }

  /** The network is well from here on, and everybody comes back and reads. */
  settle(): void {
    this.#flushHome();
    this.#tellAgain();
    for (let round = 0; round < 60; round++) {
      this.now += 200;
      for (const client of this.#clients) {
        if (!client.connected) this.#connect(client);
        else this.#ack(client);
      }
      this.#flushHome();
      for (let hub = 0; hub < HUBS; hub++) this.#deliver(hub, this.#lane(hub).take(Number.MAX_SAFE_INTEGER));
      while (this.#asked.length > 0) this.#answer(false);
      this.#flush();
    }
    const { epoch, offset } = this.#row();
    for (const { place, id } of this.#clients) {
      let end = offset; // what was left out last, nobody was told of yet
      while (place && end > place.offset && this.#log.get(end) === "low") end--;
      // Of a new epoch, whoever is there hears with the first message that is not left out.
      const heard = place?.epoch === epoch || (place !== undefined && end < offset);
      if (!heard || place?.offset !== end) throw new Error(`${id} ends at ${JSON.stringify(place)}, not at ${epoch}:${offset}`);
    }
  }

  #publish(): void {
    const count = 1 + Math.floor(this.#random() * this.#pick([2, 40]));
    const writes = Array.from({ length: count }, () => {
      const priority: Priority = this.#pick(["normal", "normal", "low", "critical"]);
      this.seen.published++;
      const data = "x".repeat(this.#pick([1, 1, 15_000]));
      return { by: "key:k", message: { type: "m", data, priority, clientId: `${this.seen.published}` } };
    });
    const done = this.#desk.publish(CHANNEL, writes, false, this.now);
    if (!done.ok) throw new Error(done.problem.detail);
    for (const { offset, priority } of done.value.publications) this.#log.set(offset, priority ?? "normal");
    this.#pass(this.#broadcast.add(CHANNEL, done.value.publications, done.value.settings.flushMs, this.now));
  }

  #pass(publications: readonly Publication[]): void {
    for (const hub of this.#store.followers(CHANNEL)) this.#lane(hub).add(publications);
  }

  #flushHome(): void {
    this.#pass(this.#broadcast.due(this.now));
  }

  #tellAgain(): void {
    const newest = this.#reads.newest(CHANNEL);
    if (newest) this.#pass([newest.publication]);
  }

  /** A call to a hub: most come through, some twice, some overtake others. */
  #relay(): void {
    this.#flushHome();
    const hub = Math.floor(this.#random() * HUBS);
    const publications = this.#lane(hub).take(this.#pick([1, 3, 500]));
    if (publications.length === 0) return;
    if (this.#chance(0.1)) {
      const later = this.#lane(hub).take(2);
      if (later.length > 0) this.seen.reordered++;
      this.#deliver(hub, later);
    }
    this.#deliver(hub, publications);
    if (this.#chance(0.1)) {
      this.seen.duplicated++;
      this.#deliver(hub, publications);
    }
  }

  #deliver(hub: number, publications: readonly Publication[]): void {
    if (publications.length === 0) return;
    const { effects, unknown } = this.#machine(hub).relay(publications, this.now);
    this.#do(hub, effects);
    if (unknown.length > 0 && !this.#asked.some((one) => one.hub === hub && one.effect.type === "follow"))
      this.#store.unfollow(CHANNEL, hub);
  }

  #answer(lossy = true): void {
    const at = lossy && this.#chance(0.2) ? Math.floor(this.#random() * this.#asked.length) : 0;
    const question = this.#asked.splice(at, 1)[0];
    if (!question) return;
    const { hub, effect } = question;
    const machine = this.#machine(hub);
    const away = lossy && this.#chance(0.05);
    if (effect.type === "follow") {
      const standing = away ? undefined : this.#desk.follow(CHANNEL, hub);
      this.#do(hub, machine.followed(CHANNEL, standing, this.now));
    } else if (effect.type === "recall") {
      const answer = away ? undefined : this.#reads.since(CHANNEL, effect.since, this.now);
      this.#do(hub, machine.recalled(CHANNEL, effect.socket, answer, this.now));
    } else if (effect.type === "fetch") {
      this.seen.fetched++;
      this.#do(hub, machine.fetched(CHANNEL, away ? undefined : this.#reads.since(CHANNEL, effect.since, this.now), this.now));
    }
  }

  #flush(): void {
    const due = Array.from(this.#flushes);
    this.#flushes.clear();
    for (const hub of due) {
      this.#do(hub, this.#machine(hub).flush(this.now));
    }
  }

  #clientActs(): void {
    const client = this.#pick(this.#clients);
    if (!client.connected) this.#connect(client);
    else if (this.#chance(0.2)) this.#disconnect(client);
    else if (!client.lazy) this.#ack(client);
  }

  #trouble(): void {
    const hub = Math.floor(this.#random() * HUBS);
    const roll = this.#random();
    if (roll < 0.4) {
      // Neither open calls nor a pending flush let an object sleep; what they say comes first.
      this.#flush();
      if (this.#asked.some((one) => one.hub === hub)) return;
      this.seen.sleeps++;
      this.#machines[hub] = new HubMachine();
      this.#do(hub, this.#machine(hub).restore(this.#attachments[hub]?.values() ?? [], {}, this.now));
    } else if (roll < 0.6) {
      this.seen.restarts++;
      this.#machines[hub] = new HubMachine();
      this.#attachments[hub]?.clear();
      this.#flushes.delete(hub);
      for (let at = this.#asked.length - 1; at >= 0; at--) if (this.#asked[at]?.hub === hub) this.#asked.splice(at, 1);
      for (const client of this.#clients) if (client.hub === hub) client.connected = false;
    } else if (roll < 0.95) {
      // The home starts anew: what it had not told yet it has forgotten.
      this.seen.lost += this.#lanes.reduce((sum, lane) => sum + lane.size, 0);
      this.#broadcast = new Broadcast();
      this.#lanes = this.#newLanes();
      this.#tellAgain();
    } else this.#desk.beginAnew(CHANNEL);
  }

  #connect(client: Client): void {
    client.hub = Math.floor(this.#random() * HUBS);
    client.connected = true;
    const id = client.renew();
    const machine = this.#machine(client.hub);
    this.#do(client.hub, machine.join(id, admission({ actions: ["topics:read"] }), this.now));
    const from = client.place ?? (this.#chance(0.5) ? { replay: 5 } : {});
    const text = JSON.stringify({ v: 1, type: "subscribe", id: "s", channel: CHANNEL, ...from });
    this.#do(client.hub, machine.receive(id, text, this.now));
  }

  #disconnect(client: Client): void {
    client.connected = false;
    this.#attachments[client.hub]?.delete(client.id);
    this.#do(client.hub, this.#machine(client.hub).leave(client.id));
  }

  #ack(client: Client): void {
    if (client.number === client.acked) return;
    client.acked = client.number;
    this.now += 60;
    const text = JSON.stringify({ v: 1, type: "ack", n: client.number });
    this.#do(client.hub, this.#machine(client.hub).receive(client.id, text, this.now));
  }

  #do(hub: number, effects: readonly HubEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "save") this.#attachments[hub]?.set(effect.socket, effect.attachment);
      else if (effect.type === "send") this.#read(effect.socket, effect.text);
      else if (effect.type === "flush") this.#flushes.add(hub);
      else if (effect.type === "close") this.#closed(hub, effect.socket, effect.code);
      else if (effect.type === "follow" || effect.type === "recall" || effect.type === "fetch") this.#asked.push({ hub, effect });
    }
  }

  #closed(hub: number, socket: string, code: number): void {
    this.#attachments[hub]?.delete(socket);
    const client = this.#clients.find(({ id }) => id === socket);
    if (client) client.connected = false;
    if (code === LIVE_CLOSE.gap) this.seen.gaps++;
    else if (code === LIVE_CLOSE.slow) this.seen.slow++;
    else throw new Error(`${socket} closed with ${code}`);
  }

  #read(socket: string, text: string): void {
    const client = this.#clients.find(({ id, connected }) => id === socket && connected);
    if (!client) return;
    const frame = serverFrameSchema.parse(JSON.parse(text));
    if (frame.n !== client.number + 1) throw new Error(`${socket}: frame ${frame.n} after ${client.number}`);
    client.number = frame.n;
    if (frame.type === "subscribed") {
      const { epoch, offset, recovered, reason } = frame;
      if (recovered && (client.place?.epoch !== epoch || client.place.offset !== offset))
        throw new Error(`${socket} recovered from elsewhere`);
      if (recovered) this.seen.recovered++;
      if (reason) this.seen.refused++;
      if (client.place && !recovered && !reason) throw new Error(`${socket} was not told why`);
      client.place = { epoch, offset };
      client.confirmed = true;
    } else if (frame.type === "degraded") {
      this.seen.shed += frame.shed;
      client.leftOut += frame.shed;
    } else if (frame.type === "error")
      this.#disconnect(client); // the home is away: later
    else if (frame.type === "batch") {
      for (const event of frame.events) this.#event(client, event);
      if (client.leftOut !== 0) throw new Error(`${socket}: told of ${client.leftOut} that were not left out`);
    }
  }

  #event(client: Client, { epoch, offset }: Position): void {
    const { place } = client;
    if (!client.confirmed || !place) throw new Error(`${client.id}: an event before its subscription`);
    if (place.epoch !== epoch || offset <= place.offset)
      throw new Error(`${client.id}: ${epoch}:${offset} after ${place.epoch}:${place.offset}`);
    const missing = offset - place.offset - 1;
    if (missing > client.leftOut) throw new Error(`${client.id}: ${missing} missing before ${epoch}:${offset}, told of ${client.leftOut}`);
    for (let at = place.offset + 1; at < offset; at++) {
      if (this.#log.get(at) !== "low") throw new Error(`${client.id}: ${epoch}:${at} was left out and is not low`);
    }
    client.leftOut -= missing;
    client.place = { epoch, offset };
    this.seen.events++;
  }

  #row() {
    const row = this.#store.find(CHANNEL);
    if (!row) throw new Error("no topic");
    return row;
  }

  #newLanes(): Lane[] {
    return Array.from({ length: HUBS }, () => new Lane({ soft: 30, hard: 80 }));
  }

  #lane(hub: number): Lane {
    return this.#lanes[hub] ?? new Lane();
  }

  #machine(hub: number): HubMachine {
    return this.#machines[hub] ?? new HubMachine();
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T; // never empty
  }
}
