import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LIVE_LIMITS, LIVE_PING, LIVE_PONG } from "../../contract/live-codes.ts";
import { HubMachine } from "../../core/live/hub-machine.ts";
import { batchOf } from "../observe/testing.ts";
import { Hub } from "./hub.ts";
import { admission, closeAll, connect, fakePublisher, knock, newHub, publication, statusOf, TestSocket } from "./testing.ts";

afterEach(() => {
  closeAll();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** From now on the clock stands, and moves by this. */
function clock(): { forward(ms: number): void } {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  return { forward: (ms) => void vi.setSystemTime(Date.now() + ms) };
}

async function follower(hub: DurableObjectStub<Hub>, channel = "metrics/all"): Promise<TestSocket> {
  const client = await connect(hub);
  client.send({ type: "subscribe", id: "1", channel });
  await client.next("subscribed");
  return client;
}

describe("a hub", () => {
  it("[LV1] welcomes a socket with frame number 1", async () => {
    const { webSocket, headers } = await knock(newHub());
    const client = new TestSocket(webSocket!);
    expect(await client.next("welcome")).toMatchObject({ n: 1, ackEveryFrames: 64, ackEveryMs: 1_000 });
    expect(headers.has("sec-websocket-protocol")).toBe(false);
  });

  it("[LV28] goes on after a sleep where it was: channels, numbers, positions", async () => {
    const hub = newHub();
    const publisher = await fakePublisher(hub);
    const client = await follower(hub);
    expect(await hub.publish([publication("metrics/all", 1)])).toBe(1);
    expect(await client.next("batch")).toMatchObject({ n: 3, events: [{ offset: 1, data: { offset: 1 } }] });
    await evictDurableObject(hub);
    await fakePublisher(hub, publisher);
    expect(await hub.publish([publication("metrics/all", 2)])).toBe(1);
    expect(await client.next("batch")).toMatchObject({ n: 4, events: [{ offset: 2 }] });
    await evictDurableObject(hub);
    client.send({ type: "unsubscribe", id: "2", channel: "metrics/all" });
    expect(await client.next("unsubscribed")).toMatchObject({ n: 5, id: "2" });
    expect(await hub.publish([publication("metrics/all", 3)])).toBe(0);
  });

  it("[LV15] that was evicted renews its interest when the deadline comes", async () => {
    const hub = newHub();
    const publisher = await fakePublisher(hub);
    const time = clock();
    await follower(hub);
    const first = publisher.calls.at(-1);
    expect(first).toEqual({ hub: "0", topics: ["all"], untilMs: Date.now() + LIVE_LIMITS.interestMs });
    await evictDurableObject(hub);
    await fakePublisher(hub, publisher);
    time.forward(LIVE_LIMITS.interestMs / 2);
    expect(await runDurableObjectAlarm(hub)).toBe(true);
    expect(publisher.calls.at(-1)).toEqual({ hub: "0", topics: ["all"], untilMs: Date.now() + LIVE_LIMITS.interestMs });
    expect(publisher.calls).toHaveLength(2);
    expect(await runInDurableObject(hub, (_hub, state) => state.storage.getAlarm())).not.toBeNull();
  });

  it("[LV29] without sockets, or with sockets that follow nothing, has no alarm in ten minutes", async () => {
    const hub = newHub();
    await fakePublisher(hub);
    const time = clock();
    const idle = await connect(hub);
    const once = await follower(hub);
    once.send({ type: "unsubscribe", id: "2", channel: "metrics/all" });
    await once.next("unsubscribed");
    await vi.waitFor(async () => {
      await hub.confirmOutbox([1]); // the registry's event, which a consumer confirms
      expect(await hub.outboxStatus()).toMatchObject({ depth: 0 });
    });
    const wakes = vi.spyOn(Hub.prototype, "alarm");
    for (let minute = 0; minute < 10; minute++) {
      time.forward(60_000);
      expect(await runDurableObjectAlarm(hub)).toBe(false);
    }
    expect(wakes).not.toHaveBeenCalled();
    idle.send({ type: "unsubscribe", id: "3", channel: "metrics/all" });
    expect(await idle.next("unsubscribed")).toMatchObject({ n: 2 });
  });

  it("[LV30] lets the runtime answer pings, also while it sleeps", async () => {
    const hub = newHub();
    const client = await connect(hub);
    await evictDurableObject(hub);
    const messages = vi.spyOn(Hub.prototype, "webSocketMessage");
    client.socket.send(LIVE_PING);
    await vi.waitFor(() => expect(client.texts.at(-1)).toBe(LIVE_PONG));
    expect(messages).not.toHaveBeenCalled();
  });

  it("[LV31] answers a close with its own code and forgets the socket", async () => {
    const hub = newHub();
    await fakePublisher(hub);
    const client = await follower(hub);
    client.socket.close(4_000, "enough");
    expect(await client.whenClosed()).toEqual({ code: 4_000, reason: "enough" });
    await vi.waitFor(async () => expect(await hub.publish([publication("metrics/all", 1)])).toBe(0));
  });

  it("[LV32] sends sockets of another release away with 1012", async () => {
    const hub = newHub();
    const [stranger, broken] = [await connect(hub), await connect(hub)];
    await runInDurableObject(hub, (_hub, state) => {
      const [one, two] = state.getWebSockets();
      one?.serializeAttachment({ v: 99, a: {} });
      two?.serializeAttachment({ v: 1, a: "{}" });
    });
    await evictDurableObject(hub);
    await hub.outboxStatus();
    expect([await stranger.whenClosed(), await broken.whenClosed()]).toMatchObject([{ code: 1012 }, { code: 1012 }]);
  });

  it("[LV5] [LV6] coalesces for a slow reader, tells it when it has caught up, and closes one that never reads", async () => {
    const hub = newHub();
    await fakePublisher(hub);
    const time = clock();
    const [slow, dead] = [await follower(hub), await follower(hub)];
    let offset = 0;
    const publish = async (count: number): Promise<void> => {
      for (const end = offset + count; offset < end;) {
        time.forward(LIVE_LIMITS.flushMs);
        await hub.publish([publication("metrics/all", ++offset)]);
      }
    };
    await publish(LIVE_LIMITS.unackedSoft + 10);
    // Welcome and subscribed are two of the 129 frames.
    await vi.waitFor(() => expect(slow.frames.at(-1)).toMatchObject({ n: LIVE_LIMITS.unackedSoft + 1, events: [{ offset: offset - 11 }] }));
    slow.frames.length = 0;
    slow.send({ type: "ack", n: LIVE_LIMITS.unackedSoft + 1 });
    expect(await slow.next("batch")).toMatchObject({ coalesced: 10, events: [{ offset }] });
    slow.send({ type: "ack", n: LIVE_LIMITS.unackedSoft + 2 });
    await publish(LIVE_LIMITS.unackedHard + 1 - offset - 2);
    expect(await dead.whenClosed()).toMatchObject({ code: 4101 });
    expect(dead.frames.at(-1)).toMatchObject({ type: "goodbye", code: 4101 });
    expect(slow.closed).toBeUndefined();
  });

  it("[LV13] holds what follows closely for a moment and then sends it together", async () => {
    const hub = newHub();
    await fakePublisher(hub);
    clock();
    const client = await follower(hub);
    await hub.publish([publication("metrics/all", 1)]);
    await hub.publish([publication("metrics/all", 2)]);
    await hub.publish([publication("metrics/all", 3)]);
    expect(await client.next("batch")).toMatchObject({ events: [{ offset: 1 }] });
    expect(await client.next("batch")).toMatchObject({ events: [{ offset: 2 }, { offset: 3 }] });
  });

  it("[LV17] refuses a subscription while the publisher is away, and takes it afterwards", async () => {
    const hub = newHub();
    const publisher = await fakePublisher(hub);
    publisher.failing = true;
    const client = await connect(hub);
    client.send({ type: "subscribe", id: "1", channel: "metrics/all" });
    expect(await client.next("error")).toMatchObject({ id: "1", code: "unavailable" });
    publisher.failing = false;
    client.send({ type: "subscribe", id: "2", channel: "metrics/all" });
    expect(await client.next("subscribed")).toMatchObject({ id: "2" });
  });

  it("[LV27] of one tenant hears nothing of another's channels of the same name", async () => {
    const [ours, theirs] = [newHub("lv27-a"), newHub("lv27-b")];
    const [mine, other] = [await follower(ours), await follower(theirs)];
    const at = Date.now();
    const sample = { metric: "host_cpu_used_ratio", labels: { host: "web-1" }, at, value: 0.5 };
    await env.METRICS.getByName("lv27-a/metrics/0").ingest(batchOf([sample]), "lv27");
    expect(await mine.next("batch")).toMatchObject({ events: [{ channel: "metrics/all", data: { hosts: [{ host: "web-1" }] } }] });
    other.send({ type: "unsubscribe", id: "2", channel: "metrics/all" });
    await other.next("unsubscribed");
    expect(other.texts.join()).not.toContain("web-1");
  });
});

describe("a hostile client", () => {
  it("[LV7] [LV8] [LV9] is closed with the code of what it did, after a goodbye", async () => {
    const hub = newHub();
    const cases: [number, (client: TestSocket) => void][] = [
      [4400, (client) => client.socket.send("{")],
      [4400, (client) => client.socket.send(new ArrayBuffer(8))],
      [4413, (client) => client.socket.send("x".repeat(LIVE_LIMITS.frameBytes + 1))],
      [4429, (client) => Array.from({ length: LIVE_LIMITS.frameBurst * 3 }, () => client.send({ type: "ack", n: 1 }))],
    ];
    for (const [code, act] of cases) {
      const client = await connect(hub);
      act(client);
      expect(await client.whenClosed()).toMatchObject({ code });
      expect(client.frames.at(-1)).toMatchObject({ type: "goodbye", code });
    }
  });
});

describe("who comes in", () => {
  const ticket = (id: string) => ({ id, expiresAt: Date.now() + LIVE_LIMITS.ticketTtlMs });

  it("[LV21] comes with a ticket once, also when the hub slept in between", async () => {
    const hub = newHub();
    const who = admission({ ticket: ticket("t1") });
    await connect(hub, who);
    expect(await statusOf(hub, who)).toBe(401);
    await evictDurableObject(hub);
    const refused = await knock(hub, who);
    expect([refused.status, await refused.json()]).toMatchObject([401, { slug: "unauthenticated" }]);
  });

  it("[LV21] used tickets are swept once they could not be used anyway", async () => {
    const hub = newHub();
    const time = clock();
    await connect(hub, admission({ ticket: ticket("t1") }));
    time.forward(LIVE_LIMITS.ticketTtlMs);
    await connect(hub, admission({ ticket: ticket("t2") }));
    const kept = await runInDurableObject(hub, (_hub, state) => state.storage.sql.exec("SELECT id FROM live_used_ticket").toArray());
    expect(kept).toEqual([{ id: "t2" }]);
  });

  it("[LV22] is refused with a ticket past its time", async () => {
    const late = admission({ ticket: { id: "t1", expiresAt: Date.now() } });
    expect(await statusOf(newHub(), late)).toBe(401);
  });

  it("[LV20] is closed by revocation after a sleep, and refused with what was issued before it", async () => {
    const hub = newHub();
    const key = { credential: "key:gone", actor: "key:gone" };
    const client = await connect(hub, admission(key));
    const operator = { credential: "session:s1", actor: "user:u1" };
    const other = await connect(hub, admission(operator));
    await evictDurableObject(hub);
    expect(await hub.closeCredentials(["key:gone"])).toBe(1);
    expect(await client.next("goodbye")).toMatchObject({ code: 4401 });
    expect(await client.whenClosed()).toMatchObject({ code: 4401 });
    expect(await statusOf(hub, admission({ ...key, checkedAt: Date.now() + 60_000 }))).toBe(401);
    const time = clock();
    expect(await hub.closeCredentials(["user:u1"])).toBe(1);
    expect(await other.whenClosed()).toMatchObject({ code: 4401 });
    expect(await statusOf(hub, admission(operator))).toBe(401);
    time.forward(1);
    expect(await statusOf(hub, admission(operator))).toBe(101);
  });

  it("[LV35] comes back with a session that goes on, once no edge can take it for what it was", async () => {
    const hub = newHub();
    const time = clock();
    const session = (checkedAt: number) => admission({ credential: "session:s1", actor: "user:u1", checkedAt });
    await hub.closeCredentials(["session:s1"]);
    const changedAt = Date.now();
    expect(await statusOf(hub, session(changedAt))).toBe(401);
    time.forward(3_000);
    expect(await statusOf(hub, session(changedAt + 3_000))).toBe(503);
    time.forward(1);
    expect(await statusOf(hub, session(changedAt + 3_001))).toBe(101);
    expect(await statusOf(hub, session(changedAt))).toBe(401);
  });

  it("[LV19] goes when the credential ends, also from a sleeping hub", async () => {
    const hub = newHub();
    const time = clock();
    const client = await connect(hub, admission({ credentialExpiresAt: Date.now() + 5_000 }));
    await evictDurableObject(hub);
    time.forward(5_000);
    expect(await runDurableObjectAlarm(hub)).toBe(true);
    expect(await client.whenClosed()).toMatchObject({ code: 4401 });
    expect(await statusOf(hub, admission({ credentialExpiresAt: Date.now() }))).toBe(401);
  });

  it("[LV33] is asked to come again when the hub is full", async () => {
    const hub = newHub();
    vi.spyOn(HubMachine.prototype, "refusal").mockReturnValue({ slug: "unavailable", detail: "full", retryAfterS: 1 });
    expect(await statusOf(hub, admission())).toBe(503);
  });

  it("[LV22] comes from the edge, or not at all", async () => {
    const hub = newHub();
    expect((await hub.fetch("https://hub/", { headers: { upgrade: "websocket" } })).status).toBe(400);
    expect((await hub.fetch("https://hub/", { headers: { upgrade: "websocket", "x-meridian-admission": "%7B%7D" } })).status).toBe(400);
  });
});
