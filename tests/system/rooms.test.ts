import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Grant } from "../../contract/grants.ts";
import type { Envelope, ServerFrame, SharedFrame } from "../../contract/live.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { Meridian } from "../../sdk/client.ts";
import { RawSocket } from "../lib/raw-socket.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

/** A busy machine is slow. */
const SOON = { timeout: 60_000, interval: 5 };
const MIB = 1024 * 1024;
/** Of one message: so many and some more are a MiB. */
const TEXT = "x".repeat(15 * 1024);
const TO_A_MIB = Math.ceil(ROOM_LIMITS.unackedBytes / TEXT.length);
const BATCH = 30;

let server: TestServer;
let meridian: Meridian;
beforeAll(async () => {
  server = await startTestServer();
  meridian = new Meridian({ url: server.url, key: server.demo.apiKey });
});
afterAll(async () => {
  await server.stop();
  removeState(server);
});

type Frame = ServerFrame | SharedFrame;

/** Somebody in a room on a plain connection, who acknowledges everything read. */
class Reader {
  readonly socket: RawSocket;
  readonly offsets: number[] = [];
  place: { epoch: string; offset: number } | undefined;
  recovered: boolean | undefined;
  #received = 0;

  constructor(room: string, credential = server.demo.apiKey, since?: { epoch: string; offset: number }) {
    const url = new URL(`${server.url}/v1/rooms/${room}/socket`);
    this.socket = RawSocket.open(url, credential, (text) => this.#read(JSON.parse(text) as Frame)); // our own server's
    this.socket.send({ v: 1, type: "subscribe", id: "s", channel: `room/${room}`, ...(since ?? { replay: 0 }) });
  }

  #read(frame: Frame): void {
    this.#received++;
    if (frame.type === "subscribed") {
      this.place = { epoch: frame.epoch, offset: frame.offset };
      this.recovered = frame.recovered;
    }
    if (frame.type === "batch") for (const event of frame.events) this.#take(event);
    if (frame.type !== "goodbye") this.socket.send({ v: 1, type: "ack", n: this.#received });
  }

  #take({ epoch, offset }: Envelope): void {
    this.offsets.push(offset);
    this.place = { epoch, offset };
  }

  async follows(): Promise<void> {
    await vi.waitUntil(() => this.recovered !== undefined, SOON);
  }

  async isAt(offset: number): Promise<void> {
    await vi.waitUntil(() => this.place?.offset === offset, SOON);
  }

  async closed(): Promise<number> {
    return await vi.waitUntil(() => this.socket.closeCode, SOON);
  }
}

let said = 0;
async function say(room: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= BATCH) {
    const batch = Array.from({ length: Math.min(left, BATCH) }, () => ({ clientId: `c${++said}`, text: TEXT }));
    await meridian.rooms.send(room, batch);
  }
}

const offsetOf = async (room: string): Promise<number> => (await meridian.rooms.get(room)).offset;

/** Offsets from one up to another. */
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Resident bytes of the server's processes together. */
function residentBytes(): number {
  const pages = execFileSync("ps", ["-o", "rss=", "-g", String(server.process.pid)], { encoding: "utf8" });
  return pages.split("\n").reduce((sum, line) => sum + Number(line) * 1024, 0);
}

describe("a client that stops reading", () => {
  it("[RC53] is closed with 4101 at 1 MiB, while others go on, and recovers the rest whole", async () => {
    const { epoch } = await meridian.rooms.create({ room: "stalled" });
    const [slow, quick] = [new Reader("stalled"), new Reader("stalled")];
    await Promise.all([slow.follows(), quick.follows()]);
    const from = await offsetOf("stalled");
    slow.socket.stopReading();
    await say("stalled", TO_A_MIB + 20);
    const to = await offsetOf("stalled");
    await quick.isAt(to);
    expect(quick.offsets).toEqual(range(from + 1, to));
    slow.socket.goOn();
    expect(await slow.closed()).toBe(4101);
    expect(slow.socket.textBytes).toBeLessThanOrEqual(ROOM_LIMITS.unackedBytes + 1_000);
    expect(slow.socket.textBytes).toBeGreaterThan(0.9 * ROOM_LIMITS.unackedBytes);
    const read = slow.place?.offset ?? 0;
    expect(read).toBeLessThan(to);
    const again = new Reader("stalled", server.demo.apiKey, { epoch, offset: read });
    await again.isAt(to);
    expect(again.recovered).toBe(true);
    expect([...slow.offsets, ...again.offsets]).toEqual(range(from + 1, to));
    for (const { socket } of [slow, quick, again]) socket.destroy();
  });

  it("[RC54] costs no more than that, however much is said and however many they are", async () => {
    await meridian.rooms.create({ room: "silent" });
    const readers = Array.from({ length: 24 }, () => new Reader("silent"));
    const quick = new Reader("silent");
    await Promise.all([...readers, quick].map(async (each) => await each.follows()));
    await say("silent", BATCH);
    await quick.isAt(await offsetOf("silent"));
    for (const { socket } of readers) socket.stopReading();
    const before = residentBytes();
    await say("silent", 16 * TO_A_MIB);
    await quick.isAt(await offsetOf("silent"));
    const grown = (residentBytes() - before) / MIB;
    console.log(`16 MiB to 24 sockets that read nothing: ${grown.toFixed(0)} MiB more resident`);
    // Kept for them it would be 384.
    expect(grown).toBeLessThan(192);
    for (const { socket } of [...readers, quick]) socket.destroy();
  });
});

describe("who may not be in a room any more", () => {
  async function mint(sub: string): Promise<TokenReply> {
    const grants: Grant[] = [{ kind: "room", name: "guarded", actions: ["read", "write"] }];
    return await post<TokenReply>("/v1/tokens", { sub, name: sub, grants });
  }

  async function post<T>(path: string, body: object): Promise<T> {
    const headers = { authorization: `Bearer ${server.demo.apiKey}`, "content-type": "application/json" };
    const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T; // the routes' own tests hold the shapes
  }

  it("[RC55] is sent away when removed, banned or revoked, and cannot come back", async () => {
    await meridian.rooms.create({ room: "guarded" });
    const cases = [
      { sub: "banned", code: 4403, end: async () => await meridian.rooms.putMember("guarded", "banned", { state: "banned" }) },
      { sub: "removed", code: 4403, end: async () => await meridian.rooms.removeMember("guarded", "removed") },
      {
        sub: "revoked",
        code: 4401,
        end: async () => await post("/v1/tokens/revocations", { kind: "subject", issuer: "minted", sub: "revoked" }),
      },
    ];
    for (const { sub, code, end } of cases) {
      const token = await mint(sub);
      const reader = new Reader("guarded", token.token);
      await reader.follows();
      const asked = performance.now();
      const ended = end().then(() => performance.now());
      expect(await reader.closed()).toBe(code);
      const offMs = performance.now() - asked;
      console.log(`${sub}: off ${offMs.toFixed(0)} ms after it was asked for, answered after ${((await ended) - asked).toFixed(0)} ms`);
      const headers = { authorization: `Bearer ${token.token}` };
      const status = async () => (await fetch(`${server.url}/v1/rooms/guarded/messages`, { headers })).status;
      await vi.waitUntil(async () => (await status()) === (sub === "revoked" ? 401 : 404), SOON);
      console.log(`${sub}: refused over HTTP ${(performance.now() - asked).toFixed(0)} ms after it was asked for`);
      reader.socket.destroy();
    }
  });
});
