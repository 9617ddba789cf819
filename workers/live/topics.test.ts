import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TopicAck, TopicHistory, TopicListed, TopicView } from "../../contract/topics.ts";
import type { RoomApplied, RoomDocument } from "../../contract/room-document.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { ask, seedTenant } from "../control/testing.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { hubOf } from "../http/objects.ts";
import { edgeEnv } from "../http/testing.ts";
import { finishTopic, sweepTopics } from "./topics-finish.ts";
import { Client, closeAll, META } from "./testing.ts";

afterEach(() => {
  closeAll();
  vi.restoreAllMocks();
});

async function newTenant() {
  const { tenantId, slug } = await seedTenant();
  const object = env.TENANT.getByName(`${tenantId}/tenant/main`);
  const keyOf = async (scopes: string[]) => {
    const made = await object.createKey({ name: "test", scopes: scopes as never[] }, META);
    if (!made.ok) throw new Error(made.problem.detail);
    return made.value.secret;
  };
  const key = await keyOf(["topics:manage", "topics:publish", "topics:read", "tokens:mint", "live:connect"]);
  const at = async (path: string, how: object = {}) => await ask(`/v1/topics/${path}`, { key, ...how });
  const put = async (path: string, body: object = {}, how: object = {}) => await at(path, { method: "PUT", body, ...how });
  const publish = async (path: string, body: object, how: object = {}) => await at(`${path}/messages`, { body, ...how });
  const token = async (sub: string, grants: object[]) =>
    (await fine<{ token: string }>(await ask("/v1/tokens", { key, body: { sub, grants } }), 201)).token;
  return { tenantId, slug, object, key, at, put, publish, token, keyOf };
}

const codeOf = async (response: Response) => (await refusal(response))[0];

