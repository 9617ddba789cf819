import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AGENT_CLOSE_REASONS, AGENT_LIMITS } from "../../contract/agents.ts";
import { LIVE_CLOSE } from "../../contract/live-codes.ts";
import { WATCH_MS } from "./agent-fleet-desk.ts";
import { agentOf, agentUntil, type Fleet, fleetOf, healthOf, keyOf, TestAgent } from "./agent-fleet-testing.ts";

/** Far ahead: deadlines of these tests fire by hand only, and rates do not refill. */
const NOW = Date.parse("2036-05-01T10:00:00.000Z");

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

describe("a hostile agent", () => {
  it.each([
    ["no JSON", "{", LIVE_CLOSE.frame],
    ["another type", { v: 1, type: "takeover" }, LIVE_CLOSE.frame],
    ["another version", { v: 2, type: "health", health: healthOf() }, LIVE_CLOSE.frame],
    ["a second hello", { v: 1, type: "hello", host: "x", agentVersion: "1", platform: "p", health: healthOf() }, LIVE_CLOSE.frame],
    ["numbers as text", { v: 1, type: "health", health: { ...healthOf(), spoolBytes: "7" } }, LIVE_CLOSE.frame],
    ["binary", new ArrayBuffer(8), LIVE_CLOSE.frame],
    ["one byte too much", "x".repeat(AGENT_LIMITS.frameBytes + 1), LIVE_CLOSE.size],
    ["too many bytes in few characters", "ü".repeat(AGENT_LIMITS.frameBytes / 2 + 1), LIVE_CLOSE.size],
    ["binary of one byte too much", new ArrayBuffer(AGENT_LIMITS.frameBytes + 1), LIVE_CLOSE.size],
  ])("[AG15] that sends %s loses its own socket only", async (what, frame, code) => {
    const fleet = await fleetOf(`ag15-${what.replaceAll(" ", "-").toLowerCase()}`);
    const [hostile, peaceful] = [await TestAgent.join(fleet, "bad"), await TestAgent.join(fleet, "good")];
    hostile.send(frame);
    expect((await hostile.closed).code).toBe(code);
    expect(hostile.frames.at(-1)).toMatchObject({ type: "error", code: String(code) });
    peaceful.health({ spoolBatches: 2 });
    expect((await agentUntil(fleet, "good", (agent) => agent.health.spoolBatches === 2)).connected).toBe(true);
    expect((await agentOf(fleet, "bad")).connected).toBe(false);
  });

  it("[AG15] that sends a frame of exactly the limit is no hostile one", async () => {
    const fleet = await fleetOf("ag15-limit");
    const agent = await TestAgent.join(fleet, "web-1");
    const frame = JSON.stringify({ v: 1, type: "health", health: healthOf({ spoolBatches: 5 }) });
    agent.send(frame.padEnd(AGENT_LIMITS.frameBytes, " "));
    expect((await agentUntil(fleet, "web-1", (one) => one.health.spoolBatches === 5)).connected).toBe(true);
  });

  it("[AG15] that reports health before its hello is closed", async () => {
    const fleet = await fleetOf("ag15-first");
    const agent = await TestAgent.open(fleet);
    agent.health();
    expect((await agent.closed).code).toBe(LIVE_CLOSE.frame);
  });

  it("[AG16] may send its burst of frames and not one more, also across a sleep", async () => {
    const fleet = await fleetOf("ag16");
    const agent = await TestAgent.join(fleet, "web-1");
    const { burst } = AGENT_LIMITS.frames;
    for (let n = 2; n <= burst; n++) agent.health({ spoolBatches: n });
    expect((await agentUntil(fleet, "web-1", (one) => one.health.spoolBatches === burst)).connected).toBe(true);
    await evictDurableObject(fleet);
    agent.health();
    expect((await agent.closed).code).toBe(LIVE_CLOSE.rate);
  });

  it("[AG16] that connects again and again under one name is slowed down", async () => {
    const fleet = await fleetOf("ag16-connects");
    for (let n = 0; n < AGENT_LIMITS.connects.burst; n++) await TestAgent.join(fleet, "web-1");
    const extra = await TestAgent.open(fleet);
    extra.hello("web-1");
    expect((await extra.closed).code).toBe(LIVE_CLOSE.rate);
    expect((await TestAgent.join(fleet, "web-2")).frames).toHaveLength(1);
  });

  it("[AG17] finds no room among too many sockets that never said hello", async () => {
    const fleet = await fleetOf("ag17");
    for (let n = 0; n < AGENT_LIMITS.strangers; n++) await TestAgent.open(fleet);
    const headers = { upgrade: "websocket", "x-meridian-key-id": "k1" };
    expect((await fleet.fetch("https://object/connect", { headers })).status).toBe(503);
  });

  it("[AG17] is refused without an upgrade or without the edge's word for its key", async () => {
    const fleet = await fleetOf("ag17-plain");
    expect((await fleet.fetch("https://object/connect", { headers: { "x-meridian-key-id": "k1" } })).status).toBe(426);
    expect((await fleet.fetch("https://object/connect", { headers: { upgrade: "websocket" } })).status).toBe(426);
  });

  it("[AG18] of a tenant that does not exist is told to come again, and no agent comes of it", async () => {
    const orphan = env.AGENTS.getByName("ag18-nobody/agents/main");
    const agent = await TestAgent.open(orphan);
    agent.hello("web-1");
    expect(await agent.closed).toEqual({ code: LIVE_CLOSE.restart, reason: AGENT_CLOSE_REASONS.retry });
    expect((await orphan.find("web-1")).ok).toBe(false);
  });
});

