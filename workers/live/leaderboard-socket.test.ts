import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TopPush } from "../../contract/leaderboard-live.ts";
import type { ServerFrame, TicketReply } from "../../contract/live.ts";
import { PLACE_HUBS, placeHubOf } from "../../contract/live-revocation.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { subjectRef } from "../../contract/subject-id.ts";
import { seedDoor } from "../control/subject-testing.ts";
import { ask, type Asked, edgeEnv, seedKey, seedOperator } from "../control/testing.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { closeAtHubs, noteHolder } from "../http/live-holders.ts";
import { closeEverywhere } from "../consumers/objects.ts";
import { closeSockets } from "../control/auth-sockets.ts";
import { type BoardTenant, fine, refusal, seedBoards } from "../../tests/workers/leaderboards-testing.ts";
import { Client, closeAll, UPGRADE } from "./testing.ts";

const READS = (name: string) => [{ kind: "board", name, actions: ["read"] }];

let tenant: BoardTenant;
let other: BoardTenant;
beforeAll(async () => {
  [tenant, other] = [await seedBoards(), await seedBoards()];
  await seedDoor({}, tenant);
  await tenant.board("arena", { windows: ["all"] });
});
afterEach(closeAll);

const open = async (path = "/v1/leaderboards/arena/socket", how: Asked = {}) =>
  await ask(path, { ...how, headers: { ...UPGRADE, ...how.headers } });
const welcomed = async (response: Response) => {
  const client = new Client(response);
  expect(await client.next()).toMatchObject({ type: "welcome", n: 1 });
  return client;
};
async function ticket(how: Asked, board = "arena", door = ""): Promise<string> {
  const { url } = await fine<TicketReply>(await ask(`${door}/v1/connect/tickets?board=${board}`, { method: "POST", ...how }), 201);
  const { pathname, search } = new URL(url);
  expect(pathname).toBe(`/v1/leaderboards/${board}/socket`);
  return search;
}
/** What a subscription is answered. */
async function follow(client: Client, channel: string): Promise<ServerFrame> {
  client.say({ type: "subscribe", id: channel, channel });
  return await client.next();
}
/** Boards at which this tenant's hubs suppose sockets, of these names or of anybody. */
async function holders(who = tenant, names?: readonly string[]): Promise<string[]> {
  const sql = "SELECT DISTINCT who, name FROM live_place WHERE kind = 'leaderboard' ORDER BY name";
  const found: string[] = [];
  for (let n = 0; n < PLACE_HUBS; n++) {
    const hub = env.HUB.getByName(`${who.tenantId}/hub/${n}`);
    await hub.outboxStatus(); // opens it
    const rows = await runInDurableObject(hub, (_hub, { storage }) => storage.sql.exec<{ who: string; name: string }>(sql).toArray());
    found.push(...rows.filter((row) => names?.includes(row.who) ?? true).map(({ name }) => name));
  }
  return found;
}

