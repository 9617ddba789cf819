import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TopicMessage } from "../../../contract/room-live.ts";
import type { Outcome } from "../../../contract/problems.ts";
import type { MaintenanceReport, StateChunk } from "../../../contract/rpc/maintenance.ts";
import type { TopicFigures, TopicResult } from "../../../contract/rpc/topics.ts";
import { topicSettingsSchema, type TopicSettings } from "../../../contract/topics.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import { admission, closeAll, connect, type TestSocket } from "../testing.ts";
import type { Hub } from "../hub.ts";

afterEach(() => {
  closeAll();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const NEWS = "topic/news";
let tenants = 0;

/** Hubs of a tenant of its own; `topic/news` lives at hub 1. */
async function newTenant(given: Partial<TopicSettings> = {}) {
  const tenantId = `topics-${++tenants}`;
  const hub = (n: number): DurableObjectStub<Hub> => env.HUB.getByName(`${tenantId}/hub/${n}`);
  const home = hub(1);
  const settings = topicSettingsSchema.parse({ flushMs: 0, ...given });
  await home.configureTopic({ channel: NEWS, settings, version: 1 });
  await hub(0).noteHome(NEWS, 1, 1);
  let sent = 0;
  const message = (changed: Partial<TopicMessage> = {}): TopicMessage => {
    sent++;
    return { type: "m", data: sent, priority: "normal", clientId: `m${sent}`, ...changed };
  };
  const publish = async (...messages: Partial<TopicMessage>[]): Promise<TopicResult[]> => {
    const writes = messages.map((one) => ({ by: "key:k1", message: message(one) }));
    const done = (await home.publishTo(NEWS, writes, false)) as Outcome<{ items: TopicResult[] }>; // what a stub's type leaves of it
    if (!done.ok) throw new Error(done.problem.detail);
    return done.value.items;
  };
  return { tenantId, hub, home, settings, publish };
}

async function epochOf(home: DurableObjectStub<Hub>): Promise<string> {
  const figures = (await home.askTopic(NEWS, "figures", {})) as Outcome<TopicFigures>; // what a stub's type leaves of it
  return figures.ok ? figures.value.epoch : "";
}

const READER: Partial<Admission> = { actions: ["topics:read"] };

async function follower(at: DurableObjectStub<Hub>, asked: object = {}, who = READER): Promise<TestSocket> {
  const client = await connect(at, admission(who));
  client.send({ type: "subscribe", id: "1", channel: NEWS, ...asked });
  return client;
}

describe("a topic over hubs", () => {
  it("[TP13] is told to sockets of its home and of every other hub that asked, until nobody follows there", async () => {
    const { hub, home, publish } = await newTenant();
    const readers = await Promise.all([follower(home), follower(hub(0)), follower(hub(2))]);
    for (const reader of readers) expect(await reader.next("subscribed")).toMatchObject({ offset: 0, recovered: false });
    await publish({ data: "a" });
    for (const reader of readers) {
      expect(await reader.next("batch")).toMatchObject({ events: [{ offset: 1, data: "a", channel: NEWS, meta: { clientId: "m1" } }] });
    }
    readers[2]?.send({ type: "unsubscribe", id: "2", channel: NEWS });
    await readers[2]?.next("unsubscribed");
    await publish({ data: "b" });
    await readers[1]?.next("batch");
    const followers = async () =>
      await runInDurableObject(home, (_hub, state) => state.storage.sql.exec("SELECT hub FROM topic_follower").toArray());
    await vi.waitFor(async () => expect(await followers()).toEqual([{ hub: 0 }]));
  });

  it("[TP2] is recovered whole from a position, or refused with its reason, and begins with a replay where that is asked", async () => {
    const { hub, publish, home } = await newTenant();
    await publish({}, {}, {});
    const epoch = await epochOf(home);
    const back = await follower(hub(2), { epoch, offset: 1 });
    expect(await back.next("subscribed")).toMatchObject({ offset: 1, recovered: true });
    expect((await back.next("batch")).events.map(({ offset }) => offset)).toEqual([2, 3]);
    const stranger = await follower(hub(2), { epoch: "other", offset: 1 });
    expect(await stranger.next("subscribed")).toMatchObject({ offset: 3, recovered: false, reason: "epoch-changed" });
    const fresh = await follower(hub(0), { replay: 2 });
    expect(await fresh.next("subscribed")).toMatchObject({ offset: 1, recovered: false });
    expect((await fresh.next("batch")).events.map(({ offset }) => offset)).toEqual([2, 3]);
    await publish({});
    for (const reader of [back, stranger, fresh]) expect(await reader.next("batch")).toMatchObject({ events: [{ offset: 4 }] });
  });

  it("[TP14] goes on after its follower slept, and after its home started anew", async () => {
    const { hub, home, publish } = await newTenant();
    const reader = await follower(hub(2));
    await reader.next("subscribed");
    await publish({ data: 1 });
    await reader.next("batch");
    await evictDurableObject(hub(2));
    await evictDurableObject(home);
    await publish({ data: 2 });
    expect(await reader.next("batch")).toMatchObject({ events: [{ offset: 2, data: 2 }] });
    expect(reader.closed).toBeUndefined();
  });

  it("[TP12] fetches what a hub was not told before it passes on what came after", async () => {
    const { hub, home, publish } = await newTenant();
    const reader = await follower(hub(2));
    await reader.next("subscribed");
    await publish({ data: 1 });
    await reader.next("batch");
    // A call that the hub never got: as if it was told by nobody for a while.
    await runInDurableObject(home, (_hub, state) => state.storage.sql.exec("DELETE FROM topic_follower").toArray());
    await publish({ data: 2 }, { data: 3 });
    await home.follow(2, NEWS);
    await publish({ data: 4 });
    expect((await reader.next("batch")).events.map(({ offset }) => offset)).toEqual([2, 3, 4]);
  });

  it("[TP3] sends together what is published within the window; [TP4] what is critical goes at once and takes with it what waits", async () => {
    const { hub, publish } = await newTenant({ flushMs: 2_000 });
    const reader = await follower(hub(2));
    await reader.next("subscribed");
    await publish({ data: 1 });
    expect((await reader.next("batch")).events).toHaveLength(1);
    await publish({ data: 2 });
    await publish({ data: 3 });
    await publish({ data: 4, priority: "critical" });
    expect((await reader.next("batch")).events.map(({ data }) => data)).toEqual([2, 3, 4]);
  });

  it("[TP9] acknowledges a repetition as it did the first, [TP7] lets the last write of a key win, [TP8] answers a stale one with the winner", async () => {
    const { hub, home, publish } = await newTenant({ keyed: true });
    const [first] = await publish({ key: "a", version: 2, at: 5, clientId: "x", data: "new" });
    expect(first).toMatchObject({ offset: 1 });
    expect(await publish({ key: "a", version: 2, at: 5, clientId: "x", data: "new" })).toEqual([first]);
    const stale = { key: "a", version: 1, at: 9, clientId: "y", data: "old" };
    expect(await publish(stale)).toEqual([
      { clientId: "y", conflict: { key: "a", version: 2, at: 5, clientId: "x", data: "new", offset: 1 } },
    ]);
    await publish(stale);
    expect(await home.askTopic(NEWS, "conflicts", {})).toMatchObject({
      value: { items: [{ key: "a", lost: { clientId: "y", by: "key:k1" } }] },
    });
    expect(await home.askTopic(NEWS, "figures", {})).toMatchObject({ value: { conflicts: 1, offset: 1 } });
    expect(await home.askTopic(NEWS, "state", { limit: 10 })).toMatchObject({
      value: { items: [{ key: "a", data: "new" }], nextCursor: null },
    });
    const writer = await follower(hub(2), {}, { actions: ["topics:read", "topics:publish"] });
    writer.send({ type: "publish", channel: NEWS, clientId: "z", key: "a", version: 0, data: "older" });
    expect(await writer.next("conflict")).toMatchObject({ ref: "z", channel: NEWS, key: "a", winner: { version: 2, data: "new" } });
    writer.send({ type: "publish", channel: NEWS, clientId: "z2", key: "a", version: 3, data: "newest", event: "moved" });
    expect(await writer.next("ack")).toMatchObject({ items: [{ ref: "z2", offset: 2 }] });
    expect(await writer.next("batch")).toMatchObject({ events: [{ type: "moved", data: "newest", meta: { key: "a", version: 3 } }] });
  });

  it("[TP11] takes messages with keys only when it is keyed, and stays what its first message found", async () => {
    const { hub, home, publish, settings } = await newTenant();
    expect(await publish({ key: "a" })).toMatchObject([{ problem: { slug: "invalid-body", errors: [{ pointer: "/key" }] } }]);
    await publish({});
    await home.configureTopic({ channel: NEWS, settings: { ...settings, keyed: true }, version: 2 });
    expect(await publish({})).toMatchObject([{ offset: 2 }]);
    const writer = await follower(hub(0), {}, { actions: ["topics:read", "topics:publish"] });
    writer.send({ type: "publish", channel: NEWS, clientId: "z", key: "a", data: 1 });
    expect(await writer.next("error")).toMatchObject({ ref: "z", code: "invalid-body", pointer: "/key" });
    const all = await home.publishTo(
      NEWS,
      [
        { by: "key:k1", message: { type: "m", data: 1, priority: "normal", clientId: "whole" } },
        { by: "key:k1", message: { type: "m", data: 1, priority: "normal", clientId: "bad", key: "a" } },
      ],
      true,
    );
    expect(all).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/messages/1/key" }] } });
    expect(await home.askTopic(NEWS, "figures", {})).toMatchObject({ value: { offset: 2 } });
  });

  it("[TP10] keeps as much as it is told to, and deletes what is too old by itself", async () => {
    const { home, publish } = await newTenant({ keep: 3, keepSeconds: 600 });
    await publish({}, {}, {}, {}, {});
    expect(await home.askTopic(NEWS, "messages", { limit: 10 })).toMatchObject({
      value: { items: [{ offset: 5 }, { offset: 4 }, { offset: 3 }] },
    });
    const epoch = await epochOf(home);
    expect(await home.since(NEWS, { epoch, offset: 1 })).toMatchObject({ ok: false, reason: "too-old" });
    expect(await home.since(NEWS, { epoch, offset: 2 })).toMatchObject({
      ok: true,
      publications: [{ offset: 3 }, { offset: 4 }, { offset: 5 }],
    });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
    expect(await home.askTopic(NEWS, "messages", { limit: 10 })).toMatchObject({ value: { items: [] } });
    expect(await runDurableObjectAlarm(home)).toBe(true);
    const rows = await runInDurableObject(home, (_hub, state) => state.storage.sql.exec("SELECT * FROM topic_message").toArray());
    expect(rows).toEqual([]);
    expect(await publish({})).toMatchObject([{ offset: 6 }]);
  });

  it("[TP15] is read by whom the credential says, by everybody when it is public, and hides from others whether it exists", async () => {
    const { hub, home, settings } = await newTenant();
    const named = await follower(hub(2), {}, { actions: [], topics: { read: ["topic/n*"], publish: [] } });
    await named.next("subscribed");
    named.send({ type: "publish", channel: NEWS, clientId: "a", data: 1 });
    expect(await named.next("error")).toMatchObject({ ref: "a", code: "forbidden" });
    const stranger = await follower(hub(2), {}, { actions: [] });
    expect(await stranger.next("error")).toMatchObject({ id: "1", code: "forbidden" });
    stranger.send({ type: "subscribe", id: "2", channel: "topic/nothing" });
    expect(await stranger.next("error")).toMatchObject({ id: "2", code: "forbidden" });
    const reader = await follower(hub(2));
    await reader.next("subscribed");
    reader.send({ type: "subscribe", id: "3", channel: "topic/nothing" });
    expect(await reader.next("error")).toMatchObject({ id: "3", code: "not-found" });
    await home.configureTopic({ channel: NEWS, settings: { ...settings, visibility: "public" }, version: 2 });
    stranger.send({ type: "subscribe", id: "4", channel: NEWS });
    expect(await stranger.next("subscribed")).toMatchObject({ id: "4" });
    await home.configureTopic({ channel: NEWS, settings, version: 3 });
    expect(await stranger.whenClosed()).toMatchObject({ code: 4410 });
  });

  it("[TP16] that is removed closes its followers, holds nothing, and begins a new log under the same name", async () => {
    const { hub, home, publish, settings } = await newTenant();
    const reader = await follower(hub(2));
    const { epoch } = await reader.next("subscribed");
    await publish({}, {});
    expect(await home.removeTopic(NEWS, 1)).toEqual({ left: true });
    expect(await reader.whenClosed()).toMatchObject({ code: 4410 });
    expect(await home.askTopic(NEWS, "figures", {})).toMatchObject({ ok: false, problem: { slug: "not-found" } });
    expect(await home.removeTopic(NEWS, 1)).toEqual({ left: false });
    await home.configureTopic({ channel: NEWS, settings, version: 2 });
    expect(await home.removeTopic(NEWS, 1)).toEqual({ left: false });
    const back = await follower(hub(2), { epoch, offset: 2 });
    expect(await back.next("subscribed")).toMatchObject({ offset: 0, recovered: false, reason: "epoch-changed" });
  });

  it("[TP13] lets hubs and homes of idle followers sleep: no alarm in ten minutes", async () => {
    const { hub, home } = await newTenant();
    const reader = await follower(hub(2));
    await reader.next("subscribed");
    for (const one of [home, hub(2), hub(0)]) {
      await vi.waitFor(async () => {
        await one.confirmOutbox([1]); // the registry's event, which a consumer confirms
        expect(await one.outboxStatus()).toMatchObject({ depth: 0 });
      });
    }
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    for (let minute = 0; minute < 10; minute++) {
      vi.setSystemTime(Date.now() + 60_000);
      for (const one of [home, hub(2)]) expect(await runDurableObjectAlarm(one)).toBe(false);
    }
  });

  it("[TP17] has a new epoch when its log was restored", async () => {
    const { home, publish } = await newTenant();
    await publish({}, {});
    const epoch = await epochOf(home);
    const chunks: StateChunk[] = [];
    for (let cursor: string | null = null; ;) {
      // What a stub's type leaves of it.
      const part = (await home.maintain({ type: "export", cursor })) as unknown as MaintenanceReport<{
        type: "export";
        cursor: string | null;
      }>;
      chunks.push(part.chunk);
      cursor = part.cursor;
      if (cursor === null) break;
    }
    await runInDurableObject(home, async (_hub, state) => await state.storage.deleteAll());
    await evictDurableObject(home);
    for (const [at, chunk] of chunks.entries()) {
      await home.maintain({ type: "import", chunk, first: at === 0, last: at === chunks.length - 1 });
    }
    expect(await home.askTopic(NEWS, "messages", { limit: 5 })).toMatchObject({
      value: { offset: 2, items: [{ offset: 2 }, { offset: 1 }] },
    });
    expect(await home.since(NEWS, { epoch, offset: 1 })).toMatchObject({ ok: false, reason: "epoch-changed" });
  });

  it("[TP18] empties what a deleted end user published where it stands", async () => {
    const { home } = await newTenant({ keyed: true });
    const message = { type: "m", data: "mine", priority: "normal", clientId: "a", key: "k" } as const;
    await home.publishTo(NEWS, [{ by: "subject:r1", message }], false);
    expect(await home.maintain({ type: "forget-subject", subject: "minted|ann", ref: "r1" })).toEqual({ forgotten: 2 });
    expect(await home.askTopic(NEWS, "messages", { limit: 1 })).toMatchObject({
      value: { items: [{ offset: 1, type: "deleted", data: null }] },
    });
    expect(await home.askTopic(NEWS, "state", { limit: 1 })).toMatchObject({ value: { items: [{ key: "k", data: null }] } });
  });

  it("[TP9] writes a message once, its place with the index by which it is known again, and the head of the log", async () => {
    const { home, publish } = await newTenant();
    await publish({});
    const written = async () =>
      await runInDurableObject(home, (_hub, state) => state.storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
    const before = await written();
    await publish({}, {}, {}, {}, {}, {}, {}, {}, {}, {});
    expect((await written()) - before).toBeLessThanOrEqual(11);
  });
});