describe("topics over HTTP", () => {
  it("[TP19] are made, read, changed and removed, with the hub that holds them fixed", async () => {
    const { tenantId, put, at, publish, object, key } = await newTenant();
    const made = await fine<TopicView>(await put("topic/news", { keep: 10 }));
    expect(made).toMatchObject({ topic: "topic/news", keep: 10, flushMs: 100, offset: 0, kept: 0, visibility: "private" });
    expect(await object.putSettings({ ...FIRST_SETTINGS, hubs: 16 }, undefined, META)).toMatchObject({ ok: true });
    clearIsolateCaches();
    const changed = await put("topic/news", { keep: 20 }, { headers: { "if-match": `"v${made.version}"` } });
    expect(await fine<TopicView>(changed)).toMatchObject({ keep: 20, hub: made.hub });
    expect(await codeOf(await put("topic/news", {}, { headers: { "if-match": `"v${made.version}"` } }))).toBe(412);
    await fine(await publish("topic/news", { clientId: "a", data: { x: 1 } }));
    expect(await codeOf(await put("topic/news", { keyed: true }))).toBe(409);
    const names = Array.from({ length: 12 }, (_, n) => `topic/many-${n}`);
    const hubs = new Set<number>();
    for (const name of names) hubs.add((await fine<TopicView>(await put(name))).hub);
    expect(Math.max(...hubs)).toBeGreaterThan(3);
    const list = await fine<{ items: TopicListed[]; nextCursor: string }>(await ask("/v1/topics?limit=12", { key }));
    expect([list.items.length, list.items[0]]).toEqual([12, expect.objectContaining({ topic: "topic/many-0", keep: 1_000 })]);
    const rest = await fine<{ items: TopicListed[] }>(await ask(`/v1/topics?cursor=${list.nextCursor}`, { key }));
    expect(rest.items).toMatchObject([{ topic: "topic/news", keep: 20 }]);
    expect((await at("topic/news", { method: "DELETE" })).status).toBe(204);
    expect(await codeOf(await at("topic/news"))).toBe(404);
    expect(await hubOf({ env: edgeEnv, principal: { tenantId } }, 0).homeOf("topic/news")).toBeNull();
    expect(await fine<TopicView>(await put("topic/news"))).toMatchObject({ offset: 0 });
  });

  it("[TP20] take up to 100 messages, all or none, and give them out newest first", async () => {
    const { put, publish, at } = await newTenant();
    await fine(await put("topic/a%2Fb"));
    const messages = Array.from({ length: 100 }, (_, n) => ({ clientId: `c${n}`, data: n }));
    const stored = await fine<{ items: TopicAck[] }>(await publish("topic/a%2Fb", { messages }));
    expect(stored.items.map((item) => ("offset" in item ? item.offset : 0))).toEqual(messages.map((_, n) => n + 1));
    expect(await fine(await publish("topic/a%2Fb", { messages }))).toEqual(stored);
    expect(await codeOf(await publish("topic/a%2Fb", { messages: [...messages, { clientId: "one-more", data: 1 }] }))).toBe(413);
    expect(await codeOf(await publish("topic/a%2Fb", { clientId: "k", key: "k", data: 1 }))).toBe(400);
    const page = await fine<TopicHistory>(await at("topic/a%2Fb/messages?limit=60"));
    expect(page).toMatchObject({ offset: 100, items: { 0: { offset: 100, data: 99, clientId: "c99" } } });
    const rest = await fine<TopicHistory>(await at(`topic/a%2Fb/messages?limit=60&cursor=${page.nextCursor}`));
    expect([rest.items[0]?.offset, rest.items.at(-1)?.offset, rest.nextCursor]).toEqual([40, 1, null]);
    expect(await codeOf(await at("topic/a%2Fb/messages?cursor=nonsense"))).toBe(400);
  });

  it("[TP21] of planes are there without being made; what belongs to a plane takes nothing from others; names are checked", async () => {
    const { publish, at, put } = await newTenant();
    expect(await fine<TopicView>(await at("deployments/all"))).toMatchObject({ version: 0, hub: 0 });
    await fine(await publish("deployments/all", { clientId: "ci-1", type: "deployed", data: { commit: "abc" } }));
    expect(await fine<TopicHistory>(await at("deployments/all/messages"))).toMatchObject({
      items: [{ type: "deployed", data: { commit: "abc" } }],
    });
    for (const topic of ["metrics/all", "alerts/critical", "queue/mail"]) {
      expect(await codeOf(await publish(topic, { clientId: "a", data: 1 }))).toBe(404);
      expect(await codeOf(await put(topic))).toBe(404);
    }
    expect(await codeOf(await publish("topic/never-made", { clientId: "a", data: 1 }))).toBe(404);
    expect(await refusal(await put(`topic/${"n".repeat(101)}`))).toEqual([422, "invalid-name"]);
    expect((await put(`topic/${"n".repeat(100)}`)).status).toBe(200);
  });

  it("[TP22] are for whom a grant names them, and for everybody at the door when they are public", async () => {
    const { put, publish, token, slug, object } = await newTenant();
    await fine(await put("topic/news"));
    await fine(await publish("topic/news", { clientId: "a", data: 1 }));
    const granted = await token("ann", [{ kind: "topic", name: "topic/n*", actions: ["read"] }]);
    const stranger = await token("bob", []);
    const read = async (how: object) => (await ask(`/p/${slug}/v1/topics/topic/news/messages`, how)).status;
    expect([await read({ key: granted }), await read({ key: stranger }), await read({})]).toEqual([200, 403, 401]);
    const write = async (key: string) => (await ask("/v1/topics/topic/news/messages", { key, body: { clientId: "b", data: 1 } })).status;
    expect(await write(granted)).toBe(403);
    expect(await write(await token("cid", [{ kind: "topic", name: "topic/news", actions: ["publish"] }]))).toBe(200);
    await object.setPublic({ kind: "topic", name: "topic/news" }, true, META);
    clearIsolateCaches();
    expect([await read({ key: stranger }), await read({})]).toEqual([200, 200]);
    await object.setPublic({ kind: "topic", name: "topic/news" }, false, META);
    clearIsolateCaches();
    expect(await read({})).toBe(401);
    await fine(await put("topic/news", { visibility: "public" }));
    clearIsolateCaches();
    expect([await read({ key: stranger }), await read({})]).toEqual([200, 200]);
  });

  it("[TP15] are followed and published to on a socket as the token's grants say, by ticket too", async () => {
    const { put, token } = await newTenant();
    await fine(await put("topic/news", { flushMs: 0 }));
    const key = await token("ann", [{ kind: "topic", name: "topic/news", actions: ["read", "publish"] }]);
    const { url } = await fine<{ url: string }>(await ask("/v1/connect/tickets", { key, method: "POST" }), 201);
    const { pathname, search } = new URL(url);
    const client = new Client(await ask(`${pathname}${search}`, { headers: { upgrade: "websocket" } }));
    await client.next();
    client.say({ type: "subscribe", id: "1", channel: "topic/news" });
    expect(await client.next()).toMatchObject({ type: "subscribed", offset: 0 });
    client.say({ type: "publish", channel: "topic/news", clientId: "m1", data: "hello" });
    const frames = [await client.next(), await client.next()];
    expect(frames).toContainEqual(expect.objectContaining({ type: "ack", items: [expect.objectContaining({ ref: "m1", offset: 1 })] }));
    expect(frames.find(({ type }) => type === "batch")).toMatchObject({ events: [{ offset: 1, data: "hello" }] });
    client.say({ type: "subscribe", id: "2", channel: "deployments/all" });
    expect(await client.next()).toMatchObject({ type: "error", id: "2", code: "forbidden" });
  });

  it("[TP23] are told as server-sent events that go on from the last id, or say that they cannot", async () => {
    const { put, publish, key } = await newTenant();
    await fine(await put("topic/news", { flushMs: 0 }));
    await fine(await publish("topic/news", { messages: [1, 2, 3].map((data) => ({ clientId: `c${data}`, data })) }));
    const first = await readEvents(await ask("/v1/topics/topic/news/events?replay=2", { key }), 2);
    expect(first.map(({ data }) => data)).toEqual([2, 3]);
    await fine(await publish("topic/news", { clientId: "c4", data: 4 }));
    const again = await ask("/v1/topics/topic/news/events", { key, headers: { "last-event-id": first[0]?.id ?? "" } });
    expect((await readEvents(again, 2)).map(({ data }) => data)).toEqual([3, 4]);
    const lost = await ask("/v1/topics/topic/news/events?lastEventId=other:1", { key });
    expect(await readText(lost, "event: gap")).toContain("epoch-changed");
    const { url } = await fine<{ url: string }>(await ask("/v1/connect/tickets?events=topic%2Fnews", { key, method: "POST" }), 201);
    const { pathname, search } = new URL(url);
    expect((await readEvents(await ask(`${pathname}${search}&replay=1`), 1)).map(({ data }) => data)).toEqual([4]);
  });

  it("[TP26] are part of the document of rooms: observed, applied, pruned and removed, the same twice without effect", async () => {
    const tenant = await newTenant();
    const key = await tenant.keyOf(["topics:manage", "topics:read", "rooms:manage", "rooms:read"]);
    const at = async (action: string, document: object, prune = false) =>
      await ask(`/v1/room-document/${action}`, { key, body: action === "apply" ? { document, prune } : { document } });
    const changes = async (response: Response) =>
      (await fine<RoomApplied>(response)).changes.map(({ name, change }) => `${name} ${change}`);
    const document = { topics: { "topic/a": { keep: 5 }, "deployments/all": { visibility: "public" } } };
    expect(await changes(await at("apply", document))).toEqual(["topic/a created", "deployments/all created"]);
    const seen = await fine<RoomDocument>(await ask("/v1/room-document", { key }));
    expect(seen.topics).toMatchObject({ "topic/a": { keep: 5, flushMs: 100 }, "deployments/all": { visibility: "public" } });
    expect(await changes(await at("apply", seen, true))).toEqual(["deployments/all same", "topic/a same"]);
    expect(await changes(await at("apply", { topics: { "topic/a": { keep: 6 } } }, true))).toEqual([
      "topic/a changed",
      "deployments/all removed",
    ]);
    expect(await refusal(await at("apply", { topics: { "alerts/critical": {} } }))).toEqual([404, "not-found"]);
    expect(await refusal(await at("apply", { topics: { "topic/": {} } }))).toEqual([422, "invalid-name"]);
    const roomsOnly = await tenant.keyOf(["rooms:manage", "rooms:read"]);
    const sent = await ask("/v1/room-document/apply", { key: roomsOnly, body: { document: { topics: { "topic/b": {} } } } });
    expect(await refusal(sent)).toEqual([403, "forbidden"]);
    await fine(await ask("/v1/room-document/apply", { key: roomsOnly, body: { document: {}, prune: true } }));
    expect(await changes(await at("remove", { topics: { "topic/a": {}, "topic/none": {} } }))).toEqual(["topic/a removed"]);
    expect((await fine<RoomDocument>(await ask("/v1/room-document", { key }))).topics).toEqual({});
  });

  it("[TP24] that a request left unfinished are finished by the event and by the sweep", async () => {
    const { tenantId, at, put } = await newTenant();
    await fine(await put("topic/late"));
    await env.DB.prepare("UPDATE topic_catalogue SET settings = json_set(settings, '$.keep', 7), version = version + 1 WHERE tenant_id = ?")
      .bind(tenantId)
      .run();
    expect(await finishTopic(edgeEnv, tenantId, "topic/late")).toMatchObject({ settings: { keep: 7 } });
    await env.DB.prepare("UPDATE topic_catalogue SET state = 'deleting', updated_at = 1 WHERE tenant_id = ?").bind(tenantId).run();
    await sweepTopics(edgeEnv, Date.now());
    expect(await env.DB.prepare("SELECT 1 FROM topic_catalogue WHERE tenant_id = ?").bind(tenantId).first()).toBeNull();
    expect(await codeOf(await at("topic/late"))).toBe(404);
  });
});

interface Told {
  readonly id: string;
  readonly data: unknown;
}

/** So many events of a stream, then no more of it. */
async function readEvents(response: Response, count: number): Promise<Told[]> {
  const events: Told[] = [];
  await readUntil(response, (text) => {
    events.length = 0;
    for (const block of text.split("\n\n").slice(0, -1)) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      const id = /^id: (.*)$/m.exec(block)?.[1];
      if (data !== undefined && id !== undefined && data.startsWith("{"))
        events.push({ id, data: (JSON.parse(data) as { data: unknown }).data });
    }
    return events.length >= count;
  });
  return events.slice(0, count);
}

async function readText(response: Response, part: string): Promise<string> {
  return await readUntil(response, (text) => text.includes(part) && text.endsWith("\n\n"));
}

async function readUntil(response: Response, enough: (text: string) => boolean): Promise<string> {
  if (!response.ok || !response.body) throw new Error(await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  while (!enough(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text;
}
