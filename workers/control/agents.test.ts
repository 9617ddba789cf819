import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { type Agent, type AgentDownFrame, agentSchema } from "../../contract/agents.ts";
import type { CloudEvent } from "../../contract/events.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
import type { Page } from "../../contract/pages.ts";
import { tenantOf } from "../http/objects.ts";
import { edgeEnv, type ProblemBody } from "../http/testing.ts";
import { makeTenant, type TestTenant } from "./events-testing.ts";

describe("the routes of agents", () => {
  it("[AG20] show what an agent said on its socket", async () => {
    const tenant = await makeTenant("ag20", ["agents:connect", "agents:read"]);
    const socket = await connect(tenant, "web-1");
    expect(socket.frames[0]).toMatchObject({ type: "config", agentId: "web-1" });
    const page = await (await tenant.call("/v1/agents")).json<Page<Agent>>();
    expect(page.items.map((agent) => agentSchema.parse(agent))).toMatchObject([{ id: "web-1", connected: true, keyId: tenant.keyId }]);
    const one = await tenant.call("/v1/agents/web-1");
    expect([one.status, one.headers.get("etag"), (await one.json<Agent>()).host]).toEqual([200, '"0"', "web-1"]);
    expect((await tenant.call("/v1/agents?cursor=x")).status).toBe(400);
  });

  it("[AG20] answer 426 without an upgrade and 403 without the scope", async () => {
    const tenant = await makeTenant("ag20-plain", ["agents:connect"]);
    expect((await tenant.call("/v1/agents/connect")).status).toBe(426);
    for (const path of ["/v1/agents", "/v1/agents/web-1"]) expect((await tenant.call(path)).status, path).toBe(403);
    const reader = await makeTenant("ag20-reader", ["agents:read"]);
    expect((await reader.call("/v1/agents/connect", { headers: { upgrade: "websocket" } })).status).toBe(403);
    expect((await patch(reader, "web-1", {})).status).toBe(403);
  });

  it("[AG21] change a configuration under If-Match, audited as intent and result, with its event", async () => {
    const tenant = await makeTenant("ag21", ["agents:connect", "agents:read", "agents:manage", "events:read"]);
    const socket = await connect(tenant, "web-1");
    const changed = await patch(tenant, "web-1", { intervalMs: 15_000 }, '"0"');
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"1"']);
    await vi.waitFor(() => expect(socket.frames[1]).toMatchObject({ type: "config", config: { version: 1, intervalMs: 15_000 } }));
    for (const tag of ['"0"', '"2"', 'W/"1"', "garbage"])
      expect((await patch(tenant, "web-1", { intervalMs: 1_000 }, tag)).status, tag).toBe(412);
    expect((await patch(tenant, "web-1", {}, "*")).status).toBe(200);
    const audit = await tenantOf({ env: edgeEnv, principal: tenant }).listAudit({
      limit: 2,
      action: "agents.configure",
      actor: `key:${tenant.keyId}`,
    });
    expect(audit.ok && audit.value.items.map((entry) => [entry.target, entry.outcome])).toEqual([
      ["agent/web-1", "done"],
      ["agent/web-1", "intent"],
    ]);
    await vi.waitFor(
      async () => {
        const events = await (await tenant.call("/v1/events?type=meridian.agent.configured")).json<Page<CloudEvent>>();
        expect(events.items).toMatchObject([{ subject: "agent/web-1", data: { config: { version: 1 }, actor: `key:${tenant.keyId}` } }]);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it("[AG21] note a change that was refused as failed", async () => {
    const tenant = await makeTenant("ag21-failed", ["agents:manage"]);
    expect((await patch(tenant, "nobody", {})).status).toBe(404);
    const audit = await tenantOf({ env: edgeEnv, principal: tenant }).listAudit({ limit: 1, action: "agents.configure" });
    expect(audit.ok && audit.value.items).toMatchObject([{ outcome: "failed", detail: { reason: "not-found" } }]);
  });

  it("[AG21] replay a change with the same Idempotency-Key and refuse another body under it", async () => {
    const tenant = await makeTenant("ag21-key", ["agents:connect", "agents:manage"]);
    await connect(tenant, "web-1");
    const headers = { "idempotency-key": "one" };
    const first = await patch(tenant, "web-1", { intervalMs: 15_000 }, undefined, headers);
    const again = await patch(tenant, "web-1", { intervalMs: 15_000 }, undefined, headers);
    expect([(await first.json<Agent>()).config.version, (await again.json<Agent>()).config.version]).toEqual([1, 1]);
    expect((await patch(tenant, "web-1", { intervalMs: 16_000 }, undefined, headers)).status).toBe(422);
  });

  it("[AG21] name the field of a bad configuration", async () => {
    const tenant = await makeTenant("ag21-bad", ["agents:manage"]);
    const response = await patch(tenant, "web-1", { intervalMs: 999 });
    expect([response.status, (await response.json<ProblemBody>()).errors?.[0]?.pointer]).toEqual([400, "/intervalMs"]);
  });

  it("[AG22] show nothing of another tenant's agents and change none", async () => {
    const [mine, theirs] = [
      await makeTenant("ag22-mine", ["agents:connect", "agents:read", "agents:manage"]),
      await makeTenant("ag22-theirs", ["agents:connect", "agents:read"]),
    ];
    await connect(theirs, "web-1");
    expect((await (await mine.call("/v1/agents")).json<Page<Agent>>()).items).toEqual([]);
    expect((await mine.call("/v1/agents/web-1")).status).toBe(404);
    expect((await patch(mine, "web-1", { intervalMs: 15_000 })).status).toBe(404);
    const own = await connect(mine, "web-1");
    expect(own.frames).toHaveLength(1);
    expect((await (await theirs.call("/v1/agents/web-1")).json<Agent>()).keyId).toBe(theirs.keyId);
  });

  it("[AG12] lose the socket of a key that was revoked by its event alone, through the real queue", { timeout: 20_000 }, async () => {
    const tenant = await makeTenant("ag12-revoked", ["agents:connect"]);
    const socket = await connect(tenant, "web-1");
    await env.TENANT.getByName("ag12-revoked/tenant/main").revokeKey(tenant.keyId, { requestId: "t", actor: "user:1", actorName: "t" });
    expect(await socket.closed).toBe(LIVE_CLOSE.unauthorized);
  });
});

async function patch(
  tenant: TestTenant,
  agentId: string,
  body: unknown,
  ifMatch?: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await tenant.call(`/v1/agents/${agentId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json", ...(ifMatch === undefined ? {} : { "if-match": ifMatch }), ...headers },
    body: JSON.stringify(body),
  });
}

/** Connects as an agent through the whole edge and waits for the configuration. */
async function connect(tenant: TestTenant, host: string): Promise<{ readonly frames: AgentDownFrame[]; readonly closed: Promise<number> }> {
  const response = await tenant.call("/v1/agents/connect", { headers: { upgrade: "websocket" } });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status}`);
  const frames: AgentDownFrame[] = [];
  const closed = new Promise<number>((done) => socket.addEventListener("close", ({ code }) => done(code)));
  const first = new Promise<void>((done) =>
    socket.addEventListener("message", ({ data }) => {
      frames.push(JSON.parse(String(data)) as AgentDownFrame); // the fleet's tests hold the frames against their schema
      done();
    }),
  );
  socket.accept();
  const health = { at: Date.now(), configVersion: 0, spoolBatches: 0, spoolBytes: 0, droppedBatches: 0, problems: [] };
  socket.send(JSON.stringify({ v: 1, type: "hello", host, agentVersion: "0.1.0", platform: "linux", health }));
  await first;
  return { frames, closed };
}
