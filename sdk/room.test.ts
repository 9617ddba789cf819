import { describe, expect, it } from "vitest";
import type { History, Message } from "../contract/rooms.ts";
import type { RoomFrame } from "../contract/room-live.ts";
import { LiveWorld, settle, type ServerSocket } from "./live-testing.ts";
import { memoryQueue, QUEUE_LIMITS, type QueueStore } from "./room-queue.ts";
import { RoomClient } from "./room.ts";
import type { Call } from "./transport.ts";

const CHANNEL = "room/lobby";

/** A room's client, its server's side in the hands of the test. */
class RoomWorld {
  readonly world = new LiveWorld();
  readonly requests: string[] = [];
  readonly room: RoomClient;
  page: Pick<History, "items" | "offset" | "hasMore"> = { items: [], offset: 0, hasMore: false };
  #ids = 0;

  constructor(queue: QueueStore = memoryQueue()) {
    const request = (async (method: string, path: string) => {
      this.requests.push(`${method} ${path}`);
      return { ...this.page, nextCursor: null, epoch: "e1" };
    }) as unknown as Call; // only history is asked for here
    this.room = new RoomClient(request, "lobby", { live: this.world.deps, queue, newId: () => `id${++this.#ids}` });
  }

  async joined(offset = 0, recovered = false): Promise<ServerSocket> {
    this.room.open();
    await settle();
    return await this.welcome(offset, recovered);
  }

  async welcome(offset = 0, recovered = false): Promise<ServerSocket> {
    this.world.socket.welcome();
    this.world.socket.confirm(CHANNEL, offset, "e1", recovered);
    await settle();
    return this.world.socket;
  }

  sent<T extends RoomFrame["type"]>(type: T): Extract<RoomFrame, { type: T }>[] {
    const heard = this.world.socket.heard as readonly { type: string }[];
    return heard.filter((frame): frame is Extract<RoomFrame, { type: T }> => frame.type === type);
  }

  ack(ref: string, offset: number): void {
    this.world.socket.send({ type: "ack", items: [{ ref, offset, at: 0 }] });
  }
}

const message = (offset: number, more: Partial<Message> = {}): Message => ({
  offset,
  id: `lobby:${offset}`,
  clientId: null,
  sender: "minted|eve",
  senderName: "Eve",
  at: 0,
  kind: "text",
  text: `text ${offset}`,
  mediaId: null,
  media: null,
  replyTo: null,
  mentions: [],
  reactions: [],
  editedAt: null,
  deletedAt: null,
  ...more,
});

function hear(socket: ServerSocket, ...messages: readonly Message[]): void {
  const events = messages.map((data) => ({
    v: 1,
    type: "message",
    id: `e1:${data.offset}`,
    at: 0,
    channel: CHANNEL,
    epoch: "e1",
    offset: data.offset,
    data,
  }));
  socket.send({ type: "batch", events });
}

describe("sending", () => {
  it("[RM191] keeps what is written without a connection, sends it in order when there is one, and once", async () => {
    const one = new RoomWorld();
    for (const text of ["a", "b", "c"]) await one.room.send({ text });
    expect(one.room.unsent.map(({ message: { text } }) => text)).toEqual(["a", "b", "c"]);
    await one.joined();
    expect(one.sent("send").map(({ text, clientId }) => [text, clientId])).toEqual([
      ["a", "id1"],
      ["b", "id2"],
      ["c", "id3"],
    ]);
    one.ack("id1", 1);
    one.ack("id1", 1);
    expect(one.room.unsent.map(({ clientId }) => clientId)).toEqual(["id2", "id3"]);
    expect(one.sent("send")).toHaveLength(3);
  });

  it("[RM191] sends again, under the same ids, what had no answer when the connection went", async () => {
    const one = new RoomWorld();
    await one.joined();
    await one.room.send({ text: "a" });
    await one.room.send({ text: "b" });
    one.ack("id1", 1);
    one.world.socket.close(1006);
    await one.world.forward(600);
    await one.welcome(1, true);
    expect(one.sent("send").map(({ clientId }) => clientId)).toEqual(["id2"]);
  });

  it("[RM191] finds what an earlier page left unsent", async () => {
    const queue = memoryQueue();
    const before = new RoomWorld(queue);
    await before.room.send({ text: "left" });
    const after = new RoomWorld(queue);
    await after.joined();
    expect(after.sent("send").map(({ text }) => text)).toEqual(["left"]);
  });

  it("[RM192] holds up everything behind a message that comes too fast, for as long as it is told", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    for (const text of ["a", "b"]) await one.room.send({ text });
    socket.send({ type: "error", ref: "id1", code: "rate-limited", detail: "", retryAfterMs: 700 });
    await one.room.send({ text: "c" });
    expect(one.sent("send")).toHaveLength(2);
    await one.world.forward(699);
    expect(one.sent("send")).toHaveLength(2);
    await one.world.forward(1);
    expect(one.sent("send").map(({ text }) => text)).toEqual(["a", "b", "a", "b", "c"]);
  });

  it("[RM192] shows what is refused for good as failed, to be sent again or discarded, and goes on", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    for (const text of ["a", "b"]) await one.room.send({ text });
    socket.send({ type: "error", ref: "id1", code: "muted", detail: "until noon" });
    one.ack("id2", 1);
    expect(one.room.unsent).toMatchObject([{ clientId: "id1", state: "failed", error: { code: "muted" } }]);
    one.room.retry("id1");
    expect(one.sent("send").at(-1)?.clientId).toBe("id1");
    one.room.discard("id1");
    expect(one.room.unsent).toEqual([]);
  });

  it("[RM193] takes a thousand and no more, and fails what waited for seven days without losing it", async () => {
    const queue = memoryQueue();
    const one = new RoomWorld(queue);
    for (let n = 0; n < QUEUE_LIMITS.messages; n++) expect(await one.room.send({ text: "x" })).toBe(true);
    expect(await one.room.send({ text: "one too many" })).toBe(false);
    const later = new RoomWorld(queue);
    later.world.now = one.world.now + QUEUE_LIMITS.keepMs + 2_000;
    await later.joined();
    expect(later.room.unsent).toHaveLength(QUEUE_LIMITS.messages);
    expect(later.room.unsent[0]).toMatchObject({ state: "failed", error: { code: "too-old" } });
    expect(later.sent("send")).toEqual([]);
  });

  it("[RM191] shows a message once, whether the room's event or its acknowledgement comes first", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    await one.room.send({ text: "a" });
    hear(socket, message(1, { clientId: "id1", text: "a" }));
    expect([one.room.messages.length, one.room.unsent.length]).toEqual([1, 0]);
    one.ack("id1", 1);
    expect([one.room.messages.length, one.room.unsent.length]).toEqual([1, 0]);
  });

  it("[RM194] settles a change by its answer, and by HTTP where there is no connection", async () => {
    const one = new RoomWorld();
    await one.room.edit(4, "offline");
    expect(one.requests).toEqual(["PATCH /v1/rooms/lobby/messages/4"]);
    const socket = await one.joined();
    const refused = one.room.erase(4);
    socket.send({ type: "error", ref: one.sent("delete")[0]?.ref, code: "not-found", detail: "gone" });
    await expect(refused).rejects.toMatchObject({ name: "RoomRefusal", code: "not-found" });
    const done = one.room.react(4, "👍", true);
    one.ack(one.sent("react")[0]?.ref ?? "", 9);
    await expect(done).resolves.toBeUndefined();
    const cut = one.room.edit(4, "cut off");
    socket.close(1006);
    await expect(cut).rejects.toMatchObject({ code: "connection-lost" });
  });
});