describe("a leaderboard's socket", () => {
  it("[LB78] opens by header, subprotocol, auth frame and ticket, at /v1 and at the door", async () => {
    const person = await tenant.person("ann", READS("arena"));
    for (const key of [tenant.key, person]) {
      for (const door of ["", `/p/${tenant.slug}`]) {
        if (door !== "" && key === tenant.key) continue; // the door is for end users
        const path = `${door}/v1/leaderboards/arena/socket`;
        await welcomed(await open(path, { key }));
        const named = await open(path, { headers: { "sec-websocket-protocol": `meridian.v1, bearer.${key}` } });
        expect(named.headers.get("sec-websocket-protocol")).toBe("meridian.v1");
        await welcomed(named);
        const held = new Client(await open(path));
        held.say({ type: "auth", token: key });
        expect(await held.next()).toMatchObject({ type: "welcome" });
        const search = await ticket({ key }, "arena", door);
        await welcomed(await open(`${path}${search}`));
        expect((await open(`${path}${search}`)).status).toBe(401);
      }
    }
    expect(await refusal(await ask("/v1/leaderboards/arena/socket", { key: tenant.key }))).toEqual([426, "upgrade-required"]);
    const operator = await seedOperator("viewer", tenant);
    await welcomed(await open(undefined, { cookie: operator.cookie, headers: { origin: edgeEnv.PUBLIC_URL } }));
    expect((await open(undefined, { cookie: operator.cookie, origin: null })).status).toBe(403);
  });

  it("[LB70] pushes what is submitted", async () => {
    const client = await welcomed(await open(undefined, { key: tenant.key }));
    expect(await follow(client, "top/all")).toMatchObject({ type: "subscribed" });
    await client.next();
    await tenant.submit("arena", "zoe", 77);
    const frame = await client.next();
    const push = (frame.type === "batch" ? frame.events[0]?.data : undefined) as TopPush; // what our own board sends
    expect([...(push.items ?? []), ...(push.changed ?? [])]).toMatchObject([{ player: "zoe", score: 77, rank: 1 }]);
  });

  it("[LB78] takes tickets that name this board, and hubs take none of them", async () => {
    await tenant.board("forum", { windows: ["all"] });
    const search = await ticket({ key: tenant.key });
    expect((await open(`/v1/leaderboards/forum/socket${search}`)).status).toBe(401);
    expect((await open(`/v1/connect${search}`)).status).toBe(401);
    const plain = await fine<TicketReply>(await ask("/v1/connect/tickets", { method: "POST", key: tenant.key }), 201);
    expect((await open(`/v1/leaderboards/arena/socket${new URL(plain.url).search}`)).status).toBe(401);
    // A socket that is open takes only tickets of its own board, too.
    const client = await welcomed(await open(`/v1/leaderboards/arena/socket${search}`));
    const tokenOf = (of: string) => decodeURIComponent(of.replace("?ticket=", ""));
    client.say({ type: "refresh", token: tokenOf(await ticket({ key: tenant.key }, "forum")) });
    expect(await client.next()).toMatchObject({ type: "error", code: "unauthorized" });
    client.say({ type: "refresh", token: tokenOf(await ticket({ key: tenant.key })) });
    expect(await client.next()).toMatchObject({ type: "refreshed" });
  });

  it("[LB78] lets each channel be followed with its action on this board", async () => {
    const { secret: reader } = await seedKey(tenant, ["live:connect", "leaderboards:read"]);
    const client = await welcomed(await open(undefined, { key: reader }));
    expect(await follow(client, "stats/live")).toMatchObject({ type: "error", code: "forbidden" });
    expect(await follow(client, "feed/all")).toMatchObject({ type: "subscribed" });
    const manager = await welcomed(await open(undefined, { key: tenant.key }));
    expect(await follow(manager, "stats/live")).toMatchObject({ type: "subscribed" });
    const ann = await welcomed(await open(undefined, { key: await tenant.person("ann", READS("arena")) }));
    expect(await follow(ann, "rank/all")).toMatchObject({ type: "subscribed" });
    expect(await ann.next()).toMatchObject({ events: [{ data: { player: "ann" } }] });
    expect(await follow(ann, "rank/all/zoe")).toMatchObject({ type: "error", code: "forbidden" });
  });

  it("[LB78] is closed to keys without live:connect or a board's action, to subjects without a grant, to visitors and to other tenants", async () => {
    const { secret: mute } = await seedKey(tenant, ["leaderboards:read"]);
    const { secret: blind } = await seedKey(tenant, ["live:connect"]);
    const stranger = await tenant.person("bob", READS("arenas"));
    for (const key of [mute, blind, stranger]) {
      expect([key, (await open(undefined, { key })).status]).toEqual([key, 403]);
      expect((await ask("/v1/connect/tickets?board=arena", { method: "POST", key })).status).toBe(403);
    }
    const visitor = new Client(await open(`/p/${tenant.slug}/v1/leaderboards/arena/socket`));
    visitor.say({ type: "subscribe", id: "1", channel: "top/all" });
    expect(await visitor.closeCode()).toBe(4400);
    expect(await refusal(await open(undefined, { key: other.key }))).toEqual([404, "not-found"]);
    expect((await ask("/v1/connect/tickets?board=arena", { method: "POST", key: other.key })).status).toBe(404);
    const held = new Client(await open());
    held.say({ type: "auth", token: other.key });
    expect(await held.closeCode()).toBe(4404);
    expect((await open(`/p/${other.slug}/v1/leaderboards/arena/socket`, { key: await tenant.person("ann", READS("*")) })).status).toBe(401);
    expect(await refusal(await open("/v1/leaderboards/Not_A_Board/socket", { key: tenant.key }))).toEqual([422, "invalid-id"]);
    expect(await holders(other)).toEqual([]);
  });

  it("[LB78] of a public board is open to every subject", async () => {
    await tenant.board("plaza", { windows: ["all"] });
    const key = await tenant.person("bob");
    expect((await open("/v1/leaderboards/plaza/socket", { key })).status).toBe(403);
    const marks = await env.TENANT.getByName(`${tenant.tenantId}/tenant/main`).setPublic({ kind: "board", name: "plaza" }, true, {
      requestId: "t",
      actor: "system",
      actorName: "system",
    });
    expect(marks).toMatchObject({ ok: true });
    clearIsolateCaches();
    const client = await welcomed(await open("/v1/leaderboards/plaza/socket", { key }));
    expect(await follow(client, "top/all")).toMatchObject({ type: "subscribed" });
  });
});

