import { inflateRawSync } from "node:zlib";
import type { ServerFrame, SharedFrame } from "../../../contract/live.ts";
import type { Action } from "../../../contract/permissions.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import type { RoomCaller } from "../../../contract/rpc/room.ts";
import { admission, knock } from "../testing.ts";
import type { TestRoom } from "./room-testing.ts";

type AnyFrame = ServerFrame | SharedFrame;
type FrameOf<T extends AnyFrame["type"]> = Extract<AnyFrame, { readonly type: T }>;

/** Longer than attachments wait to be saved. */
const SAVED_MS = 1_200;

/** What the edge says of somebody. */
export function admits({ granted, ...person }: RoomCaller, changed: Partial<Admission> = {}): Admission {
  const actions = granted.map((action): Action => `rooms:${action}`);
  const actor = person.kind === "subject" ? `subject:${person.ref}` : person.id;
  return admission({ actor, credential: `token:${person.id}`, actions, person, ...changed });
}

/** A client's end of a room's socket: counts frames as clients do, and keeps them until they are asked for. */
export class RoomSocket {
  readonly frames: AnyFrame[] = [];
  /** Messages of the server that are no frames. */
  readonly others: string[] = [];
  binary = 0;
  received = 0;
  /** A frame's number was not what was counted. */
  misnumbered = false;
  closed: number | undefined;
  readonly #socket: WebSocket;
  #wake: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#read(data as string | ArrayBuffer)); // no blobs here
    socket.addEventListener("close", ({ code }) => {
      this.closed = code;
      this.#rouse();
    });
    socket.accept();
  }

  #read(data: string | ArrayBuffer): void {
    if (typeof data !== "string") this.binary++;
    const text = typeof data === "string" ? data : new TextDecoder().decode(inflateRawSync(new Uint8Array(data)));
    const frame = JSON.parse(text) as AnyFrame; // what our own room sends
    if (String(frame.type) === "pong") this.others.push(text);
    else {
      this.received++;
      if ("n" in frame && frame.n !== this.received) this.misnumbered = true;
      this.frames.push(frame);
    }
    this.#rouse();
  }

  raw(text: string): void {
    this.#socket.send(text);
  }

  say(frame: object): void {
    this.raw(JSON.stringify({ v: 1, ...frame }));
  }

  ack(): void {
    this.say({ type: "ack", n: this.received });
  }

  close(): void {
    this.#socket.close(1000, "the test is over");
  }

  /** The next frame of this type, also one that came before the call; each is given out once. */
  async next<T extends AnyFrame["type"]>(type: T): Promise<FrameOf<T>> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type);
      if (at >= 0) return this.frames.splice(at, 1)[0] as FrameOf<T>; // found by its type
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed} before ${type}`);
      await this.news();
    }
  }

  /** Offsets of so many events, or more when they came together. */
  async events(count: number): Promise<number[]> {
    const offsets: number[] = [];
    while (offsets.length < count) offsets.push(...(await this.next("batch")).events.map(({ offset }) => offset));
    return offsets;
  }

  async whenClosed(): Promise<number> {
    while (this.closed === undefined) await this.news();
    return this.closed;
  }

  async news(): Promise<void> {
    await new Promise<void>((done) => this.#wake.push(done));
  }

  #rouse(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const open = new Set<RoomSocket>();

/** Ends what a test left open. */
export function closeRoomSockets(): void {
  for (const socket of open) socket.close();
  open.clear();
}

/** A socket past its welcome. */
export async function enter(room: TestRoom, who: RoomCaller, changed: Partial<Admission> = {}): Promise<RoomSocket> {
  const response = await knock(room.stub, admits(who, changed));
  if (!response.webSocket) throw new Error(`the room refused with ${response.status}: ${await response.text()}`);
  const socket = new RoomSocket(response.webSocket);
  open.add(socket);
  await socket.next("welcome");
  return socket;
}

/** A socket that follows the room from a place, or from here on. */
export async function follow(
  room: TestRoom,
  who: RoomCaller,
  since: { epoch: string; offset: number } | { replay: number } = { replay: 0 },
): Promise<RoomSocket> {
  const socket = await enter(room, who);
  socket.say({ type: "subscribe", id: "s", channel: `room/${room.name}`, ...since });
  await socket.next("subscribed");
  return socket;
}

/** Nothing is pending any more: what sockets need after a sleep is saved. */
export async function rested(): Promise<void> {
  await scheduler.wait(SAVED_MS);
}
