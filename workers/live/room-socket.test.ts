import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { TicketReply } from "../../contract/live.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { type RoomTenant, seedRooms } from "../../tests/workers/rooms-testing.ts";
import { seedDoor } from "../control/subject-testing.ts";
import { ask, seedOperator } from "../control/testing.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { Client, closeAll, UPGRADE } from "./testing.ts";

const SYSTEM = { requestId: "test", actor: "system", actorName: "system" };
const GRANT = (...verbs: string[]) => [{ kind: "room", name: "*", actions: verbs }];

afterEach(() => closeAll());

const upgraded = async (path: string, key?: string, cookie?: string) =>
  await ask(path, { headers: UPGRADE, ...(key !== undefined && { key }), ...(cookie !== undefined && { cookie }) });
const socketOf = async (room: string, key?: string) => await upgraded(`/v1/rooms/${room}/socket`, key);
async function ticket({ key }: Pick<RoomTenant, "key">, query: string, who = key): Promise<URL> {
  const reply = await fine<TicketReply>(await ask(`/v1/connect/tickets?${query}`, { method: "POST", key: who }), 201);
  return new URL(reply.url);
}
const refused = async (url: URL) => await refusal(await upgraded(url.pathname + url.search));

async function lobby() {
  const tenant = await seedRooms();
  await tenant.room("lobby", { members: ["ann"] });
  return { ...tenant, ann: await tenant.person("ann", [], "Ann") };
}

describe("a room's socket", () => {
  it("[RM117] is opened by a token in a header, as subprotocol, in an `auth` frame or by a ticket; what is said has the token's name", async () => {
    const tenant = await lobby();
    const ways = [
      await socketOf("lobby", tenant.ann),
      await ask("/v1/rooms/lobby/socket", { headers: { ...UPGRADE, "sec-websocket-protocol": `meridian.v1, bearer.${tenant.ann}` } }),
      await upgraded(...([`/v1/rooms/lobby/socket${(await ticket(tenant, "room=lobby", tenant.ann)).search}`] as const)),
    ];
    const clients = ways.map((response) => new Client(response));
    for (const client of clients) expect(await client.next()).toMatchObject({ type: "welcome", n: 1 });
    const late = new Client(await socketOf("lobby"));
    late.say({ type: "auth", token: tenant.ann });
    expect(await late.next()).toMatchObject({ type: "welcome" });
    late.say({ type: "send", clientId: "c", text: "hello" });
    for (;;) if ((await late.next()).type === "ack") break;
    const history = await fine<{ items: object[] }>(await tenant.at("/lobby/messages"));
    expect(history.items).toMatchObject([{ text: "hello", sender: "minted|ann", senderName: "Ann" }]);
  });

  it("[RM117] is shut to who is no member, also by `auth` frame, and to another tenant", async () => {
    const tenant = await lobby();
    const [eve, other] = [await tenant.person("eve"), await seedRooms()];
    for (const key of [eve, other.key]) expect(await refusal(await socketOf("lobby", key))).toEqual([404, "not-found"]);
    expect(await refusal(await socketOf("nothing", tenant.key))).toEqual([404, "not-found"]);
    const late = new Client(await socketOf("lobby"));
    late.say({ type: "auth", token: eve });
    expect(await late.closeCode()).toBe(LIVE_CLOSE.gone);
    expect(await refusal(await ask("/v1/connect/tickets?room=lobby", { method: "POST", key: eve }))).toEqual([404, "not-found"]);
  });

  it("[RM117] of a room that is not there yet makes it where a grant lets this person create it", async () => {
    const tenant = await seedRooms();
    const ann = await tenant.person("ann", GRANT("create", "write"));
    expect(await new Client(await socketOf("match-1", ann)).next()).toMatchObject({ type: "welcome" });
    const bob = await tenant.person("bob", GRANT("create"));
    const url = await ticket(tenant, "room=match-2", bob);
    expect(await new Client(await upgraded(url.pathname + url.search)).next()).toMatchObject({ type: "welcome" });
    expect((await tenant.at("/match-2", { key: bob })).status).toBe(200);
  });

  it("[RM118] takes a ticket once, for this room, and no ticket for another place; a room's ticket opens nothing else", async () => {
    const tenant = await lobby();
    await tenant.room("other", { members: ["ann"] });
    const mine = await ticket(tenant, "room=lobby", tenant.ann);
    expect(await refused(new URL(mine.href.replace("/lobby/", "/other/")))).toEqual([401, "unauthenticated"]);
    expect(await refused(new URL(`/v1/connect${mine.search}`, mine))).toEqual([401, "unauthenticated"]);
    expect(await refused(new URL(`/v1/rooms/lobby/socket${(await ticket(tenant, "")).search}`, mine))).toEqual([401, "unauthenticated"]);
    expect(await new Client(await upgraded(mine.pathname + mine.search)).next()).toMatchObject({ type: "welcome" });
    expect(await refused(mine)).toEqual([401, "unauthenticated"]);
    expect(await refusal(await ask("/v1/connect/tickets?room=lobby&board=x", { method: "POST", key: tenant.key }))).toEqual([
      400,
      "invalid-parameter",
    ]);
  });

  it("[RM118] closes when its credential is revoked or its person banned", async () => {
    const tenant = await lobby();
    const { cookie } = await seedOperator("owner", tenant);
    await tenant.room("second", { members: ["bob"] });
    const bob = await tenant.person("bob");
    const [one, two] = [new Client(await socketOf("lobby", tenant.ann)), new Client(await socketOf("second", bob))];
    for (const client of [one, two]) await client.next();
    const revoked = await ask("/v1/tokens/revocations", { cookie, body: { kind: "subject", issuer: "minted", sub: "ann" } });
    expect(revoked.ok).toBe(true);
    expect(await one.closeCode()).toBe(LIVE_CLOSE.unauthorized);
    await fine(await tenant.at("/second/members/bob", { method: "PUT", body: { state: "banned" } }));
    expect(await two.closeCode()).toBe(LIVE_CLOSE.denied);
  });
});

