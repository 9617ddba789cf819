import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Failpoint } from "../../contract/failpoints.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { Meridian } from "../../sdk/client.ts";
import { mulberry, type Random } from "../lib/random.ts";
import { type CrashServer, startCrashServer } from "./crash-server.ts";
import { noNotes, RoomClient, type RoomNotes } from "./room-client.ts";

export interface RoomCrashOptions {
  readonly kills: number;
  /** Acknowledged before each kill, at least. */
  readonly acksPerKill: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface RoomCrashReport extends Pick<RoomNotes, "acks" | "events" | "recovered" | "refused" | "faults"> {
  readonly kills: readonly { readonly failpoint: Failpoint; readonly hit: number; readonly acks: number }[];
  /** What was read in the end. */
  readonly messages: number;
}

const POINTS = ["committed", "sent", "consuming"] as const satisfies readonly Failpoint[];
type Point = (typeof POINTS)[number];
/** How often a failpoint is met for each acknowledgement, at first; many share a transaction, and many transactions a sending. */
const HITS_PER_ACK: Readonly<Record<Point, number>> = { committed: 0.5, sent: 0.07, consuming: 0.05 };
/** What the kill before left on its way is consumed first, and is no new acknowledgement. */
const LEFT_OVER: Readonly<Record<Point, number>> = { committed: 0, sent: 0, consuming: 250 };
const ROOMS = ["chaos-one", "chaos-two", "chaos-three"];
/** Of a room: services, which may say much, with so many messages under way; and people, who say ten a second. */
const SERVICES = 2;
const PEOPLE = 2;
const IN_FLIGHT = { service: 6, person: 2 } as const;
/** A failpoint that is not met for so long is set nearer. */
const LONGEST_MS = 40_000;
const WATCH_MS = 20;
const PAGE = 200;

/**
 * The crash proof of rooms: services and people talk over sockets, the server is killed at a seeded failpoint and started again on the
 * same state, clients come back, recover, and say again what was not acknowledged. In the end every message that was acknowledged has to be
 * in the room once, at the place that was acknowledged. A kill that comes before enough is acknowledged does not count.
 */
export async function proveRooms(options: RoomCrashOptions): Promise<RoomCrashReport> {
  for (const step of BUILD_STEPS) await runStep(step);
  const state = mkdtempSync(join(tmpdir(), "meridian-rooms-"));
  try {
    return await new RoomCrash(options, state).run();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

interface Someone {
  readonly client: RoomClient;
  /** Of a person; a service comes with the key. */
  readonly sub: string | undefined;
}

class RoomCrash {
  readonly #options: RoomCrashOptions;
  readonly #state: string;
  readonly #random: Random;
  readonly #notes = noNotes();
  readonly #everybody: readonly Someone[];
  readonly #hitsPerAck = { ...HITS_PER_ACK };

  constructor(options: RoomCrashOptions, state: string) {
    this.#options = options;
    this.#state = state;
    this.#random = mulberry(options.seed);
    this.#everybody = ROOMS.flatMap((room) => [
      ...Array.from({ length: SERVICES }, (_, n) => this.#someone(room, `service${n}`, undefined)),
      ...Array.from({ length: PEOPLE }, (_, n) => this.#someone(room, `person${n}`, `person${n}`)),
    ]);
  }

  #someone(room: string, name: string, sub: string | undefined): Someone {
    const inFlight = sub === undefined ? IN_FLIGHT.service : IN_FLIGHT.person;
    return { client: new RoomClient(room, name, inFlight, this.#notes), sub };
  }

  async run(): Promise<RoomCrashReport> {
    const { kills, acksPerKill, log } = this.#options;
    const done: { failpoint: Failpoint; hit: number; acks: number }[] = [];
    let server = await startCrashServer(this.#state);
    for (const room of ROOMS) await clientOf(server).rooms.create({ room });
    await server.kill();
    for (let tries = 0; done.length < kills; tries++) {
      if (tries > 3 * kills + 5) throw new Error("kills do not come when they have to");
      const failpoint = POINTS[done.length % POINTS.length] ?? "committed";
      const hit = Math.ceil(LEFT_OVER[failpoint] + acksPerKill * this.#hitsPerAck[failpoint] * (1 + this.#random() / 5));
      const before = this.#notes.acks;
      const isMet = await this.#talk(await startCrashServer(this.#state, { name: failpoint, hit }));
      const acks = this.#notes.acks - before;
      const counts = isMet && acks >= acksPerKill;
      if (!isMet) this.#hitsPerAck[failpoint] /= 4;
      else if (counts) done.push({ failpoint, hit, acks });
      else this.#hitsPerAck[failpoint] *= Math.min(2, 1.3 * (acksPerKill / Math.max(1, acks)));
      log(
        `${counts ? `kill ${done.length}/${kills}` : isMet ? "too early, once more:" : "not met, once more nearer:"} at ${failpoint}:${hit} after ${acks} acknowledgements`,
      );
    }
    server = await startCrashServer(this.#state);
    try {
      const messages = await this.#judge(server);
      const { acks, events, recovered, refused, faults } = this.#notes;
      return { kills: done, acks, events, recovered, refused, faults, messages };
    } finally {
      await server.kill();
    }
  }

  /** Everybody talks until the failpoint is met. @returns whether it was */
  async #talk(server: CrashServer): Promise<boolean> {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      void server.kill();
    }, LONGEST_MS);
    const enough = this.#notes.acks + this.#options.acksPerKill;
    this.#hurry(true);
    const watching = setInterval(() => this.#hurry(this.#notes.acks < enough), WATCH_MS);
    await this.#all(server, true);
    await server.killed;
    clearTimeout(late);
    clearInterval(watching);
    return !isLate;
  }

  #hurry(hurries: boolean): void {
    for (const { client } of this.#everybody) client.slow = !hurries;
  }

  async #all(server: CrashServer, saysMore: boolean): Promise<void> {
    let tokens: Map<string, string>;
    try {
      tokens = await mint(server);
    } catch {
      return; // the kill came already: something was due at the start
    }
    await Promise.all(
      this.#everybody.map(async ({ client, sub }) => {
        const credential = sub === undefined ? server.demo.apiKey : (tokens.get(sub) ?? "");
        await client.run(server, credential, saysMore);
      }),
    );
  }

  /** Lets everybody say what is left and come to the end of the log; then reads every room as it is. @returns messages in them */
  async #judge(server: CrashServer): Promise<number> {
    const { faults } = this.#notes;
    const running = this.#all(server, false);
    for (let tries = 0; tries < 300 && this.#everybody.some(({ client }) => client.unsaid > 0); tries++) await pause(100);
    let messages = 0;
    for (const room of ROOMS) {
      const { offset } = await clientOf(server).rooms.get(room);
      const here = this.#everybody.filter((_, n) => Math.floor(n / (SERVICES + PEOPLE)) === ROOMS.indexOf(room));
      for (let tries = 0; tries < 100 && here.some(({ client }) => client.place?.offset !== offset); tries++) await pause(100);
      for (const { client } of here) {
        if (client.unsaid > 0) faults.push(`${client.unsaid} messages cannot be said in ${room}`);
        if (client.place?.offset !== offset) faults.push(`somebody in ${room} is at ${client.place?.offset} of ${offset}`);
      }
      messages += await this.#judgeRoom(server, room);
    }
    for (const { client } of this.#everybody) client.close();
    await running;
    return messages;
  }

  async #judgeRoom(server: CrashServer, room: string): Promise<number> {
    const { acked, edited, faults } = this.#notes;
    const { rooms } = clientOf(server);
    const places = new Map<string, number>();
    let last = 0;
    let page = await rooms.messages(room, { after: 0, limit: PAGE });
    for (;;) {
      for (const { offset, clientId, text } of page.items) {
        if (offset <= last) faults.push(`${room} has ${offset} behind ${last}`);
        last = offset;
        if (clientId === null || places.has(clientId)) faults.push(`${room} has ${clientId} twice, at ${offset}`);
        else places.set(clientId, offset);
        if (edited.has(`${room} ${offset}`) && text !== `${clientId}, edited`) faults.push(`the edit of ${offset} in ${room} is lost`);
      }
      if (page.nextCursor === null) break;
      page = await rooms.messages(room, { cursor: page.nextCursor, limit: PAGE });
    }
    for (const [name, offset] of acked) {
      const [of, clientId = ""] = name.split(" ");
      if (of === room && places.get(clientId) !== offset) faults.push(`${name} is at ${places.get(clientId)}, acknowledged at ${offset}`);
    }
    const view = await rooms.get(room);
    if (view.messages !== places.size) faults.push(`${room} counts ${view.messages} messages and shows ${places.size}`);
    return places.size;
  }
}

const clientOf = (server: CrashServer): Meridian => new Meridian({ url: server.url, key: server.demo.apiKey });

async function mint(server: CrashServer): Promise<Map<string, string>> {
  const grants = [{ kind: "room", name: "chaos-*", actions: ["read", "write"] }];
  const tokens = new Map<string, string>();
  for (let n = 0; n < PEOPLE; n++) {
    const answer = await fetch(`${server.url}/v1/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.demo.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ sub: `person${n}`, name: `Person ${n}`, grants }),
    });
    const { token } = (await answer.json()) as TokenReply; // the route's own tests hold the shape
    tokens.set(`person${n}`, token);
  }
  return tokens;
}

async function pause(ms: number): Promise<void> {
  await new Promise((later) => setTimeout(later, ms));
}

/** `npm run soak -- rooms [--kills 50] [--acks 2000] [--seed n]` */
export async function soak(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "50" },
      acks: { type: "string", default: "2000" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) },
    },
  });
  const [kills, acksPerKill, seed] = [values.kills, values.acks, values.seed].map(Number) as [number, number, number]; // three of three
  console.log(`rooms: ${kills} kills, ${acksPerKill} acknowledgements before each, --seed ${seed}`);
  const { acks, messages, events, recovered, refused, faults } = await proveRooms({ kills, acksPerKill, seed, log: console.log });
  console.log(
    `${acks} acknowledgements, ${messages} messages in the end, ${events} events at followers, ${recovered} whole recoveries, ${refused} refused aloud, ${faults.length} faults`,
  );
  if (faults.length === 0) return;
  console.error(faults.slice(0, 20).join("\n"));
  process.exitCode = 1;
}
