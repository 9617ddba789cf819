import { deflateRawSync } from "node:zlib";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import { mulberry, pick } from "../../random-testing.ts";
import type { RoomActs, WantedChange } from "./acts.ts";
import { entry, person, RoomBook, START } from "./live-testing.ts";
import { NetworkClient, Wire } from "./network-client-testing.ts";
import { judge, noRun, type RoomRun } from "./network-judge-testing.ts";
import type { RoomEffect } from "./room-effects.ts";
import { RoomMachine } from "./room-machine.ts";
import { callerOf } from "./room-session.ts";

export type { RoomRun };

const CLIENTS = 5;
const SERVICE = callerOf(person("bot", { kind: "service", id: "key:bot", ref: "" }), ["rooms:read", "rooms:write"]);

/**
 * One run of a room and its clients over a network that loses, repeats and reorders frames, with half-open sockets, while the room
 * sleeps, ends suddenly (in the middle of a broadcast too) and begins a new epoch. Deterministic.
 * @throws when something acknowledged is not in the log exactly once, or when a follower misses an event that it was not told to miss,
 *   has one twice or too early, or does not notice on a connection that lost nothing
 */
export function runRoomModel(seed: number, steps = 300): RoomRun {
  const world = new World(seed);
  for (let step = 0; step < steps; step++) world.step();
  world.settle();
  return world.seen;
}

class World {
  readonly seen = noRun();
  readonly #random: () => number;
  readonly #book = new RoomBook();
  readonly #acts: RoomActs;
  readonly #clients: NetworkClient[];
  readonly #wires = new Map<string, Wire>();
  readonly #attachments = new Map<string, string>();
  /** Everything that was committed: ids by offset. The epoch changes, the log goes on. */
  readonly #log = new Map<number, RoomEvent>();
  /** Commits of HTTP that were not told to sockets yet. */
  readonly #untold: (readonly RoomEvent[])[] = [];
  #machine: RoomMachine;
  #now = START;
  #wakeAt: number | undefined;
  #expiry: number | null = null;
  /** So many more frames go out before the room ends. */
  #cutAfter = Infinity;
  #names = 0;
  #epochs = 1;

  constructor(seed: number) {
    this.#random = mulberry(seed);
    const { desk } = this.#book;
    const commit = desk.commit.bind(desk);
    const enter = desk.enter.bind(desk);
    desk.commit = (changes, now) => {
      const result = commit(changes, now);
      this.#note(result.events);
      return result;
    };
    desk.enter = (by, now) => {
      const entered = enter(by, now);
      if (entered.ok) this.#note(entered.value.events);
      return entered;
    };
    this.#acts = desk;
    this.#clients = Array.from({ length: CLIENTS }, (_, n) => new NetworkClient(`p${n}`, n % 2 === 0));
    this.#machine = this.#newMachine();
  }