/** What a stream says, event by event, until it is let go. */
class Stream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    if (response.status !== 200 || !response.body) throw new Error(`no stream but ${response.status}`);
    this.#reader = response.body.getReader();
  }

  /** The next block with its fields; undefined at the end. */
  async next(): Promise<Record<string, string> | undefined> {
    while (!this.#text.includes("\n\n")) {
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const end = this.#text.indexOf("\n\n");
    const lines = this.#text.slice(0, end).split("\n");
    this.#text = this.#text.slice(end + 2);
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]));
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

const textOf = (block: Record<string, string> | undefined) =>
  (JSON.parse(block?.["data"] ?? "null") as { data: { text: string } } | null)?.data.text;

describe("a room's events", () => {
  const events = async ({ at }: RoomTenant, key: string, query = "", headers = {}) => await at(`/lobby/events${query}`, { key, headers });

  it("[RM126] begin with the newest, go on live, and after an id with everything since", async () => {
    const tenant = await lobby();
    for (const text of ["one", "two"]) await tenant.send("lobby", tenant.ann, text);
    const response = await events(tenant, tenant.ann, "?replay=1");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const stream = new Stream(response);
    expect(await stream.next()).toEqual({ retry: expect.any(String) as string });
    expect(textOf(await stream.next())).toBe("two");
    expect(Object.keys((await stream.next()) ?? {})).toEqual(["id"]);
    await tenant.send("lobby", tenant.ann, "three");
    const third = await stream.next();
    expect(textOf(third)).toBe("three");
    await stream.close();
    for (const text of ["four", "five"]) await tenant.send("lobby", tenant.ann, text);
    for (const [query, headers] of [
      ["", { "last-event-id": third?.["id"] ?? "" }],
      [`?lastEventId=${third?.["id"] ?? ""}`, {}],
    ] as const) {
      const again = new Stream(await events(tenant, tenant.ann, query, headers));
      await again.next();
      expect([textOf(await again.next()), textOf(await again.next())]).toEqual(["four", "five"]);
      await again.close();
    }
  });

  it("[RM126] after an id of another epoch say `gap` first, and then what is new", async () => {
    const tenant = await lobby();
    await tenant.send("lobby", tenant.ann, "one");
    const stream = new Stream(await events(tenant, tenant.ann, "", { "last-event-id": "long-gone:7" }));
    await stream.next();
    const gap = await stream.next();
    expect([gap?.["event"], JSON.parse(gap?.["data"] ?? "{}")]).toMatchObject(["gap", { channel: "room/lobby", reason: "epoch-changed" }]);
    await tenant.send("lobby", tenant.ann, "two");
    expect(textOf(await stream.next())).toBe("two");
    await stream.close();
    expect(await refusal(await events(tenant, tenant.ann, "", { "last-event-id": "nonsense" }))).toEqual([400, "invalid-parameter"]);
  });

  it("[RM126] are for who may read: members, and visitors of a public room while it is that", async () => {
    const tenant = await lobby();
    await seedDoor({}, tenant);
    expect(await refusal(await events(tenant, await tenant.person("eve")))).toEqual([404, "not-found"]);
    const door = async () => await ask(`/p/${tenant.slug}/v1/rooms/lobby/events`);
    expect(await refusal(await door())).toEqual([401, "unauthenticated"]);
    await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).setPublic({ kind: "room", name: "lobby" }, true, SYSTEM);
    clearIsolateCaches();
    const stream = new Stream(await door());
    await stream.next();
    await tenant.send("lobby", tenant.ann, "for all");
    let text = "";
    while (text !== "for all") text = textOf(await stream.next()) ?? "";
    await stream.close();
  });

  it("[RM127] are opened by a ticket any number of times for ten minutes, for this room alone", async () => {
    const tenant = await lobby();
    await tenant.room("other", { members: ["ann"] });
    const url = await ticket(tenant, "events=room/lobby", tenant.ann);
    expect([url.protocol, url.pathname]).toEqual([new URL("http://x").protocol.replace("http:", url.protocol), "/v1/rooms/lobby/events"]);
    const asked = async (path = url.pathname, offsetMs = 0) =>
      await ask(path + url.search, { ...(offsetMs > 0 && { env: { CLOCK_OFFSET_MS: String(offsetMs) } }) });
    for (let times = 0; times < 3; times++) {
      const stream = new Stream(await asked());
      await stream.next();
      await stream.close();
    }
    expect(await refusal(await asked("/v1/rooms/other/events"))).toEqual([401, "unauthenticated"]);
    expect(await refusal(await asked(url.pathname, 601_000))).toEqual([401, "unauthenticated"]);
    expect(await refused(new URL(url.href.replace("/events", "/socket")))).toEqual([401, "unauthenticated"]);
    expect(await refusal(await ask(`/v1/rooms/lobby/messages${url.search}`))).toEqual([401, "unauthenticated"]);
    const eve = await tenant.person("eve");
    expect(await refusal(await ask("/v1/connect/tickets?events=room/lobby", { method: "POST", key: eve }))).toEqual([404, "not-found"]);
  });

  it("[RM127] are shut to a ticket whose credential was revoked: a token's, a key's, a session's", async () => {
    const tenant = await lobby();
    const owner = await seedOperator("owner", tenant);
    const developer = await seedOperator("developer", tenant);
    const key = await fine<{ id: string; secret: string }>(
      await ask("/v1/keys", { cookie: owner.cookie, body: { name: "events", scopes: ["rooms:read", "live:connect"] } }),
      201,
    );
    const byCookie = await ask("/v1/connect/tickets?events=room/lobby", { method: "POST", cookie: developer.cookie });
    const urls = [
      await ticket(tenant, "events=room/lobby", tenant.ann),
      await ticket(tenant, "events=room/lobby", key.secret),
      new URL((await fine<TicketReply>(byCookie, 201)).url),
    ];
    const statuses = async () => {
      clearIsolateCaches();
      const answers = await Promise.all(urls.map(async (url) => await ask(url.pathname + url.search)));
      await Promise.all(answers.map(async ({ body }) => await body?.cancel()));
      return answers.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    await ask("/v1/tokens/revocations", { cookie: owner.cookie, body: { kind: "subject", issuer: "minted", sub: "ann" } });
    await ask(`/v1/keys/${key.id}`, { method: "DELETE", cookie: owner.cookie });
    await env.DB.prepare("DELETE FROM identity_session WHERE id = ?").bind(developer.sessionId).run();
    expect(await statuses()).toEqual([401, 401, 401]);
  });
});
