import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Page } from "../../contract/pages.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { RoomEntry, RoomView } from "../../contract/rooms.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { type RoomTenant, seedRooms, withRooms } from "../../tests/workers/rooms-testing.ts";
import { setOff } from "../consumers/set-off.ts";
import { auditOf } from "../control/subject-testing.ts";
import { edgeEnv } from "../control/testing.ts";
import { sweepRooms } from "./rooms-finish.ts";
import { unfinishedRooms } from "./rooms-store.ts";

const unreachable = async () => await Promise.reject(Object.assign(new Error("the object cannot be reached"), { overloaded: true }));
const later = () => Date.now() + 60_000;
const CREATE = (name: string) => [{ kind: "room", name, actions: ["create"] }];

async function entryOf({ at }: RoomTenant, room: string): Promise<RoomEntry | undefined> {
  return (await fine<Page<RoomEntry>>(await at(""))).items.find((entry) => entry.room === room);
}
const actions = async (tenant: RoomTenant) => (await auditOf(tenant)).map(({ action, outcome }) => `${action} ${outcome}`).toReversed();
async function told(tenant: RoomTenant, type: "created" | "updated" | "deleted", room: string): Promise<void> {
  const event = { v: 1, id: "e", tenantId: tenant.tenantId, source: "s", seq: 1, subject: `room/${room}`, at: 0, data: { room } } as const;
  await setOff(edgeEnv, { ...event, type: `meridian.room.${type}` }, {} as never);
}

beforeEach(() => {
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});