  #newMachine(): RoomMachine {
    const deflate = (text: string): Uint8Array => deflateRawSync(text, { level: 1 });
    return new RoomMachine({ acts: this.#acts, room: "lobby", deflate, fannedOut: () => undefined });
  }

  #note(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (this.#log.has(event.offset)) throw new Error(`two events at ${event.offset}`);
      this.#log.set(event.offset, event);
    }
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  step(): void {
    const kind = this.#random();
    const client = pick(this.#random, this.#clients);
    if (kind < 0.1) this.#connect(client);
    else if (kind < 0.3) this.#speak(client);
    else if (kind < 0.34) client.resend();
    else if (kind < 0.55) this.#carryIn(1 + Math.floor(this.#random() * 6));
    else if (kind < 0.82) this.#carryOut(1 + Math.floor(this.#random() * 12));
    else if (kind < 0.86) client.acknowledge();
    else if (kind < 0.92) this.#wait(pick(this.#random, [1, 5, 20, 300, 1_500, 12_000]));
    else if (kind < 0.94) this.#overHttp();
    else this.#trouble(client);
  }

  #speak(client: NetworkClient): void {
    const name = `${client.name}-${++this.#names}`;
    const size = this.#chance(0.1) ? 3_000 : 10;
    const kind = this.#random();
    const offset = 1 + Math.floor(this.#random() * this.#acts.position().offset);
    if (kind < 0.7) client.want(`say-${name}`, { type: "send", clientId: `say-${name}`, text: "x".repeat(size) });
    else if (kind < 0.8) client.want(name, { type: "react", ref: name, offset, emoji: "👍", on: this.#chance(0.7) });
    else if (kind < 0.9) client.say({ type: "typing", on: this.#chance(0.8) });
    else if (kind < 0.95) client.say({ type: "presence", state: pick(this.#random, ["online", "away"]) });
    else client.say({ type: "receipt", readOffset: offset });
  }

  /** Another wire commits, and is told at once or later. */
  #overHttp(): void {
    const kind = this.#random();
    const count = kind < 0.02 ? L.recoveryEvents + 1 : kind < 0.18 ? 80 : 1;
    const text = count === 80 ? "y".repeat(16_000) : "z";
    const changes = Array.from({ length: count }, (): WantedChange => {
      const message = { clientId: `http-${++this.#names}`, text, mediaId: null, replyTo: null, mentions: [] };
      return { by: SERVICE, change: { type: "send", message } };
    });
    this.#untold.push(this.#acts.commit(changes, this.#now).events);
    if (this.#chance(0.7)) this.#tell();
  }

  #tell(): void {
    const at = Math.floor(this.#random() * this.#untold.length);
    const [events] = this.#untold.splice(at, 1);
    if (events) this.#apply(this.#machine.tell(events, this.#now));
  }

  #trouble(client: NetworkClient): void {
    const kind = this.#random();
    if (kind < 0.25) client.disconnect();
    else if (kind < 0.4) this.#goDark(client);
    else if (kind < 0.6) this.#sleep();
    else if (kind < 0.75) this.#end();
    else if (kind < 0.9) this.#cutAfter = Math.floor(this.#random() * 8);
    else if (kind < 0.93) this.#book.restart(`e${++this.#epochs}`);
    else this.#tell();
  }

  #connect(client: NetworkClient): void {
    if (client.wire) return;
    const who = entry(client.name);
    const entered = this.#acts.enter(callerOf(who.person, who.actions), this.#now);
    if (!entered.ok) throw new Error(entered.problem.detail);
    this.#apply(this.#machine.tell(entered.value.events, this.#now));
    const wire = new Wire(`w${++this.#names}`, client);
    client.connect(wire);
    this.#wires.set(wire.id, wire);
    this.#cutAfter = Infinity; // who is being let in when a room ends was not let in
    this.#apply(this.#machine.join(wire.id, who, this.#now));
  }

  /** The network under a connection is gone, and only one side knows: the other keeps its half for a while. */
  #goDark(client: NetworkClient): void {
    const { wire } = client;
    if (!wire) return;
    this.seen.halfOpen++;
    client.disconnect();
    wire.toServer.pop(); // that it closed is never said
  }

  #carryIn(count: number): void {
    const wire = this.#busy((one) => one.toServer.length > 0);
    for (let n = 0; wire && n < count; n++) {
      const [text] = wire.toServer;
      if (text === undefined) return;
      if (text !== "closed") this.#disturb(wire.toServer, wire);
      const carried = wire.toServer.shift();
      if (carried === undefined || !wire.serverOpen) continue;
      if (carried === "closed") this.#gone(wire);
      else this.#apply(this.#machine.receive(wire.id, carried, this.#now));
    }
  }

  #carryOut(count: number): void {
    const wire = this.#busy((one) => one.clientOpen && one.toClient.length > 0);
    for (let n = 0; wire && n < count && wire.clientOpen; n++) {
      this.#disturb(wire.toClient, wire);
      const carried = wire.toClient.shift();
      if (carried === undefined) return;
      wire.client.read(carried);
      if (typeof carried === "object" && "close" in carried) wire.clientOpen = false;
      if (this.#chance(0.1)) wire.client.acknowledge();
    }
  }

  #busy(has: (wire: Wire) => boolean): Wire | undefined {
    const busy = [...this.#wires.values()].filter(has);
    return busy.length === 0 ? undefined : pick(this.#random, busy);
  }

  /** Loses, repeats or swaps what is next. */
  #disturb<T>(lane: T[], wire: Wire): void {
    const [first, second] = lane;
    if (first === undefined || !this.#chance(0.02)) return;
    wire.tainted = true;
    const kind = this.#random();
    if (kind < 0.4) {
      lane.shift();
      this.seen.lost++;
    } else if (kind < 0.7) {
      lane.unshift(first);
      this.seen.repeated++;
    } else if (second !== undefined) {
      [lane[0], lane[1]] = [second, first];
      this.seen.reordered++;
    }
  }

  #gone(wire: Wire): void {
    if (!wire.serverOpen) return;
    wire.serverOpen = false;
    this.#attachments.delete(wire.id);
    this.#apply(this.#machine.leave(wire.id, this.#now));
  }

  #apply(effects: readonly RoomEffect[]): void {
    for (const effect of effects) {
      if (this.#cutAfter <= 0) return this.#cutShort();
      switch (effect.type) {
        case "save":
          this.#attachments.set(effect.socket, effect.attachment);
          break;
        case "send":
          this.#wires.get(effect.socket)?.toClient.push(effect.text);
          this.#cutAfter--;
          break;
        case "share":
          for (const id of effect.sockets) {
            if (this.#cutAfter <= 0) return this.#cutShort();
            this.#wires.get(id)?.toClient.push(effect.frame);
            this.#cutAfter--;
          }
          break;
        case "close": {
          if (effect.code === 4101) this.seen.slow++;
          const wire = this.#wires.get(effect.socket);
          if (wire) wire.serverOpen = false;
          wire?.toClient.push({ close: effect.code });
          this.#attachments.delete(effect.socket);
          break;
        }
        case "wake":
          this.#wakeAt = this.#now + effect.inMs;
          break;
        case "expiry":
          this.#expiry = effect.at;
          break;
        case "report":
          break;
        case "failed":
          throw effect.error;
        case "verify":
          throw new Error("nobody refreshes here");
      }
    }
  }

  #cutShort(): void {
    this.seen.cutShort++;
    this.#end();
  }

  /** The room ends without warning. Its sockets outlive it, or do not. */
  #end(): void {
    this.#cutAfter = Infinity;
    this.seen.ends++;
    this.#untold.length = 0;
    if (this.#chance(0.4)) {
      for (const wire of this.#wires.values()) {
        if (!wire.serverOpen) continue;
        wire.serverOpen = false;
        wire.toClient.push({ close: 1006 });
        this.#attachments.delete(wire.id);
      }
    }
    this.#begin();
  }

  #begin(): void {
    this.#machine = this.#newMachine();
    this.#wakeAt = undefined;
    this.#apply(this.#machine.restore(this.#attachments.values(), this.#expiry, this.#now));
  }

  /** The room falls asleep once nothing is pending, and wakes. */
  #sleep(): void {
    this.#cutAfter = Infinity;
    this.#wait(15_000);
    if (this.#wakeAt !== undefined) throw new Error("the room does not come to rest");
    while (this.#untold.length > 0) this.#tell();
    if (this.#wakeAt !== undefined) return; // it has something to do again
    this.seen.sleeps++;
    this.#begin();
  }

  #wait(ms: number): void {
    const until = this.#now + ms;
    for (let rings = 0; this.#wakeAt !== undefined && this.#wakeAt <= until; rings++) {
      if (rings > 10_000) throw new Error("timers do not come to rest");
      this.#now = Math.max(this.#now, this.#wakeAt);
      this.#wakeAt = undefined;
      this.#apply(this.#machine.pump(this.#now));
    }
    this.#now = until;
  }

  /** The network is whole again. First what is on its way arrives; then one message more shows what was missed at the end. */
  settle(): void {
    this.#cutAfter = Infinity;
    while (this.#untold.length > 0) this.#tell();
    this.#calm();
    const end = this.#acts.position();
    for (const client of this.#clients) {
      // A connection that lost nothing owes nothing.
      if (client.wire && !client.wire.tainted && client.subscribed && client.place?.offset !== end.offset)
        throw new Error(`${client.name} is at ${client.place?.offset} of ${end.offset} on a whole connection`);
    }
    for (let round = 0; round < 3; round++) {
      for (const client of this.#clients) {
        // A question or its answer was lost, or the close: it has waited, and pinged, for long enough.
        if (!client.subscribed || client.wire?.serverOpen === false) client.disconnect();
        this.#connect(client);
      }
      this.#calm();
      const message = { clientId: `last-${round}`, text: "the end", mediaId: null, replyTo: null, mentions: [] };
      this.#apply(this.#machine.tell(this.#acts.commit([{ by: SERVICE, change: { type: "send", message } }], this.#now).events, this.#now));
      this.#calm();
    }
    judge(this.#clients, this.#log.values(), this.#acts.position(), this.seen);
  }

  /** Everything that is on its way arrives, until nobody has anything to say. */
  #calm(): void {
    for (let turn = 0; turn < 20; turn++) {
      for (const wire of this.#wires.values()) {
        for (const text of wire.toServer.splice(0)) {
          if (!wire.serverOpen) continue;
          if (text === "closed") this.#gone(wire);
          else this.#apply(this.#machine.receive(wire.id, text, this.#now));
        }
        if (!wire.clientOpen) this.#gone(wire); // the server finds out at last
      }
      this.#wait(3_000); // longer than a pace of sends holds anything up
      for (const wire of this.#wires.values()) {
        while (wire.clientOpen && wire.toClient.length > 0) {
          const carried = wire.toClient.shift();
          if (carried === undefined) break;
          wire.client.read(carried);
          if (typeof carried === "object" && "close" in carried) wire.clientOpen = false;
        }
      }
      for (const client of this.#clients) {
        client.acknowledge();
        if (client.wire?.toServer.length === 1) client.resend();
      }
    }
  }
}
