import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { PLACE_HUBS } from "../../contract/live-revocation.ts";
import { closeSockets } from "../control/auth-sockets.ts";
import { edgeEnv } from "../http/testing.ts";
import { hubs } from "./connect.ts";
import { Client, closeAll, type LiveTenant, liveApp, makeTenant, operator, SCENE, UPGRADE } from "./testing.ts";
import { admissionOf, makeTicket } from "./ticket.ts";

let tenant: LiveTenant;
const ask = liveApp();

beforeAll(async () => {
  tenant = await makeTenant("lv-edge");
});

afterEach(closeAll);

async function open(principal = operator): Promise<Client> {
  const { ticket } = await makeTicket(principal, SCENE, Date.now());
  const client = new Client(await ask(`/v1/connect?ticket=${ticket}`, { headers: UPGRADE }));
  await client.next();
  return client;
}

describe("a refresh", () => {
  it("[LV18] takes a new ticket of the same person, once", async () => {
    const end = Date.now() + 3_600_000;
    const client = await open({ ...operator, credentialExpiresAt: Date.now() + 60_000 });
    const { ticket } = await makeTicket({ ...operator, sessionId: "s2", credentialExpiresAt: end }, SCENE, Date.now());
    client.say({ type: "refresh", token: ticket });
    expect(await client.next()).toMatchObject({ type: "refreshed", n: 2, credentialExpiresAt: end });
    client.say({ type: "refresh", token: ticket });
    expect(await client.next()).toMatchObject({ type: "error", code: "unauthorized" });
  });

  it("[LV18] leaves the socket as it is with another's ticket, another tenant's, a changed or a late one", async () => {
    const client = await open();
    const other = await makeTicket({ ...operator, userId: "u2" }, SCENE, Date.now());
    client.say({ type: "refresh", token: other.ticket });
    expect(await client.next()).toMatchObject({ type: "error", code: "forbidden" });
    const foreign = await makeTicket({ ...operator, tenantId: "lv-other" }, SCENE, Date.now());
    const late = await makeTicket(operator, SCENE, Date.now() - 3_600_000);
    const changed = (await makeTicket(operator, SCENE, Date.now())).ticket.replace(/.{4}$/, "AAAA");
    for (const token of [foreign.ticket, late.ticket, changed, "x", "a.b.c", "mrd_lv-edge_none_00000000000000000000000000000000"]) {
      client.say({ type: "refresh", token });
      expect(await client.next()).toMatchObject({ type: "error", code: "unauthorized" });
    }
    client.say({ type: "subscribe", id: "1", channel: "metrics/all" });
    expect(await client.next()).toMatchObject({ type: "subscribed" });
  });

  it("[LV18] takes the same key again, and [LV19] a key's end is the socket's", async () => {
    const end = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
    const { text } = await tenant.keyUntil(end, "live:connect");
    const client = new Client(await ask("/v1/connect", { headers: { ...UPGRADE, authorization: `Bearer ${text}` } }));
    expect(await client.next()).toMatchObject({ type: "welcome", credentialExpiresAt: end });
    client.say({ type: "refresh", token: text });
    expect(await client.next()).toMatchObject({ type: "refreshed", credentialExpiresAt: end });
    client.say({ type: "refresh", token: `${text.slice(0, -4)}0000` });
    expect(await client.next()).toMatchObject({ type: "error", code: "unauthorized" });
    const narrow = await tenant.key("metrics:read");
    client.say({ type: "refresh", token: narrow.text });
    expect(await client.next()).toMatchObject({ type: "error", code: "unauthorized" });
  });

  it("[LV66] is noted before it counts, where a revocation finds the hub by its places", async () => {
    const admission = await admissionOf({ ...operator, sessionId: "far" }, [], SCENE, Date.now());
    const entered = await hubs.enter(SCENE, { tenantId: "lv-edge", hub: PLACE_HUBS + 1, admission }, undefined, Date.now());
    if (!entered.ok) throw new Error(entered.problem.detail);
    const client = new Client(entered.value);
    await client.next();
    const { ticket } = await makeTicket({ ...operator, sessionId: "farther" }, SCENE, Date.now());
    client.say({ type: "refresh", token: ticket });
    expect(await client.next()).toMatchObject({ type: "refreshed" });
    expect(await closeSockets(edgeEnv, "lv-edge", ["session:far"])).toBe(0);
    expect(client.closed).toBeUndefined();
    expect(await closeSockets(edgeEnv, "lv-edge", ["session:farther"])).toBe(1);
    expect(await client.closeCode()).toBe(4401);
  });
});
