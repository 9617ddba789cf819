import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AGENT_CLOSE_REASONS, AGENT_LIMITS, DEFAULT_AGENT_CONFIG } from "../../contract/agents.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
import { PLANS } from "../../contract/plans.ts";
import { WATCH_MS } from "./agent-fleet-desk.ts";
import { agentOf, agentUntil, type Fleet, fleetOf, keyOf, META, TestAgent } from "./agent-fleet-testing.ts";

/** Far ahead: deadlines of these tests fire by hand only. */
const NOW = Date.parse("2036-05-01T10:00:00.000Z");

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

describe("the fleet of agents", () => {
  it("[AG1] registers an agent by its hello and sends it its configuration", async () => {
    const fleet = await fleetOf("ag1");
    const agent = await TestAgent.join(fleet, "web-1", "k7");
    expect(agent.frames[0]).toEqual({ v: 1, type: "config", agentId: "web-1", config: DEFAULT_AGENT_CONFIG, serverTime: NOW });
    const at = new Date(NOW).toISOString();
    expect(await agentOf(fleet, "web-1")).toMatchObject({ id: "web-1", connected: true, keyId: "k7", firstSeenAt: at, lastSeenAt: at });
    expect(await eventTypes(fleet)).toEqual(["meridian.object.created", "meridian.agent.registered", "meridian.agent.connected"]);
  });

  it("[AG2] keeps the newest connection of a host, whatever its key, and closes the older with the reason", async () => {
    const fleet = await fleetOf("ag2");
    const first = await TestAgent.join(fleet, "web-1", "k1");
    const second = await TestAgent.join(fleet, "web-1", "k2");
    expect(await first.closed).toEqual({ code: LIVE_CLOSE.denied, reason: AGENT_CLOSE_REASONS.replaced });
    expect(await agentOf(fleet, "web-1")).toMatchObject({ connected: true, keyId: "k2" });
    second.health({ spoolBatches: 3 });
    await agentUntil(fleet, "web-1", (agent) => agent.health.spoolBatches === 3);
    expect(await eventTypes(fleet)).not.toContain("meridian.agent.disconnected");
  });

  it("[AG3] pushes a changed configuration to the connected agent and shows what it applied", async () => {
    const fleet = await fleetOf("ag3");
    const agent = await TestAgent.join(fleet, "web-1");
    const answer = await fleet.configure("web-1", { intervalMs: 10_000 }, 0, META);
    expect(answer.ok && answer.value.config).toMatchObject({ version: 1, intervalMs: 10_000 });
    await agent.until(2);
    expect(agent.frames[1]).toMatchObject({ type: "config", config: { version: 1, intervalMs: 10_000 } });
    agent.health({ configVersion: 1 });
    await agentUntil(fleet, "web-1", (agent) => agent.appliedConfigVersion === 1);
  });

  it("[AG3] refuses a configuration that expects another version, or an agent that is unknown", async () => {
    const fleet = await fleetOf("ag3-refused");
    await TestAgent.join(fleet, "web-1");
    expect(await fleet.configure("web-1", { intervalMs: 10_000 }, 4, META)).toMatchObject({ problem: { slug: "precondition-failed" } });
    expect(await fleet.configure("web-2", {}, undefined, META)).toMatchObject({ problem: { slug: "not-found" } });
  });

  it("[AG3] configures an agent that is away; it hears of it when it connects", async () => {
    const fleet = await fleetOf("ag3-away");
    (await TestAgent.join(fleet, "web-1")).close();
    await agentUntil(fleet, "web-1", (agent) => !agent.connected);
    await fleet.configure("web-1", { collectors: ["cpu"] }, undefined, META);
    const back = await TestAgent.join(fleet, "web-1");
    expect(back.frames[0]).toMatchObject({ config: { version: 1, collectors: ["cpu"] } });
  });

  it("[AG4] computes the clock's skew at each report", async () => {
    const fleet = await fleetOf("ag4");
    const agent = await TestAgent.join(fleet, "web-1");
    agent.health({ at: NOW + 7_000 });
    await agentUntil(fleet, "web-1", (agent) => agent.clockSkewMs === 7_000);
  });

  it("[AG5] tells of an agent that stayed away, once, after the grace", async () => {
    const fleet = await fleetOf("ag5");
    (await TestAgent.join(fleet, "web-1")).close();
    (await TestAgent.join(fleet, "web-2")).close();
    await agentUntil(fleet, "web-2", (agent) => !agent.connected);
    await TestAgent.join(fleet, "web-2");
    vi.setSystemTime(NOW + AGENT_LIMITS.graceMs);
    await runDurableObjectAlarm(fleet);
    await runDurableObjectAlarm(fleet);
    expect((await eventTypes(fleet)).filter((type) => type === "meridian.agent.disconnected")).toHaveLength(1);
  });

  it("[AG5] tells of each agent after its own grace, not at the look for another", async () => {
    const fleet = await fleetOf("ag5-each");
    const told = async () => (await eventTypes(fleet)).filter((type) => type === "meridian.agent.disconnected").length;
    const [first, second] = [await TestAgent.join(fleet, "web-1"), await TestAgent.join(fleet, "web-2")];
    first.close();
    await agentUntil(fleet, "web-1", (agent) => !agent.connected);
    vi.setSystemTime(NOW + 1_000);
    second.close();
    await agentUntil(fleet, "web-2", (agent) => !agent.connected);
    for (const [after, count] of [
      [0, 1],
      [1_000, 2],
    ] as const) {
      vi.setSystemTime(NOW + AGENT_LIMITS.graceMs + after);
      await runDurableObjectAlarm(fleet);
      expect(await told()).toBe(count);
    }
  });

  it("[AG5] tells of an agent whose socket died with the process", async () => {
    const fleet = await fleetOf("ag5-restart");
    const agent = await TestAgent.join(fleet, "web-1");
    agent.close();
    await evictDurableObject(fleet);
    expect((await agentOf(fleet, "web-1")).connected).toBe(false);
    vi.setSystemTime(NOW + AGENT_LIMITS.graceMs);
    await runDurableObjectAlarm(fleet);
    expect(await eventTypes(fleet)).toContain("meridian.agent.disconnected");
  });

  it("[AG11] goes on with its sockets and their newest reports after a sleep", async () => {
    const fleet = await fleetOf("ag11");
    const agent = await TestAgent.join(fleet, "web-1");
    vi.setSystemTime(NOW + 15_000);
    agent.health({ spoolBatches: 9 });
    await agentUntil(fleet, "web-1", (agent) => agent.health.spoolBatches === 9);
    await evictDurableObject(fleet);
    expect(await agentOf(fleet, "web-1")).toMatchObject({ connected: true, health: { spoolBatches: 9 } });
    await evictDurableObject(fleet);
    agent.health({ spoolBatches: 4 });
    await agentUntil(fleet, "web-1", (agent) => agent.health.spoolBatches === 4);
    await fleet.configure("web-1", { intervalMs: 7_000 }, undefined, META);
    await agent.until(2);
    expect(agent.frames[1]).toMatchObject({ config: { intervalMs: 7_000 } });
  });

  it("[AG11] has its agents and their configurations on disk", async () => {
    const fleet = await fleetOf("ag11-disk");
    await TestAgent.join(fleet, "web-1");
    await fleet.configure("web-1", { labels: { rack: "7" } }, undefined, META);
    await evictDurableObject(fleet);
    expect((await agentOf(fleet, "web-1")).config).toMatchObject({ version: 1, labels: { rack: "7" } });
  });

  it("[AG12] closes a revoked key's sockets at once and no others", async () => {
    const fleet = await fleetOf("ag12");
    const [revoked, other] = [await TestAgent.join(fleet, "web-1", "k1"), await TestAgent.join(fleet, "web-2", "k2")];
    expect(await fleet.closeCredentials(["key:k1", "session:s1"])).toBe(1);
    expect(await revoked.closed).toEqual({ code: LIVE_CLOSE.unauthorized, reason: AGENT_CLOSE_REASONS.revoked });
    expect(await fleet.closeCredentials(["key:k1"])).toBe(0);
    other.health();
    expect((await agentOf(fleet, "web-1")).connected).toBe(false);
    expect((await agentOf(fleet, "web-2")).connected).toBe(true);
  });

  it("[AG12] accepts no socket of a key that ended a moment ago, which some isolate may still believe in", async () => {
    const fleet = await fleetOf("ag12-late");
    await fleet.closeCredentials(["key:k1"]);
    const headers = (keyId: string) => ({ headers: { upgrade: "websocket", "x-meridian-key-id": keyId } });
    expect((await fleet.fetch("https://object/connect", headers("k1"))).status).toBe(401);
    expect((await fleet.fetch("https://object/connect", headers("k2"))).status).toBe(101);
  });

  it("[AG12] finds at its next look a key that ran out", async () => {
    const fleet = await fleetOf("ag12-ended");
    const [good, bad] = [await keyOf("ag12-ended"), await keyOf("ag12-ended", new Date(NOW + WATCH_MS).toISOString())];
    const [kept, ended] = [await TestAgent.join(fleet, "web-1", good), await TestAgent.join(fleet, "web-2", bad)];
    vi.setSystemTime(NOW + WATCH_MS - 1);
    for (const agent of [kept, ended]) agent.health({ spoolBatches: 1 });
    for (const host of ["web-1", "web-2"]) await agentUntil(fleet, host, (agent) => agent.health.spoolBatches === 1);
    vi.setSystemTime(NOW + WATCH_MS);
    await runDurableObjectAlarm(fleet);
    expect(await ended.closed).toEqual({ code: LIVE_CLOSE.unauthorized, reason: AGENT_CLOSE_REASONS.revoked });
    expect((await agentOf(fleet, "web-1")).connected).toBe(true);
  });

  it("[AG7] shows a silent agent as not connected, and closes it and late hellos at its look", async () => {
    const fleet = await fleetOf("ag7");
    const silent = await TestAgent.join(fleet, "web-1");
    const late = await TestAgent.open(fleet);
    vi.setSystemTime(NOW + AGENT_LIMITS.silentMs + 1);
    expect((await agentOf(fleet, "web-1")).connected).toBe(false);
    vi.setSystemTime(NOW + WATCH_MS);
    await runDurableObjectAlarm(fleet);
    expect(await silent.closed).toEqual({ code: LIVE_CLOSE.gone, reason: AGENT_CLOSE_REASONS.silent });
    expect((await late.closed).code).toBe(LIVE_CLOSE.authLate);
  });

  it("[AG8] admits the plan's number of agents and refuses one more", async () => {
    const fleet = await fleetOf("ag8");
    for (let n = 0; n < PLANS.free.agents; n++) await TestAgent.join(fleet, `web-${n}`);
    const extra = await TestAgent.open(fleet);
    extra.hello("one-too-many");
    expect(await extra.closed).toEqual({ code: LIVE_CLOSE.denied, reason: AGENT_CLOSE_REASONS.limit });
    expect((await fleet.find("one-too-many")).ok).toBe(false);
    const known = await TestAgent.join(fleet, "web-0");
    expect(known.frames).toHaveLength(1);
  });

  it("[AG13] wakes its alarm only while a socket is open or someone's grace runs", async () => {
    const fleet = await fleetOf("ag13");
    const agent = await TestAgent.join(fleet, "web-1");
    expect(await watchOf(fleet)).toBeGreaterThan(NOW);
    agent.close();
    await agentUntil(fleet, "web-1", (agent) => !agent.connected);
    expect(await watchOf(fleet)).toBe(NOW + AGENT_LIMITS.graceMs);
    vi.setSystemTime(NOW + AGENT_LIMITS.graceMs);
    await runDurableObjectAlarm(fleet);
    expect(await watchOf(fleet)).toBeUndefined();
  });

  it("[AG14] lists agents by name, page by page, and finds versions by host", async () => {
    const fleet = await fleetOf("ag14");
    for (const host of ["c", "a", "b"]) await TestAgent.join(fleet, host);
    const first = await fleet.list({ limit: 2 });
    const second = await fleet.list({ limit: 2, cursor: (first.ok && first.value.nextCursor) || "" });
    expect([first.ok && first.value.items.map((agent) => agent.id), second.ok && second.value.items.map((agent) => agent.id)]).toEqual([
      ["a", "b"],
      ["c"],
    ]);
    expect(second.ok && second.value.nextCursor).toBeNull();
    expect(await fleet.list({ limit: 2, cursor: "nonsense" })).toMatchObject({ problem: { slug: "invalid-parameter" } });
    expect(await fleet.lookup(["a", "nobody", "__proto__"])).toEqual({ a: { agentId: "a", agentVersion: "0.1.0" } });
  });
});

/** Types of everything the fleet has emitted and nobody confirmed yet: the events go on their way for real. */
async function eventTypes(fleet: Fleet): Promise<string[]> {
  return await runInDurableObject(fleet, (_instance, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM kit_outbox ORDER BY seq")
      .toArray()
      .map((row) => (JSON.parse(row.body) as { type: string }).type),
  );
}

async function watchOf(fleet: Fleet): Promise<number | undefined> {
  return await runInDurableObject(fleet, (_instance, state) =>
    state.storage.sql
      .exec<{ dueAt: number }>("SELECT due_at AS dueAt FROM kit_timer WHERE name = 'watch'")
      .toArray()
      .map((row) => row.dueAt)
      .at(0),
  );
}