describe("a revocation", () => {
  it("[LB79] closes the sockets of a key at every board before it is answered, also at sleeping ones", async () => {
    await tenant.board("den", { windows: ["all"] });
    const { id, secret } = await seedKey(tenant, ["live:connect", "leaderboards:read"]);
    const clients = [
      await welcomed(await open(undefined, { key: secret })),
      await welcomed(await open("/v1/leaderboards/den/socket", { key: secret })),
    ];
    const beside = await welcomed(await open(undefined, { key: tenant.key }));
    const unused = await ticket({ key: secret }, "den");
    await evictDurableObject(env.LEADERBOARDS.getByName(`${tenant.tenantId}/leaderboard/den`));
    const owner = await seedOperator("owner", tenant);
    const revoked = await ask(`/v1/keys/${id}`, { method: "DELETE", cookie: owner.cookie });
    expect(revoked.status).toBeLessThan(300);
    for (const client of clients) expect(await client.closeCode()).toBe(4401);
    expect(beside.closed).toBeUndefined();
    expect((await open(`/v1/leaderboards/den/socket${unused}`)).status).toBe(401);
  });

  it("[LB79] closes a subject's, and leaves those of others", async () => {
    const [eve, dan] = [await tenant.person("eve", READS("*")), await tenant.person("dan", READS("*"))];
    const [client, beside] = [await welcomed(await open(undefined, { key: eve })), await welcomed(await open(undefined, { key: dan }))];
    const reply = await ask("/v1/tokens/revocations", { key: tenant.key, body: { kind: "subject", issuer: "minted", sub: "eve" } });
    expect(await fine<{ closedSockets: number }>(reply)).toMatchObject({ closedSockets: 1 });
    expect(await client.closeCode()).toBe(4401);
    expect(beside.closed).toBeUndefined();
    clearIsolateCaches(); // as 1.5 s later
    expect((await open(undefined, { key: eve })).status).toBe(401);
    await welcomed(await open(undefined, { key: await tenant.person("eve", READS("*")) }));
  });

  it("[LB79] [LV66] that falls between the check of a credential and the first note of its board turns the socket away", async () => {
    await tenant.board("late", { windows: ["all"] });
    const ref = await subjectRef(tenant.tenantId, "minted|max");
    const now = Date.now();
    const max: Admission = {
      v: 1,
      actor: `subject:${ref}`,
      credential: "token:t",
      actions: [],
      checkedAt: now - 5,
      credentialExpiresAt: null,
      ticket: null,
    };
    const address = { tenantId: tenant.tenantId, kind: "leaderboard", name: "late" } as const;
    await closeSockets(edgeEnv, tenant.tenantId, [`subject:${ref}`], now);
    const scene = { env: edgeEnv };
    expect(await noteHolder(scene, address, max, now)).toMatchObject({ ok: false, problem: { slug: "unauthenticated" } });
    const again = { ...max, checkedAt: now + 1 };
    expect(await noteHolder(scene, address, again, now)).toMatchObject({ ok: true });
    // Said again, and late: it still counts from its own time.
    await closeSockets(edgeEnv, tenant.tenantId, [`subject:${ref}`], now);
    expect(await noteHolder(scene, address, again, now)).toMatchObject({ ok: true });
    // A request that took so long that hubs may have forgotten what was revoked meanwhile.
    expect(await noteHolder(scene, address, again, now - 120_001)).toMatchObject({ problem: { slug: "unavailable" } });
  });

  it("[LB79] bothers only boards where the one who is revoked may have sockets, and those no longer than that", async () => {
    await tenant.board("quiet", { windows: ["all"] });
    await tenant.board("loud", { windows: ["all"] });
    const { id, secret } = await seedKey(tenant, ["live:connect", "leaderboards:read"]);
    const client = await welcomed(await open("/v1/leaderboards/loud/socket", { key: secret }));
    await welcomed(await open("/v1/leaderboards/quiet/socket", { key: tenant.key }));
    expect(await holders(tenant, [`key:${id}`])).toEqual(["loud"]);
    expect(await closeSockets(edgeEnv, tenant.tenantId, ["key:nobody"])).toBe(0);
    expect(await closeSockets(edgeEnv, tenant.tenantId, [`key:${id}`])).toBe(1);
    expect(await client.closeCode()).toBe(4401);
    // Somebody may have been on the way in: what was noted a moment ago stays.
    expect(await holders(tenant, [`key:${id}`])).toEqual(["loud"]);
    await runInDurableObject(env.HUB.getByName(`${tenant.tenantId}/hub/${placeHubOf(`key:${id}`)}`), (_hub, { storage }) =>
      storage.sql.exec("UPDATE live_place SET noted_at = noted_at - 120000"),
    );
    await closeSockets(edgeEnv, tenant.tenantId, [`key:${id}`]);
    expect(await holders(tenant, [`key:${id}`])).toEqual([]);
  });

  it("[LB79] [LV68] finds a socket by the credential that it was given while it was open", async () => {
    const person = await tenant.person("kim", READS("arena"));
    const client = await welcomed(await open(undefined, { key: person }));
    const token = decodeURIComponent((await ticket({ key: person })).replace("?ticket=", ""));
    const ref = await subjectRef(tenant.tenantId, "minted|kim");
    const hub = env.HUB.getByName(`${tenant.tenantId}/hub/${placeHubOf(`subject:${ref}`)}`);
    await runInDurableObject(hub, (_hub, { storage }) => storage.sql.exec("DELETE FROM live_place"));
    client.say({ type: "refresh", token });
    expect(await client.next()).toMatchObject({ type: "refreshed" });
    expect(await closeSockets(edgeEnv, tenant.tenantId, [`subject:${ref}`])).toBe(1);
    expect(await client.closeCode()).toBe(4401);
  });

  it("[LB79] [LV65] goes on to the others when a hub cannot be asked, and says so", async () => {
    const { id, secret } = await seedKey(tenant, ["live:connect", "leaderboards:read"]);
    const client = await welcomed(await open(undefined, { key: secret }));
    const broken = placeHubOf(`key:${id}`) === 0 ? 1 : 0;
    const bindings = {
      ...edgeEnv,
      HUB: {
        getByName: (name: string) => {
          if (name.endsWith(`/hub/${broken}`)) throw new Error("it is away");
          return edgeEnv.HUB.getByName(name);
        },
      },
    };
    const results = await closeAtHubs(bindings, tenant.tenantId, [`key:${id}`], Date.now());
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
    expect(await client.closeCode()).toBe(4401);
    await expect((async () => await closeEverywhere(bindings, tenant.tenantId, [`key:${id}`], Date.now()))()).rejects.toThrow("away");
  });
});
