import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Page } from "../../contract/pages.ts";
import type { History, Member, Message, RoomView } from "../../contract/rooms.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { type RoomTenant, seedRooms } from "../../tests/workers/rooms-testing.ts";
import { auditOf, seedDoor } from "../control/subject-testing.ts";
import { ask, seedOperator } from "../control/testing.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";

const SYSTEM = { requestId: "test", actor: "system", actorName: "system" };
const GRANT = (...verbs: string[]) => [{ kind: "room", name: "*", actions: verbs }];
const message = (text: string, clientId = text) => ({ clientId, text });

async function publish({ tenantId }: RoomTenant, room: string, isPublic: boolean): Promise<void> {
  await env.TENANT.getByName(`${tenantId}/tenant/main`).setPublic({ kind: "room", name: room }, isPublic, SYSTEM);
  clearIsolateCaches();
}

describe("who may do what in a room", () => {
  it("[RM105] membership decides, and a grant makes one; a ban is above both; others find nothing", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby", { members: ["mem", "ban"] });
    await fine(await tenant.at("/lobby/members/ban", { method: "PUT", body: { state: "banned" } }));
    const people = { mem: [], ban: GRANT("read", "write", "manage"), out: [], wri: GRANT("write"), rea: GRANT("read") };
    const answers: Record<string, number[]> = {};
    for (const [sub, grants] of Object.entries(people)) {
      const key = await tenant.person(sub, grants);
      const statuses: number[] = [];
      for (const [path, how] of [
        ["", {}],
        ["/messages", {}],
        ["/members", {}],
        ["/messages", { body: message(`from ${sub}`) }],
      ] as const)
        statuses.push((await tenant.at(`/lobby${path}`, { key, ...how })).status);
      answers[sub] = statuses;
    }
    expect(answers).toEqual({
      mem: [200, 200, 200, 201],
      ban: [404, 404, 404, 404],
      out: [404, 404, 404, 404],
      wri: [200, 200, 200, 201],
      rea: [200, 200, 200, 403],
    });
    const { items } = await fine<Page<Member>>(await tenant.at("/lobby/members"));
    const roles = Object.fromEntries(items.map(({ subject, role, state }) => [subject, `${state} ${role}`]));
    expect(roles).toMatchObject({ "minted|mem": "active member", "minted|wri": "active member", "minted|rea": "active reader" });
  });

  it("[RM105] another tenant's people and keys find no room of that name", async () => {
    const [here, there] = [await seedRooms(), await seedRooms()];
    await here.room("lobby");
    const stranger = await there.person("ann", GRANT("read", "write", "manage"));
    for (const key of [stranger, there.key]) {
      for (const [method, path, body] of [
        ["GET", "", undefined],
        ["GET", "/messages", undefined],
        ["POST", "/messages", message("hi")],
        ["PUT", "/members/ann", {}],
        ["PATCH", "", { title: "Mine" }],
        ["DELETE", "", undefined],
      ] as const)
        expect([path, ...(await refusal(await here.at(`/lobby${path}`, { method, key, body })))]).toEqual([path, 404, "not-found"]);
    }
    expect(await here.texts("lobby")).toEqual([]);
  });

  it("[RM105] a visitor reads what is public, and neither who is there nor anything else", async () => {
    const tenant = await seedRooms();
    await seedDoor({}, tenant);
    await tenant.room("news", { kind: "channel", members: ["ann"] });
    await tenant.send("news", tenant.key, "Hello");
    const door = async (path: string, how = {}) => await ask(`/p/${tenant.slug}/v1/rooms/news${path}`, how);
    expect(await refusal(await door("/messages"))).toEqual([401, "unauthenticated"]);
    await publish(tenant, "news", true);
    const history = await fine<History>(await door("/messages"));
    expect(history.items.map(({ text }) => text)).toEqual(["Hello"]);
    expect((await fine<RoomView>(await door(""))).me).toBeNull();
    for (const [path, how] of [
      ["/members", {}],
      ["/messages/1/trace", {}],
      ["/receipts", { method: "PUT", body: { readOffset: 1 }, origin: null }],
      ["/messages", { body: message("hi"), origin: null }],
      ["", { method: "DELETE", origin: null }],
    ] as const)
      expect([path, ...(await refusal(await door(path, how)))]).toEqual([path, 401, "unauthenticated"]);
    const stranger = await tenant.person("cleo");
    expect(await tenant.texts("news", stranger)).toEqual(["Hello"]);
    await publish(tenant, "news", false);
    expect(await refusal(await door("/messages"))).toEqual([401, "unauthenticated"]);
    expect(await refusal(await tenant.at("/news/messages", { key: stranger }))).toEqual([404, "not-found"]);
  });

  it("[RM106] people come, change and go as their roles allow; one's own name is the token's", async () => {
    const tenant = await seedRooms();
    const [ann, bob] = [await tenant.person("ann", GRANT("create"), "Ann"), await tenant.person("bob")];
    await fine(await tenant.at("", { key: ann, body: { room: "lobby" } }), 201);
    const put = async (key: string, sub: string, body: object) =>
      await tenant.at(`/lobby/members/${encodeURIComponent(sub)}`, { method: "PUT", key, body });
    expect(await fine<Member>(await put(ann, "minted|bob", { state: "invited" }))).toMatchObject({ state: "invited", role: "member" });
    await fine(await tenant.at("/lobby/messages", { key: bob }));
    expect((await fine<RoomView>(await tenant.at("/lobby", { key: bob }))).me).toMatchObject({ state: "active" });
    expect(await refusal(await put(bob, "ann", { role: "reader" }))).toEqual([403, "forbidden"]);
    const mutedUntil = new Date(Date.now() + 60_000).toISOString();
    await fine(await put(ann, "bob", { mutedUntil }));
    expect(await refusal(await tenant.at("/lobby/messages", { key: bob, body: message("hi") }))).toEqual([403, "muted"]);
    await fine(await put(ann, "bob", { mutedUntil: null }));
    await tenant.send("lobby", bob, "hi");
    expect((await tenant.at("/lobby/members/bob", { method: "DELETE", key: bob })).status).toBe(204);
    expect(await refusal(await tenant.at("/lobby/messages", { key: bob }))).toEqual([404, "not-found"]);
    expect(await refusal(await put(ann, "no body", {}))).toEqual([422, "invalid-id"]);
  });

  it("[RM107] what operators do in a room is audited, what its people do is not", async () => {
    const tenant = await seedRooms();
    const { cookie } = await seedOperator("operator", tenant);
    await tenant.room("lobby", { members: ["ann"] });
    const ann = await tenant.person("ann");
    const first = await tenant.send("lobby", ann, "one");
    const second = await tenant.send("lobby", ann, "two");
    const at = async (path: string, how: object) => await ask(`/v1/rooms/lobby${path}`, { cookie, ...how });
    expect((await tenant.at(`/lobby/messages/${first.offset}`, { method: "PATCH", key: ann, body: { text: "1" } })).status).toBe(200);
    expect((await at(`/messages/${second.offset}`, { method: "DELETE" })).status).toBe(204);
    await fine(await at("/members/ann", { method: "PUT", body: { state: "banned" } }));
    expect((await at("/members/ann", { method: "DELETE" })).status).toBe(204);
    const audit = (await auditOf(tenant)).filter(({ action }) => action.startsWith("room.m")).toReversed();
    expect(audit.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
      ["room.message.delete", "room.member.change", "room.member.remove"].flatMap((action) => [`${action} intent`, `${action} done`]),
    );
    expect(JSON.stringify(audit)).not.toContain("minted|ann"); // the log is for ever
    expect(await tenant.texts("lobby")).toEqual(["1", ""]);
  });
});

