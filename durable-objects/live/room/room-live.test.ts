import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { LIVE_PING, LIVE_PONG } from "../../../contract/live-codes.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { admission, knock, statusOf } from "../testing.ts";
import { admits, closeRoomSockets, enter, follow, rested } from "./room-socket-testing.ts";
import { ann, ben, cid, meta, person, server, TestRoom, valueOf } from "./room-testing.ts";

afterEach(closeRoomSockets);

const text = (clientId: string, body = clientId) => ({ type: "send", clientId, text: body });

describe("a room's object and its sockets", () => {
  it("[RM67] lets members in, and tells nobody else that it is there", async () => {
    const room = await new TestRoom("live-door").open();
    expect(await statusOf(room.stub, admits(person("eve")))).toBe(404);
    expect(await statusOf(new TestRoom("live-no-room").stub, admits(ann))).toBe(404);
    expect(await statusOf(room.stub, admission())).toBe(400);
    const socket = await enter(room, ann);
    socket.say({ type: "subscribe", id: "s", channel: "room/other" });
    expect(await socket.next("error")).toMatchObject({ id: "s", code: "unknown-channel" });
    const newcomer = await enter(room, person("dan", ["write"]));
    expect(newcomer.closed).toBeUndefined();
    expect((await room.ask(server, "members", { limit: 10 })).items.find(({ subject }) => subject === "minted|dan")).toMatchObject({
      role: "member",
      presence: "online",
    });
  });

  it("[RM60] stores what is said before it says so, and tells everybody in the order of the log", async () => {
    const room = await new TestRoom("live-send").open();
    const [a, b] = [await follow(room, ann), await follow(room, ben)];
    const from = (await room.ask(ann, "view", {})).offset;
    a.say(text("c1"));
    expect((await a.next("ack")).items).toMatchObject([{ ref: "c1", offset: from + 1 }]);
    await room.evict();
    expect(await room.message(from + 1)).toMatchObject({ text: "c1", sender: "minted|ann" });
    const again = [await follow(room, ann), await follow(room, ben)];
    for (let n = 0; n < 12; n++) again[n % 2]?.say(text(`m${n}`));
    await room.say(server, "over HTTP");
    const offsets = Array.from({ length: 13 }, (_, n) => from + 2 + n);
    for (const socket of again) expect(await socket.events(13)).toEqual(offsets);
    expect((await room.ask(ann, "trace", { offset: from + 3 })).fannedOutAt).toBeGreaterThan(0);
    expect(b.misnumbered).toBe(false);
  });

  it("[RM63] sends batches deflated to who asked, in order with the rest", async () => {
    const room = await new TestRoom("live-deflate").open();
    const [a, b] = [await follow(room, ann), await follow(room, ben)];
    b.say({ type: "options", data: { deflate: true } });
    for (let n = 0; n < 6; n++) a.say(text(`c${n}`, "so much to say ".repeat(n % 2 === 0 ? 100 : 1)));
    expect((await b.events(6)).length).toBe(6);
    expect(b.binary).toBeGreaterThan(0);
    await a.events(6);
    expect(a.binary).toBe(0);
    expect(b.misnumbered).toBe(false);
  });

  it("[RM68] closes with 4403 whom it bans or removes, and hears nothing of them again", async () => {
    const room = await new TestRoom("live-ban").open();
    const [a, b, c] = [await follow(room, ann), await follow(room, ben), await follow(room, cid)];
    valueOf(await room.rpc.putMember(ann, { subject: ben.id, ref: ben.ref }, { state: "banned" }, meta));
    expect(await b.whenClosed()).toBe(4403);
    expect(b.frames.filter(({ type }) => type === "batch")).toEqual([]);
    valueOf(await room.rpc.removeMember(ann, cid.id, meta));
    expect(await c.whenClosed()).toBe(4403);
    expect(await a.events(2)).toHaveLength(2);
    expect(await statusOf(room.stub, admits(ben))).toBe(404);
  });

  it("[RM71] closes who is revoked, kicked or whose room is removed, takes a ticket once, and keeps a credential that a wrong token would replace", async () => {
    const room = await new TestRoom("live-end").open();
    const ticket = { id: "t1", expiresAt: Date.now() + 60_000 };
    const a = await enter(room, ann, { ticket, credential: "token:a" });
    expect(await statusOf(room.stub, admits(ann, { ticket }))).toBe(401);
    a.say({ type: "refresh", token: "nonsense" });
    expect(await a.next("error")).toMatchObject({ code: "unauthorized" });
    expect(await room.rpc.closeCredentials(["token:a"])).toEqual({ closed: 1, left: 0 });
    expect(await a.whenClosed()).toBe(4401);
    expect(await statusOf(room.stub, admits(ann, { credential: "token:a" }))).toBe(401);
    const b = await enter(room, ben);
    const { connectionId } = await (async () => {
      const response = await knock(room.stub, admits(cid));
      const socket = response.webSocket;
      if (!socket) throw new Error("refused");
      return await new Promise<{ connectionId: string }>((done) => {
        socket.addEventListener("message", ({ data }) => done(JSON.parse(String(data)) as { connectionId: string }), { once: true }); // the welcome
        socket.accept();
      });
    })();
    expect(await room.rpc.kick("nobody")).toBe(false);
    expect(await room.rpc.kick(connectionId)).toBe(true);
    valueOf(await room.rpc.remove(meta));
    expect(await b.whenClosed()).toBe(4404);
    expect(await statusOf(room.stub, admits(ann))).toBe(404);
  });

  it("[RC12] goes on after a sleep with every socket's place and number; a subscriber misses nothing", async () => {
    const room = await new TestRoom("live-sleep").open();
    const [a, b] = [await follow(room, ann), await follow(room, ben)];
    a.say(text("before"));
    const [first] = await b.events(1);
    await rested();
    await room.evict();
    a.say(text("after"));
    expect(await b.events(1)).toEqual([(first ?? 0) + 1]);
    expect((await a.next("ack")).items).toMatchObject([{ ref: "before" }]);
    expect((await a.next("ack")).items).toMatchObject([{ ref: "after" }]);
    await room.say(server, "over HTTP");
    expect(await b.events(1)).toEqual([(first ?? 0) + 2]);
    expect([a.misnumbered, b.misnumbered]).toEqual([false, false]);
  });

  it("[RC14] that ended in the middle has every message once: on the socket, or closed with 4410 and recovered", async () => {
    const room = await new TestRoom("live-cut").open();
    let b = await follow(room, ben);
    const { epoch, offset } = await room.ask(ann, "view", {});
    const got: number[] = [];
    for (let n = 0; n < 6; n++) {
      await room.say(server, `m${n}`);
      await room.evict(); // most likely before the socket's place was saved
    }
    await room.say(server, "last");
    while (got.length < 7) {
      const batch = b.frames.find(({ type }) => type === "batch");
      if (batch) got.push(...(await b.events(1)));
      else if (b.closed === undefined) await b.news();
      else {
        expect(b.closed).toBe(4410);
        b = await follow(room, ben, { epoch, offset: offset + got.length });
      }
    }
    expect(got).toEqual(Array.from({ length: 7 }, (_, n) => offset + 1 + n));
  });

  it("[RM82] answers a ping without being woken, and has no deadline of its sockets'", async () => {
    const room = await new TestRoom("live-idle").open();
    const before = Object.keys(await room.timers());
    const a = await follow(room, ann);
    await rested();
    await room.evict();
    a.raw(LIVE_PING);
    await a.news();
    expect(a.others).toEqual([LIVE_PONG]);
    expect(Object.keys(await room.timers()).sort()).toEqual(before.sort());
    const soon = Date.now() + 3_600_000;
    await enter(room, ben, { credentialExpiresAt: soon });
    expect((await room.timers())["live-expiry"]).toBeGreaterThan(3_000_000);
  });

  it("[RM74] shows who is there, and when somebody was last, in the list of members", async () => {
    const room = await new TestRoom("live-presence").open();
    const a = await follow(room, ann);
    const b = await enter(room, ben);
    await a.next("presence");
    const presenceOf = async (subject: string) =>
      (await room.ask(server, "members", { limit: 10 })).items.find((member) => member.subject === subject)?.presence;
    expect(await presenceOf(ben.id)).toBe("online");
    b.say({ type: "presence", state: "away" });
    while ((await presenceOf(ben.id)) !== "away") await scheduler.wait(10);
    expect(await presenceOf(cid.id)).toBe("offline");
  });

  it("[RC11] closes with 4101 who never reads, before a MiB is unread", async () => {
    const room = await new TestRoom("live-slow").open();
    const slow = await follow(room, ben);
    const body = "y".repeat(16_000);
    for (let n = 0; n < 80 && slow.closed === undefined; n++) await room.say(server, body);
    expect(await slow.whenClosed()).toBe(4101);
    const bytes = slow.frames.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
    expect(bytes).toBeLessThanOrEqual(L.unackedBytes + 500); // and the goodbye
    expect(bytes).toBeGreaterThan(L.unackedBytes - 40_000);
  });

  it("[RM83] reports to operators' figures once it rests", async () => {
    const room = await new TestRoom("live-report", "t-report").open();
    const a = await follow(room, ann);
    a.say(text("c1"));
    await a.events(1);
    const figures = env.REALTIME.getByName("t-report/realtime/main");
    for (let n = 0; n < 100; n++) {
      await scheduler.wait(100);
      if ((await figures.stats()).objects > 0) break;
    }
    expect(await figures.stats()).toMatchObject({ objects: 1, sockets: 1, busiest: [{ object: "room/live-report", sockets: 1 }] });
    const { items } = await figures.connections({ limit: 10 });
    expect(items).toMatchObject([
      { object: "room/live-report", actor: "subject:ref-ann", subject: "minted|ann", channels: ["room/live-report"] },
    ]);
    expect(await figures.objectOf(items[0]?.id ?? "")).toBe("room/live-report");
    expect(await room.rpc.kick(items[0]?.id ?? "")).toBe(true);
    expect(await a.whenClosed()).toBe(4403);
  });
});
