import { env, evictDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { TicketReply } from "../../contract/live.ts";
import type { ServicePrincipal } from "../../contract/principal.ts";
import { hubOf, tenantOf } from "../http/objects.ts";
import { edgeEnv } from "../http/testing.ts";
import { makeTicket, readTicket } from "./ticket.ts";
import { Client, closeAll, type LiveTenant, liveApp, makeTenant, META, operator, ORIGIN, SCENE, UPGRADE } from "./testing.ts";

let tenant: LiveTenant;
const ask = liveApp();

beforeAll(async () => {
  tenant = await makeTenant("lv-edge");
});
afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

const service = (tenantId = "lv-edge"): ServicePrincipal => ({
  kind: "service",
  tenantId,
  keyId: "k1",
  name: "test",
  scopes: ["live:connect", "metrics:read"],
});

async function statusOf(path: string): Promise<number> {
  const response = await ask(path, { headers: UPGRADE });
  await response.text();
  return response.status;
}

async function ticketFor(key: string): Promise<TicketReply & { path: string }> {
  const response = await ask("/v1/connect/tickets", { method: "POST", headers: { authorization: `Bearer ${key}` } });
  expect(response.status).toBe(201);
  const reply = await response.json<TicketReply>();
  const url = new URL(reply.url);
  return { ...reply, path: url.pathname + url.search };
}

describe("a ticket", () => {
  it("[LV21] opens one socket at the public address, and only one", async () => {
    const { text } = await tenant.key("live:connect", "metrics:read");
    const { url, path, expiresAt } = await ticketFor(text);
    expect(url).toMatch(/^wss:\/\/meridian\.test\/v1\/connect\?ticket=/);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(LIVE_LIMITS.ticketTtlMs);
    const client = new Client(await ask(path, { headers: UPGRADE }));
    expect(await client.next()).toMatchObject({ type: "welcome", n: 1 });
    const again = await ask(path, { headers: UPGRADE });
    expect([again.status, await again.json()]).toMatchObject([401, { type: "/problems/unauthenticated" }]);
    const entry = await readTicket(edgeEnv, path.slice(path.indexOf("=") + 1), Date.now());
    await evictDurableObject(env.HUB.getByName(`lv-edge/hub/${entry?.hub}`));
    expect(await statusOf(path)).toBe(401);
    client.say({ type: "subscribe", id: "1", channel: "metrics/all" });
    expect(await client.next()).toMatchObject({ type: "subscribed", n: 2 });
  });

  it("[LV22] names its hub, tenant and end, and is worth nothing when changed, late or made for something else", async () => {
    const now = Date.now();
    const { ticket, expiresAt } = await makeTicket(service(), SCENE, now);
    expect(expiresAt).toBe(now + LIVE_LIMITS.ticketTtlMs);
    expect(await readTicket(edgeEnv, ticket, expiresAt - 1)).toMatchObject({
      tenantId: "lv-edge",
      admission: { actor: "key:k1", actions: ["metrics:read"], credentialExpiresAt: null },
    });
    expect(await readTicket(edgeEnv, ticket, expiresAt)).toBeUndefined();
    const [ringId, payload = "", mac] = ticket.split(".");
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as object;
    const forged = btoa(JSON.stringify({ ...claims, tenantId: "another" }))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace(/=+$/, "");
    const texts = [`${ringId}.${forged}.${mac}`, `${ringId}.${payload}.`, `other.${payload}.${mac}`, "x", `${ticket}.x`, "..", "mrd_a_b_c"];
    for (const text of texts) {
      expect(await readTicket(edgeEnv, text, now)).toBeUndefined();
      expect((await ask(`/v1/connect?ticket=${text}`, { headers: UPGRADE })).status).toBe(401);
    }
    const late = await makeTicket(service(), SCENE, now - LIVE_LIMITS.ticketTtlMs);
    expect((await ask(`/v1/connect?ticket=${late.ticket}`, { headers: UPGRADE })).status).toBe(401);
  });

  it("[LV19] carries the end of the credential", async () => {
    const end = Date.now() + 1_000_000;
    const { ticket } = await makeTicket({ ...service(), credentialExpiresAt: end }, SCENE, Date.now());
    const client = new Client(await ask(`/v1/connect?ticket=${ticket}`, { headers: UPGRADE }));
    expect(await client.next()).toMatchObject({ type: "welcome", credentialExpiresAt: end });
  });

  it("[LV23] needs live:connect", async () => {
    const { text } = await tenant.key("metrics:read");
    const response = await ask("/v1/connect/tickets", { method: "POST", headers: { authorization: `Bearer ${text}` } });
    expect(response.status).toBe(403);
  });
});

describe("a key", () => {
  it("[LV23] opens a socket by subprotocol or header, and is never sent back", async () => {
    const { text } = await tenant.key("live:connect");
    const answer = await ask("/v1/connect", { headers: { ...UPGRADE, "sec-websocket-protocol": `bearer.${text}, meridian.v1` } });
    expect(answer.headers.get("sec-websocket-protocol")).toBe("meridian.v1");
    expect(await new Client(answer).next()).toMatchObject({ type: "welcome" });
    const plain = await ask("/v1/connect", { headers: { ...UPGRADE, authorization: `Bearer ${text}` } });
    expect(plain.headers.has("sec-websocket-protocol")).toBe(false);
    const client = new Client(plain);
    expect(await client.next()).toMatchObject({ type: "welcome" });
    client.say({ type: "subscribe", id: "1", channel: "metrics/all" });
    expect(await client.next()).toMatchObject({ type: "error", code: "forbidden" });
  });

  it("[LV23] that is wrong is 401, without live:connect 403, alone as subprotocol 400", async () => {
    const { text } = await tenant.key("metrics:read");
    const wrong = `${text.slice(0, -4)}0000`;
    const by = async (protocol: string) =>
      (await ask("/v1/connect", { headers: { ...UPGRADE, "sec-websocket-protocol": protocol } })).status;
    expect(await by(`meridian.v1, bearer.${text}`)).toBe(403);
    expect(await by(`meridian.v1, bearer.${wrong}`)).toBe(401);
    expect(await by(`bearer.${text}`)).toBe(400);
    expect(await by("graphql-ws")).toBe(400);
    const headers = async (authorization: string) => (await ask("/v1/connect", { headers: { ...UPGRADE, authorization } })).status;
    expect([await headers(`Bearer ${text}`), await headers(`Bearer ${wrong}`), await headers("Bearer x")]).toEqual([403, 401, 401]);
  });

  it("[LV20] that is revoked closes its sockets and opens none with a ticket made before", async () => {
    const { id, text } = await tenant.key("live:connect");
    const client = new Client(await ask("/v1/connect", { headers: { ...UPGRADE, authorization: `Bearer ${text}` } }));
    await client.next();
    const { path } = await ticketFor(text);
    const at = { env: edgeEnv, principal: tenant };
    await tenantOf(at).revokeKey(id, META);
    for (let n = 0; n < LIVE_LIMITS.hubs; n++) await hubOf(at, n).closeCredentials([`key:${id}`]);
    expect(await client.closeCode()).toBe(4401);
    expect((await ask(path, { headers: UPGRADE })).status).toBe(401);
  });
});

describe("the address of live sockets", () => {
  it("[LV24] is no page: a plain request gets 426", async () => {
    const response = await ask("/v1/connect");
    expect([response.status, await response.json()]).toMatchObject([426, { type: "/problems/upgrade-required" }]);
  });

  it("[LV25] takes a browser's session from our own origin only; a ticket speaks for itself", async () => {
    const browser = liveApp({ sessionPrincipal: async () => operator });
    const from = async (origin: string | undefined, path = "/v1/connect") =>
      await browser(path, { headers: { ...UPGRADE, cookie: "a=b", ...(origin === undefined ? {} : { origin }) } });
    expect((await from("https://evil.test")).status).toBe(403);
    expect((await from(`${ORIGIN}.evil.test`)).status).toBe(403);
    expect((await from(undefined)).status).toBe(403);
    const client = new Client(await from(ORIGIN));
    await client.next();
    client.say({ type: "subscribe", id: "1", channel: "metrics/all" });
    expect(await client.next()).toMatchObject({ type: "subscribed" });
    const { ticket } = await makeTicket(operator, SCENE, Date.now());
    expect(await new Client(await from("https://app.test", `/v1/connect?ticket=${ticket}`)).next()).toMatchObject({ type: "welcome" });
  });
});

describe("a socket without a credential", () => {
  const open = async (): Promise<Client> =>
    new Client(await ask("/v1/connect", { headers: { ...UPGRADE, "sec-websocket-protocol": "meridian.v1" } }));

  it("[LV26] is joined to a hub by an auth frame with a key, both ways", async () => {
    const { id, text } = await tenant.key("live:connect", "metrics:read");
    const client = await open();
    client.socket.send('{"v":1,"type":"ping"}');
    expect(await client.next()).toEqual({ v: 1, type: "pong" });
    client.say({ type: "auth", token: text });
    client.say({ type: "subscribe", id: "early", channel: "metrics/all" });
    expect(await client.next()).toMatchObject({ type: "welcome", n: 1 });
    expect(await client.next()).toMatchObject({ type: "subscribed", n: 2, id: "early" });
    client.say({ type: "auth", token: text });
    expect(await client.next()).toMatchObject({ type: "error", code: "already-authenticated" });
    for (let n = 0; n < LIVE_LIMITS.hubs; n++) await hubOf({ env: edgeEnv, principal: tenant }, n).closeCredentials([`key:${id}`]);
    expect(await client.next()).toMatchObject({ type: "goodbye", code: 4401 });
    expect(await client.closeCode()).toBe(4401);
  });

  it("[LV26] is joined by a ticket, once", async () => {
    const { ticket } = await makeTicket(service(), SCENE, Date.now());
    const [first, second] = [await open(), await open()];
    first.say({ type: "auth", token: ticket });
    expect(await first.next()).toMatchObject({ type: "welcome" });
    second.say({ type: "auth", token: ticket });
    expect(await second.closeCode()).toBe(4401);
    first.socket.close(1000, "bye");
    expect(await first.closeCode()).toBe(1000);
  });

  it("[LV26] is closed with the code that says why", async () => {
    const { text } = await tenant.key("metrics:read");
    const token = (n: number) => JSON.stringify({ v: 1, type: "auth", token: "x" }).padEnd(n);
    const cases: [string | ArrayBuffer, number][] = [
      [JSON.stringify({ v: 1, type: "auth", token: text }), 4403],
      [JSON.stringify({ v: 1, type: "auth", token: "x" }), 4401],
      [JSON.stringify({ v: 1, type: "auth", token: "mrd_lv-none_k1_00000000000000000000000000000000" }), 4401],
      [JSON.stringify({ v: 1, type: "ack", n: 1 }), 4400],
      ["{", 4400],
      [new ArrayBuffer(8), 4400],
      [token(LIVE_LIMITS.frameBytes), 4401],
      [token(LIVE_LIMITS.frameBytes + 1), 4413],
    ];
    for (const [message, code] of cases) {
      const client = await open();
      client.socket.send(message);
      expect(await client.closeCode()).toBe(code);
    }
  });

  it("[LV26] that says nothing for five seconds is closed with 4408", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const client = await open();
    vi.advanceTimersByTime(LIVE_LIMITS.authMs - 1);
    expect(client.closed).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(await client.closeCode()).toBe(4408);
  });
});