describe("the bill of a fleet", () => {
  it("[AG6] is 12 rows for an agent's peaceful hour and 36 for the fleet's own looks, alarms counted", async () => {
    const fleet = await fleetOf("ag6");
    const agent = await TestAgent.join(fleet, "web-1", await keyOf("ag6"));
    await settled(fleet);
    const before = await rowsWritten(fleet);
    let looks = 0;
    for (let at = NOW + AGENT_LIMITS.healthEveryMs; at <= NOW + 3_600_000; at += AGENT_LIMITS.healthEveryMs) {
      vi.setSystemTime(at);
      agent.health({ spoolBatches: at - NOW });
      await agentUntil(fleet, "web-1", (one) => one.health.spoolBatches === at - NOW);
      if ((at - NOW) % WATCH_MS === 0 && (await runDurableObjectAlarm(fleet))) looks++;
    }
    expect(looks).toBe(12);
    // Of the agent 12; of each look the deadline's row and the alarm, which is set aside and set anew.
    expect((await rowsWritten(fleet)) - before).toBe(12 + 3 * looks);
  });

  it("[AG6] is nothing for an agent that is replaced by itself, and one row for what it said since the last", async () => {
    const fleet = await fleetOf("ag6-again");
    await TestAgent.join(fleet, "web-1");
    await settled(fleet);
    const before = await rowsWritten(fleet);
    await TestAgent.join(fleet, "web-1");
    const agent = await TestAgent.join(fleet, "web-1");
    expect(await rowsWritten(fleet)).toBe(before);
    vi.setSystemTime(NOW + 1_000);
    agent.health({ spoolBatches: 1 });
    await agentUntil(fleet, "web-1", (one) => one.health.spoolBatches === 1);
    expect(await rowsWritten(fleet)).toBe(before);
    agent.close();
    await agentUntil(fleet, "web-1", (one) => !one.connected);
    await TestAgent.join(fleet, "web-1");
    // The report, the deadline of the grace, and its alarm.
    expect(await rowsWritten(fleet)).toBeLessThanOrEqual(before + 1 + 3);
  });
});

/** Waits until the consumer has confirmed the events, whose rows are then gone. */
async function settled(fleet: Fleet): Promise<void> {
  for (let asked = 0; asked < 20_000; asked++) if ((await fleet.outboxStatus()).depth === 0) return;
  throw new Error("the outbox did not empty");
}

/** Rows of this object's database changed so far, its alarm's among them; no table has a further index, so this is what is billed. */
async function rowsWritten(fleet: Fleet): Promise<number> {
  return await runInDurableObject(
    fleet,
    (_instance, state) => state.storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n,
  );
}