describe("creating a room", () => {
  it("[RM100] writes its row, its outbox row and its audit entries, tells its object, and answers with the whole", async () => {
    const tenant = await seedRooms();
    const view = await tenant.room("lobby", { title: "Lobby", members: ["ann", "hosted|bob"] });
    expect(view).toMatchObject({ room: "lobby", kind: "group", title: "Lobby", members: 2, retentionDays: null, me: null });
    expect(await fine<RoomView>(await tenant.at("/lobby"))).toEqual(view);
    expect(await entryOf(tenant, "lobby")).toMatchObject({ room: "lobby", state: "live", title: "Lobby", version: view.version });
    const left = env.DB.prepare("SELECT count(*) AS n FROM control_outbox WHERE tenant_id = ?").bind(tenant.tenantId);
    expect(await left.first("n")).toBe(0);
    const row = env.DB.prepare("SELECT members FROM room_catalogue WHERE tenant_id = ?").bind(tenant.tenantId);
    expect(await row.first("members")).toBe("[]"); // people are the object's alone once it knows them
    expect(await actions(tenant)).toEqual(expect.arrayContaining(["room.create intent", "room.create done"]));
  });

  it("[RM100] makes whoever creates it the owner, and invents a name that a grant can be given for", async () => {
    const tenant = await seedRooms();
    const ann = await tenant.person("ann", CREATE("group-*"));
    const made = await fine<RoomView>(await tenant.at("", { key: ann, body: { members: ["bob"] } }), 201);
    expect(made.room).toMatch(/^group-[0-9a-z]{20}$/);
    expect(made.me).toMatchObject({ subject: "minted|ann", role: "owner", state: "active", name: "ann" });
    const bob = await tenant.person("bob");
    expect((await fine<RoomView>(await tenant.at(`/${made.room}`, { key: bob }))).me).toMatchObject({ role: "member", state: "active" });
    expect(await refusal(await tenant.at("", { key: ann, body: { kind: "channel" } }))).toEqual([403, "forbidden"]);
    expect(await refusal(await tenant.at("", { key: ann, body: { room: "lobby" } }))).toEqual([403, "forbidden"]);
    expect(await refusal(await tenant.at("", { key: bob, body: {} }))).toEqual([403, "forbidden"]);
  });

  it("[RM100] that ended before its object was told is finished by its event, and by the sweep", async () => {
    const tenant = await seedRooms();
    const cut = withRooms({ configure: unreachable });
    for (const room of ["by-event", "by-sweep"]) {
      expect(await refusal(await tenant.at("", { body: { room }, env: cut }))).toEqual([503, "unavailable"]);
      expect((await entryOf(tenant, room))?.state).toBe("creating");
    }
    await told(tenant, "created", "by-event");
    expect([(await entryOf(tenant, "by-event"))?.state, (await entryOf(tenant, "by-sweep"))?.state]).toEqual(["live", "creating"]);
    await sweepRooms(edgeEnv, later());
    expect((await entryOf(tenant, "by-sweep"))?.state).toBe("live");
    for (const room of ["by-event", "by-sweep"]) expect((await tenant.at(`/${room}`)).status).toBe(200);
  });

  it("[RM100] that cannot be finished waits behind those that came later", async () => {
    const tenant = await seedRooms();
    const cut = withRooms({ configure: unreachable });
    for (const room of ["stuck", "next"]) await tenant.at("", { body: { room }, env: cut });
    const touched = env.DB.prepare("UPDATE room_catalogue SET updated_at = ? WHERE tenant_id = ? AND room = ?");
    await env.DB.batch([touched.bind(1, tenant.tenantId, "stuck"), touched.bind(later() - 5_000, tenant.tenantId, "next")]);
    await sweepRooms({ ...edgeEnv, ...cut }, later());
    const line = (await unfinishedRooms(env.DB, later() + 60_000, 100)).filter(({ tenantId }) => tenantId === tenant.tenantId);
    expect(line.map(({ room }) => room)).toEqual(["next", "stuck"]);
  });

  it("[RM100] is refused for a name that is taken, and made once per Idempotency-Key", async () => {
    const tenant = await seedRooms();
    const headers = { "idempotency-key": "once" };
    const first = await fine<RoomView>(await tenant.at("", { body: { title: "One" }, headers }), 201);
    expect(await fine<RoomView>(await tenant.at("", { body: { title: "One" }, headers }), 201)).toEqual(first);
    await tenant.room("arena");
    expect(await refusal(await tenant.at("", { body: { room: "arena" } }))).toEqual([409, "conflict"]);
    const twins = await Promise.all([1, 2].map(async () => (await tenant.at("", { body: { room: "twin" } })).status));
    expect(twins.toSorted((a, b) => a - b)).toEqual([201, 409]);
  });

  it("[RM100] stops at 100,000 rooms, and goes on when one is gone", async () => {
    const tenant = await seedRooms();
    await tenant.room("seed");
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO room_catalogue (tenant_id, room, kind, settings, members, version, state, declared, created_at, updated_at)
       SELECT ?1, 'r' || i, 'group', '{}', '[]', 1, 'live', 0, 1, 1 FROM n`,
    )
      .bind(tenant.tenantId, ROOM_LIMITS.rooms - 1)
      .run();
    expect(await refusal(await tenant.at("", { body: { room: "one-more" } }))).toEqual([403, "quota-reached"]);
    expect((await tenant.at("/seed", { method: "DELETE" })).status).toBe(204);
    await tenant.room("one-more");
  });

  it("[RM100] by one end user goes on at a limited rate, trying names out too, and programs are not held to it", async () => {
    const tenant = await seedRooms();
    const ann = await tenant.person("ann", CREATE("*"));
    let made = 0;
    let answer = await tenant.at("", { key: ann, body: { room: "taken" } });
    for (; answer.status < 429 && made < 100; made++) answer = await tenant.at("", { key: ann, body: { room: "taken" } });
    expect(await refusal(answer)).toEqual([429, "rate-limited"]);
    expect(made).toBeGreaterThanOrEqual(30);
    await tenant.room("by-key");
  });
});

describe("a direct room", () => {
  const direct = async ({ at }: RoomTenant, key: string, ...members: string[]) => await at("", { key, body: { kind: "direct", members } });

  it("[RM101] is one for both, whoever begins and however often, also at once", async () => {
    const tenant = await seedRooms();
    const [ann, bob] = [await tenant.person("ann", CREATE("direct-*")), await tenant.person("bob", CREATE("direct-*"))];
    const both = await Promise.all([direct(tenant, ann, "bob"), direct(tenant, bob, "ann")]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
    const [one, other] = await Promise.all(both.map(async (response) => await response.json<RoomView>()));
    expect(one?.room).toBe(other?.room);
    expect(one?.room).toMatch(/^direct-[0-9a-f]{40}$/);
    expect(one?.me?.role).toBe("member");
    const again = await direct(tenant, tenant.key, "minted|bob", "ann");
    expect([again.status, (await again.json<RoomView>()).room]).toEqual([200, one?.room]);
    const cleo = await tenant.person("cleo", CREATE("*"));
    expect(await refusal(await tenant.at(`/${one?.room}`, { key: cleo }))).toEqual([404, "not-found"]);
  });

  it("[RM101] needs two people, who are not told apart by their issuer alone, and nobody takes its name beforehand", async () => {
    const tenant = await seedRooms();
    const ann = await tenant.person("ann", CREATE("*"));
    const first = await fine<RoomView>(await direct(tenant, ann, "bob"), 201);
    const hosted = await fine<RoomView>(await direct(tenant, ann, "hosted|bob"), 201);
    expect(hosted.room).not.toBe(first.room);
    for (const members of [[], ["ann"], ["bob", "cleo"]]) {
      expect(await refusal(await direct(tenant, ann, ...members))).toEqual([400, "invalid-body"]);
    }
    expect(await refusal(await tenant.at("", { key: ann, body: { room: first.room.replace(/.$/, "x") } }))).toEqual([422, "invalid-id"]);
    const body = { kind: "direct", room: "direct-mine", members: ["bob"] };
    expect(await refusal(await tenant.at("", { key: ann, body }))).toEqual([422, "invalid-id"]);
    expect(await refusal(await tenant.at("/direct-nobody/messages", { key: ann, body: { clientId: "c", text: "hi" } }))).toEqual([
      404,
      "not-found",
    ]);
  });
});

describe("a room that is used for the first time", () => {
  const grant = (name: string, ...verbs: string[]) => [{ kind: "room", name, actions: verbs }];
  const say = async ({ at }: RoomTenant, room: string, key: string) =>
    await at(`/${room}/messages`, { key, body: { clientId: "c", text: "hi" }, headers: { "idempotency-key": "k" } });

  it("[RM102] comes into being where a grant lets its user create it, and belongs to them", async () => {
    const tenant = await seedRooms();
    const ann = await tenant.person("ann", grant("match-*", "create", "write"));
    expect((await say(tenant, "match-1", ann)).status).toBe(201);
    expect((await fine<RoomView>(await tenant.at("/match-1", { key: ann }))).me).toMatchObject({ role: "owner" });
    expect(await tenant.texts("match-1", ann)).toEqual(["hi"]);
    expect(await entryOf(tenant, "match-1")).toMatchObject({ state: "live", kind: "group" });
  });

  it("[RM102] stays nothing for anybody else: without the grant, for programs, and where one is that keeps this person out", async () => {
    const tenant = await seedRooms();
    const [ann, bob] = [await tenant.person("ann", grant("*", "read", "write")), await tenant.person("bob", grant("*", "create"))];
    for (const key of [ann, tenant.key]) expect(await refusal(await say(tenant, "match-1", key))).toEqual([404, "not-found"]);
    expect(await entryOf(tenant, "match-1")).toBeUndefined();
    await tenant.room("closed");
    await fine(await tenant.at("/closed/members/bob", { method: "PUT", body: { state: "banned" } }));
    expect(await refusal(await say(tenant, "closed", bob))).toEqual([404, "not-found"]);
    expect((await entryOf(tenant, "closed"))?.version).toBeGreaterThan(0);
  });
});

describe("changing a room", () => {
  it("[RM103] changes what is sent and leaves the rest, under the version that If-Match names; the room knows at once", async () => {
    const tenant = await seedRooms();
    const before = await tenant.room("lobby", { title: "Lobby", retentionDays: 30 });
    const patch = async (body: object, headers = {}) => await tenant.at("/lobby", { method: "PATCH", body, headers });
    const changed = await fine<RoomView>(await patch({ title: "Hall" }, { "if-match": `"v${before.version}"` }));
    expect(changed).toMatchObject({ title: "Hall", retentionDays: 30 });
    expect(changed.version).toBeGreaterThan(before.version);
    expect(changed.offset).toBe(before.offset + 1); // everybody in it hears of it
    expect(await refusal(await patch({ title: "Late" }, { "if-match": `"v${before.version}"` }))).toEqual([412, "precondition-failed"]);
    const same = await patch({ title: "Hall" });
    expect(same.headers.get("etag")).toBe(`"v${changed.version}"`);
    expect(await fine<RoomView>(same)).toEqual(changed);
    expect((await actions(tenant)).filter((action) => action === "room.change done")).toHaveLength(1);
  });

  it("[RM103] is for its owners and admins, for a grant, and for nobody who is banned", async () => {
    const tenant = await seedRooms();
    const manage = [{ kind: "room", name: "*", actions: ["manage"] }];
    const people = { own: CREATE("*"), adm: [], mem: [], out: [], man: manage, ban: manage };
    const tokens = new Map<string, string>();
    for (const [sub, grants] of Object.entries(people)) tokens.set(sub, await tenant.person(sub, grants));
    await fine(await tenant.at("", { key: tokens.get("own") ?? "", body: { room: "lobby", members: ["adm", "mem"] } }), 201);
    await fine(await tenant.at("/lobby/members/adm", { method: "PUT", body: { role: "admin" } }));
    await fine(await tenant.at("/lobby/members/ban", { method: "PUT", body: { state: "banned" } }));
    const answers: Record<string, number> = {};
    for (const [sub, key] of tokens) answers[sub] = (await tenant.at("/lobby", { method: "PATCH", key, body: { title: sub } })).status;
    expect(answers).toEqual({ own: 200, adm: 200, mem: 403, out: 404, man: 200, ban: 404 });
    for (const sub of ["mem", "adm", "ban", "out"]) {
      const status = (await tenant.at("/lobby", { method: "DELETE", key: tokens.get(sub) ?? "" })).status;
      expect([sub, status]).toEqual([sub, sub === "mem" || sub === "adm" ? 403 : 404]);
    }
    expect((await tenant.at("/lobby", { method: "DELETE", key: tokens.get("own") ?? "" })).status).toBe(204);
  });

  it("[RM103] that ended before its object was told is finished by its event", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby");
    const cut = withRooms({ configure: unreachable });
    await tenant.at("/lobby", { method: "PATCH", body: { title: "Hall" }, env: cut });
    expect((await entryOf(tenant, "lobby"))?.state).toBe("changing");
    await told(tenant, "updated", "lobby");
    expect((await entryOf(tenant, "lobby"))?.state).toBe("live");
    expect(await fine<RoomView>(await tenant.at("/lobby"))).toMatchObject({ title: "Hall" });
  });
});

describe("deleting a room", () => {
  it("[RM104] ends it for everybody at once, and frees its name with nothing of the old one", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby");
    const ann = await tenant.person("ann", [{ kind: "room", name: "*", actions: ["read", "write"] }]);
    await tenant.send("lobby", ann, "before");
    expect((await tenant.at("/lobby", { method: "DELETE" })).status).toBe(204);
    for (const key of [ann, tenant.key]) expect(await refusal(await tenant.at("/lobby/messages", { key }))).toEqual([404, "not-found"]);
    expect(await refusal(await tenant.at("/lobby", { method: "DELETE" }))).toEqual([404, "not-found"]);
    await tenant.room("lobby", { title: "New" });
    expect(await tenant.texts("lobby")).toEqual([]);
    expect(await fine<RoomView>(await tenant.at("/lobby"))).toMatchObject({ members: 0 });
    expect(await actions(tenant)).toEqual(expect.arrayContaining(["room.delete intent", "room.delete done"]));
  });

  it("[RM104] whose object could not be reached is finished by its event; until then the name is not free", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby");
    const cut = withRooms({ remove: unreachable });
    expect((await tenant.at("/lobby", { method: "DELETE", env: cut })).status).toBe(204);
    expect((await entryOf(tenant, "lobby"))?.state).toBe("deleting");
    await told(tenant, "deleted", "lobby");
    expect(await entryOf(tenant, "lobby")).toBeUndefined();
  });
});
