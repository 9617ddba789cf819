import { describe, expect, it } from "vitest";
import type { Page } from "../../contract/pages.ts";
import { ROOM_DOCUMENT_LIMITS, type RoomApplied, type RoomDocument } from "../../contract/room-document.ts";
import type { Conversation, RoomEntry, RoomView } from "../../contract/rooms.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { type RoomTenant, seedRooms } from "../../tests/workers/rooms-testing.ts";
import { ask, seedOperator } from "../control/testing.ts";

const DEFAULTS = { kind: "group", title: "", retentionDays: null, hotMessages: 100_000 };
const at = async ({ key }: RoomTenant, path: string, body?: object) =>
  await ask(`/v1/room-document${path}`, { key, ...(body && { body }) });
const observe = async (tenant: RoomTenant) => (await fine<RoomDocument>(await at(tenant, ""))).rooms;
const apply = async (tenant: RoomTenant, rooms: object, more: object = {}) => await at(tenant, "/apply", { document: { rooms }, ...more });
const changes = async (answer: Response) =>
  Object.fromEntries((await fine<RoomApplied>(answer)).changes.map(({ name, change }) => [name, change]));

describe("the document of rooms", () => {
  it("[RM115] applied twice changes nothing the second time, and what is observed is what was applied", async () => {
    const tenant = await seedRooms();
    const rooms = { lobby: { title: "Lobby", retentionDays: 30 }, news: { kind: "channel" } };
    expect(await changes(await apply(tenant, rooms))).toEqual({ lobby: "created", news: "created" });
    expect(await changes(await apply(tenant, rooms))).toEqual({ lobby: "same", news: "same" });
    const observed = { lobby: { ...DEFAULTS, title: "Lobby", retentionDays: 30 }, news: { ...DEFAULTS, kind: "channel" } };
    expect(await observe(tenant)).toEqual(observed);
    expect(await changes(await apply(tenant, observed))).toEqual({ lobby: "same", news: "same" });
    expect(await changes(await apply(tenant, { lobby: { title: "Hall" } }))).toEqual({ lobby: "changed" });
    expect(await fine<RoomView>(await tenant.at("/lobby"))).toMatchObject({ title: "Hall", retentionDays: null });
  });

  it("[RM115] is of rooms that people declared: those of programs and end users are in it only once it names them, and never pruned before", async () => {
    const tenant = await seedRooms();
    const { cookie } = await seedOperator("operator", tenant);
    const ann = await tenant.person("ann", [{ kind: "room", name: "*", actions: ["create"] }]);
    await tenant.room("by-key");
    await fine(await tenant.at("", { key: ann, body: { room: "by-ann" } }), 201);
    const { cookie: builder } = await seedOperator("developer", tenant);
    await fine(await ask("/v1/rooms", { cookie: builder, body: { room: "by-hand" } }), 201);
    expect(Object.keys(await observe(tenant))).toEqual(["by-hand"]);
    expect(await changes(await apply(tenant, { "by-key": {} }, { prune: true }))).toEqual({ "by-key": "changed", "by-hand": "removed" });
    expect(Object.keys(await observe(tenant))).toEqual(["by-key"]);
    expect((await tenant.at("/by-ann", { key: ann })).status).toBe(200);
    expect((await ask("/v1/room-document", { cookie })).status).toBe(200);
    const { cookie: viewer } = await seedOperator("viewer", tenant);
    const refused = await ask("/v1/room-document/apply", { cookie: viewer, body: { document: {} } });
    expect(await refusal(refused)).toEqual([403, "forbidden"]);
  });

  it("[RM115] is checked whole before the first change, and points at what it may not change", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby", { kind: "channel" });
    const answer = await apply(tenant, { fresh: {}, lobby: { kind: "group" } });
    expect(await answer.json()).toMatchObject({ status: 409, errors: [{ pointer: "/document/rooms/lobby" }] });
    const taken = await apply(tenant, { "direct-x": {} });
    expect(await refusal(taken)).toEqual([422, "invalid-id"]);
    expect(await refusal(await apply(tenant, { Big: {} }))).toEqual([400, "invalid-body"]);
    expect((await tenant.at("/fresh")).status).toBe(404);
  });

  it("[RM115] makes fifty changes in one call, says how many are left, and removes what it names", async () => {
    const tenant = await seedRooms();
    const rooms = Object.fromEntries(Array.from({ length: ROOM_DOCUMENT_LIMITS.applied + 1 }, (_, n) => [`room-${n}`, {}]));
    expect((await fine<RoomApplied>(await apply(tenant, rooms))).left).toBe(1);
    expect((await fine<RoomApplied>(await apply(tenant, rooms))).left).toBe(0);
    const removed = await at(tenant, "/remove", { document: { rooms: { "room-1": {}, nothing: {} } } });
    expect(await changes(removed)).toEqual({ "room-1": "removed" });
    expect((await tenant.at("/room-1")).status).toBe(404);
  });
});

describe("the list of rooms", () => {
  it("[RM116] is the catalogue for programs and operators, by name and page", async () => {
    const tenant = await seedRooms();
    for (const room of ["c", "a", "b"]) await tenant.room(room, { title: room });
    const page = await fine<Page<RoomEntry>>(await tenant.at("?limit=2"));
    expect(page.items.map(({ room, title, state }) => [room, title, state])).toEqual([
      ["a", "a", "live"],
      ["b", "b", "live"],
    ]);
    const rest = await fine<Page<RoomEntry>>(await tenant.at(`?limit=2&cursor=${page.nextCursor ?? ""}`));
    expect([rest.items.map(({ room }) => room), rest.nextCursor]).toEqual([["c"], null]);
    expect(await refusal(await tenant.at("?cursor=bm90LW91cnM"))).toEqual([400, "invalid-parameter"]);
  });

  it("[RM116] is one's own conversations for end users, and shows nobody else's", async () => {
    const tenant = await seedRooms();
    const [ann, bob] = [await tenant.person("ann"), await tenant.person("bob")];
    await tenant.room("lobby", { members: ["ann"], title: "Lobby" });
    await tenant.room("other", { members: ["bob"] });
    await tenant.send("lobby", tenant.key, "hello");
    const listed = async (key: string) => (await fine<Page<Conversation>>(await tenant.at("", { key }))).items;
    await expect.poll(async () => await listed(ann), { timeout: 20_000 }).toMatchObject([{ room: "lobby", title: "Lobby", unread: 1 }]);
    await expect.poll(async () => (await listed(bob)).map(({ room }) => room), { timeout: 20_000 }).toEqual(["other"]);
  });
});