describe("staying current", () => {
  it("[RM195] goes on behind a reconnect that recovers, without reading anything anew", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    hear(socket, message(1));
    const read = one.requests.length;
    socket.close(1006);
    await one.world.forward(600);
    hear(await one.welcome(1, true), message(2));
    expect(one.world.socket.of("subscribe")).toMatchObject([{ epoch: "e1", offset: 1 }]);
    expect(one.room.messages.map(({ offset }) => offset)).toEqual([1, 2]);
    expect([one.requests.length, one.room.gaps]).toEqual([read, 0]);
  });

  it("[RM195] drops what it has and reads anew when the room says that it cannot tell what was missed", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    hear(socket, message(1, { text: "old" }));
    socket.close(1006);
    await one.world.forward(600);
    one.page = { items: [message(1, { text: "edited meanwhile" })], offset: 2_000, hasMore: true };
    one.world.socket.welcome();
    const [asked] = one.world.socket.of("subscribe");
    one.world.socket.send({
      type: "subscribed",
      id: asked?.id,
      channel: CHANNEL,
      epoch: "e1",
      offset: 2_000,
      recovered: false,
      reason: "too-many",
    });
    await settle();
    await settle();
    expect(one.room.messages.map(({ text }) => text)).toEqual(["edited meanwhile"]);
    expect([one.room.gaps, one.room.range.hasOlder]).toEqual([1, true]);
  });

  it("[RM196] tells receipts together at most each 200 ms, and again after every reconnect", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    hear(socket, message(1));
    hear(socket, message(2));
    one.room.read(1);
    await one.world.forward(200);
    expect(one.sent("receipt")).toEqual([{ v: 1, type: "receipt", deliveredOffset: 2, readOffset: 1 }]);
    await one.world.forward(5_000);
    expect(one.sent("receipt")).toHaveLength(1);
    socket.close(1006);
    await one.world.forward(600);
    await one.welcome(2, true);
    await one.world.forward(200);
    expect(one.sent("receipt")).toEqual([{ v: 1, type: "receipt", deliveredOffset: 2, readOffset: 1 }]);
  });

  it("[RM197] says at most once a second that somebody types, and forgets typists that nobody tells about", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    one.room.type(true);
    one.room.type(true);
    await one.world.forward(1_000);
    one.room.type(true);
    one.room.type(false);
    one.room.type(false);
    expect(one.sent("typing").map(({ on }) => on)).toEqual([true, true, false]);
    socket.raw(JSON.stringify({ v: 1, type: "typing", channel: CHANNEL, items: [{ subject: "minted|eve", on: true }] }));
    expect(one.room.typing).toEqual(["minted|eve"]);
    await one.world.forward(4_000);
    expect(one.room.typing).toEqual([]);
  });

  it("[RM197] takes somebody who has sent for no longer typing", async () => {
    const one = new RoomWorld();
    const socket = await one.joined();
    socket.raw(JSON.stringify({ v: 1, type: "typing", channel: CHANNEL, items: [{ subject: "minted|eve", on: true }] }));
    socket.raw(JSON.stringify({ v: 1, type: "batch", events: [] }));
    expect(one.room.typing).toEqual(["minted|eve"]);
    socket.raw(
      JSON.stringify({
        v: 1,
        type: "batch",
        events: [{ v: 1, type: "message", id: "e1:1", at: 0, channel: CHANNEL, epoch: "e1", offset: 1, data: message(1) }],
      }),
    );
    expect(one.room.typing).toEqual([]);
  });
});
