import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../contract/grants.ts";
import type { TicketReply } from "../../contract/live.ts";
import { subjectRef } from "../../contract/subject-id.ts";
import { accessOf } from "../http/access-cache.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { tenantOf } from "../http/objects.ts";
import { edgeEnv } from "../http/testing.ts";
import { mintToken } from "../http/token-mint.ts";
import { closeSockets } from "../control/auth-sockets.ts";
import { Client, closeAll, liveApp, makeTenant, META, ORIGIN, UPGRADE } from "./testing.ts";

const TENANT = "lv-subjects";
const OTHER = "lv-strangers";
const bindings = { ...edgeEnv, PUBLIC_URL: ORIGIN };
const ctx = { waitUntil: (): void => {} };
const ask = liveApp();
const ALL: Grant = { kind: "metrics", name: "*", actions: ["read"] };

beforeAll(async () => {
  await makeTenant(TENANT);
  await makeTenant(OTHER);
});
afterEach(closeAll);

async function tokenOf(sub: string, grants: readonly Grant[] = [], tenantId = TENANT): Promise<string> {
  const now = Date.now();
  const access = await accessOf(bindings, ctx, tenantId, now);
  if (!access) throw new Error("no such tenant");
  const content = {
    tenantId,
    issuer: "minted",
    sub,
    name: sub,
    avatarUrl: null,
    guest: false,
    grants,
    familyId: `f-${sub}`,
    keyId: "k1",
  } as const;
  return (await mintToken(bindings, access, content, 600, now)).token;
}

const bearer = (token: string) => ({ ...UPGRADE, authorization: `Bearer ${token}` });

async function statusOf(path: string, headers: Record<string, string> = UPGRADE): Promise<number> {
  const response = await ask(path, { headers });
  if (response.webSocket) new Client(response);
  else await response.text();
  return response.status;
}

describe("a subject's socket", () => {
  it("[LV38] opens by header, subprotocol, auth frame and ticket, at /v1 and at the door", async () => {
    const token = await tokenOf("ann");
    for (const door of ["", `/p/${TENANT}`]) {
      expect(await new Client(await ask(`${door}/v1/connect`, { headers: bearer(token) })).next()).toMatchObject({ type: "welcome" });
      const protocols = { ...UPGRADE, "sec-websocket-protocol": `meridian.v1, bearer.${token}` };
      expect(await new Client(await ask(`${door}/v1/connect`, { headers: protocols })).next()).toMatchObject({ type: "welcome" });
      const held = new Client(await ask(`${door}/v1/connect`, { headers: UPGRADE }));
      held.say({ type: "auth", token });
      expect(await held.next()).toMatchObject({ type: "welcome" });
      const asked = await ask(`${door}/v1/connect/tickets`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
      const { url } = await asked.json<TicketReply>();
      expect(await new Client(await ask(url.replace(/^ws/, "http"), { headers: UPGRADE })).next()).toMatchObject({ type: "welcome" });
    }
  });

  it("[LV38] is refused to visitors, with a forged token, and at another tenant's door", async () => {
    const token = await tokenOf("ann");
    expect(await statusOf("/v1/connect", bearer(`${token.slice(0, -6)}AAAAAA`))).toBe(401);
    expect(await statusOf(`/p/${OTHER}/v1/connect`, bearer(token))).toBe(401);
    const ticket = await ask("/v1/connect/tickets", { method: "POST", headers: { authorization: `Bearer ${token}` } });
    const { search } = new URL((await ticket.json<TicketReply>()).url);
    expect(await statusOf(`/p/${OTHER}/v1/connect${search}`)).toBe(401);
    expect(await statusOf(`/p/${TENANT}/v1/connect${search}`)).toBe(101);
    const visitor = await ask(`/p/${TENANT}/v1/connect/tickets`, { method: "POST" });
    expect([401, 403]).toContain(visitor.status);
    const silent = new Client(await ask(`/p/${TENANT}/v1/connect`, { headers: UPGRADE }));
    silent.say({ type: "auth", token: "mrd_nobody_k_" + "a".repeat(40) });
    expect(await silent.closeCode()).toBe(4401);
  });

  it("[LV37] follows all metrics only with a grant for all of them", async () => {
    const follow = async (grants: readonly Grant[]) => {
      const client = new Client(await ask("/v1/connect", { headers: bearer(await tokenOf("bob", grants)) }));
      await client.next();
      client.say({ type: "subscribe", id: "1", channel: "metrics/all" });
      return await client.next();
    };
    expect(await follow([{ ...ALL, name: "shop_*" }])).toMatchObject({ type: "error", code: "forbidden" });
    expect(await follow([])).toMatchObject({ type: "error", code: "forbidden" });
    expect(await follow([ALL])).toMatchObject({ type: "subscribed" });
  });

  it("[LV36] ends with its subject's revocation, and its next request is 401", async () => {
    const [token, other] = [await tokenOf("eve"), await tokenOf("dan")];
    const client = new Client(await ask("/v1/connect", { headers: bearer(token) }));
    const beside = new Client(await ask("/v1/connect", { headers: bearer(other) }));
    await client.next();
    const ref = await subjectRef(TENANT, "minted|eve");
    const call = { env: bindings, principal: { tenantId: TENANT } };
    expect(await tenantOf(call).revoke({ kind: "subject", id: ref }, META)).toMatchObject({ ok: true });
    await closeSockets(bindings, TENANT, [`subject:${ref}`]);
    expect(await client.closeCode()).toBe(4401);
    expect(beside.closed).toBeUndefined();
    clearIsolateCaches(); // as 1.5 s later
    expect(await statusOf("/v1/connect", bearer(token))).toBe(401);
    expect(await statusOf("/v1/connect", bearer(other))).toBe(101);
    expect(await statusOf("/v1/connect", bearer(await tokenOf("eve")))).toBe(101);
  });
});