describe("messages over HTTP", () => {
  it("[RM108] one, or a hundred in the order sent; the same again is stored once", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby");
    const post = async (body: object) => await tenant.at("/lobby/messages", { body });
    const many = { messages: Array.from({ length: 100 }, (_, n) => message(`m${n}`)) };
    const { items } = await fine<{ items: { offset: number; clientId: string }[] }>(await post(many), 201);
    expect(items.map(({ clientId }) => clientId)).toEqual(many.messages.map(({ clientId }) => clientId));
    expect(await fine<{ items: object[] }>(await post(many), 201)).toEqual({ items });
    const history = await fine<History>(await tenant.at("/lobby/messages?limit=200"));
    expect(history.items.map(({ text }) => text)).toEqual(many.messages.map(({ text }) => text));
    const too = { messages: [...many.messages, message("m100")] };
    expect(await refusal(await post(too))).toEqual([413, "payload-too-large"]);
    const long = (bytes: number) => message("é".repeat(bytes / 2), "long");
    expect(await refusal(await post(long(16 * 1024 + 2)))).toEqual([413, "payload-too-large"]);
    expect((await post(long(16 * 1024))).status).toBe(201);
    const bad = await post({ messages: [message("fine"), { text: "no id" }] });
    expect(await bad.json()).toMatchObject({ status: 400, errors: [{ pointer: "/messages/1/clientId" }] });
  });

  it("[RM108] are edited, erased, reacted to and receipted at their own addresses", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby", { members: ["ann", "bob"] });
    const [ann, bob] = [await tenant.person("ann"), await tenant.person("bob")];
    const { offset } = await tenant.send("lobby", ann, "one");
    const at = async (key: string, method: string, path: string, body?: object) =>
      await tenant.at(`/lobby${path}`, { key, method, ...(body && { body }) });
    const one = `/messages/${offset}`;
    expect((await fine<{ offset: number }>(await at(ann, "PATCH", one, { text: "eins" }))).offset).toBeGreaterThan(offset);
    expect(await refusal(await at(bob, "PATCH", one, { text: "mine" }))).toEqual([403, "forbidden"]);
    expect((await at(bob, "PUT", `${one}/reactions/${encodeURIComponent("👍")}`)).status).toBe(204);
    const shown = await fine<{ items: Message[] }>(await at(bob, "GET", "/messages"));
    expect(shown.items).toMatchObject([{ text: "eins", reactions: [{ emoji: "👍", count: 1, by: ["minted|bob"] }] }]);
    expect((await at(bob, "DELETE", `${one}/reactions/${encodeURIComponent("👍")}`)).status).toBe(204);
    expect(await fine(await at(bob, "PUT", "/receipts", { readOffset: offset }))).toMatchObject({ readOffset: offset });
    expect(await refusal(await at(bob, "PUT", "/receipts", { readOffset: 9_999 }))).toEqual([422, "receipt-ahead"]);
    const trace = await fine<{ members: object[] }>(await at(ann, "GET", `${one}/trace`));
    expect(trace.members).toContainEqual(expect.objectContaining({ subject: "minted|bob", read: true }));
    expect(await refusal(await at(bob, "GET", `${one}/trace`))).toEqual([403, "forbidden"]);
    expect((await at(ann, "DELETE", one)).status).toBe(204);
    expect(await refusal(await at(ann, "PATCH", one, { text: "again" }))).toEqual([409, "message-deleted"]);
  });

  it("[RM109] are imported with their own time and sender, once for each batch, by nobody's token", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby");
    const line = (text: string, at: number) => JSON.stringify({ at, sender: "hosted|ann", senderName: "Ann", text });
    const load = async (lines: string, query = "", key = tenant.key) =>
      await tenant.at(`/lobby/import${query}`, { key, method: "POST", headers: { "content-type": "application/x-ndjson" }, raw: lines });
    const first = await fine(await load(`${line("old", 1_000)}\n${line("older", 2_000)}\n`));
    expect(first).toMatchObject({ imported: 2 });
    expect(await fine(await load(`${line("old", 1_000)}\n${line("older", 2_000)}\n`))).toEqual(first);
    expect(await refusal(await load(line("x", 5), `?batchId=${(first as { batchId: string }).batchId}`))).toEqual([
      422,
      "idempotency-mismatch",
    ]);
    const { items } = await fine<History>(await tenant.at("/lobby/messages"));
    expect(items.map(({ text, at, sender }) => [text, at, sender])).toEqual([
      ["old", 1_000, "hosted|ann"],
      ["older", 2_000, "hosted|ann"],
    ]);
    const forger = await tenant.person("eve", GRANT("manage", "write"));
    expect(await refusal(await load(line("x", 5), "", forger))).toEqual([403, "forbidden"]);
    const audit = (await auditOf(tenant)).map(({ action, outcome }) => `${action} ${outcome}`);
    expect(audit).toEqual(expect.arrayContaining(["room.import intent", "room.import done"]));
  });
});
