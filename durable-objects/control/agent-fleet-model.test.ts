import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AGENT_LIMITS } from "../../contract/agents.ts";
import { agentUntil, type Fleet, fleetOf, META, TestAgent } from "./agent-fleet-testing.ts";

/** Far ahead: no deadline of this test fires. */
const START = Date.parse("2036-05-01T10:00:00.000Z");
/** Slower than any rate, so that no step is refused for it. */
const STEP_MS = 11_000;
const HOSTS = ["a", "b", "c"] as const;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

type Step =
  | { readonly type: "join"; readonly host: string; readonly key: string }
  | { readonly type: "report"; readonly host: string }
  | { readonly type: "configure"; readonly host: string; readonly intervalMs: number }
  | { readonly type: "close"; readonly host: string }
  | { readonly type: "revoke"; readonly key: string }
  | { readonly type: "sleep" };

const host = fc.constantFrom(...HOSTS);
const key = fc.constantFrom("k1", "k2");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("join"), host, key }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("report"), host }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("configure"), host, intervalMs: fc.constantFrom(1_000, 2_000, 3_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("close"), host }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("revoke"), key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("sleep") }) },
) as fc.Arbitrary<Step>; // the constants widen to string

interface Known {
  key: string;
  version: number;
  intervalMs: number;
  spool: number;
  seenAt: number;
  socket: TestAgent | undefined;
}

describe("any sequence of what can happen to a fleet", () => {
  it("[AG23] leaves the agents as a plain map has them, with sleeps between the steps", { timeout: 60_000 }, async () => {
    let run = 0;
    let sleeps = 0;
    let live = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 30 }), async (steps) => {
        const fleet = await fleetOf(`ag23-${run++}`);
        const model = new Map<string, Known>();
        vi.setSystemTime(START);
        for (const [n, one] of steps.entries()) {
          const now = START + n * STEP_MS;
          vi.setSystemTime(now);
          if (one.type === "sleep") sleeps++;
          await take(fleet, model, one, now, n);
          await compare(fleet, model, now);
          live += [...model.values()].filter((known) => known.socket).length;
        }
      }),
      { seed: 20261120, numRuns: 8 },
    );
    expect(sleeps).toBeGreaterThan(12);
    expect(live).toBeGreaterThan(30);
  });
});

async function take(fleet: Fleet, model: Map<string, Known>, one: Step, now: number, n: number): Promise<void> {
  switch (one.type) {
    case "join": {
      const before = model.get(one.host);
      const socket = await TestAgent.join(fleet, one.host, one.key);
      const { version = 0, intervalMs = 5_000 } = before ?? {};
      expect(socket.frames[0]).toMatchObject({ config: { version, intervalMs } });
      model.set(one.host, { key: one.key, version, intervalMs, spool: 0, seenAt: now, socket });
      return;
    }
    case "report": {
      const known = model.get(one.host);
      if (!known?.socket) return;
      known.socket.health({ spoolBatches: n });
      await agentUntil(fleet, one.host, (agent) => agent.health.spoolBatches === n);
      Object.assign(known, { spool: n, seenAt: now });
      return;
    }
    case "configure": {
      const known = model.get(one.host);
      const outcome = await fleet.configure(one.host, { intervalMs: one.intervalMs }, known?.version, META);
      expect(outcome.ok).toBe(known !== undefined);
      if (!known || known.intervalMs === one.intervalMs) return;
      Object.assign(known, { intervalMs: one.intervalMs, version: known.version + 1 });
      await known.socket?.until(2);
      expect(known.socket?.frames.at(-1) ?? { config: known }).toMatchObject({ config: { intervalMs: one.intervalMs } });
      return;
    }
    case "close": {
      const known = model.get(one.host);
      if (!known?.socket) return;
      known.socket.close();
      await agentUntil(fleet, one.host, (agent) => !agent.connected);
      known.socket = undefined;
      return;
    }
    case "revoke": {
      const hit = [...model.values()].filter((known) => known.socket && known.key === one.key);
      expect(await fleet.closeCredentials([`key:${one.key}`])).toBe(hit.length);
      for (const known of hit) known.socket = undefined;
      return;
    }
    case "sleep":
      await fleet.outboxStatus(); // only what is awake can be put to sleep
      await evictDurableObject(fleet);
  }
}

async function compare(fleet: Fleet, model: ReadonlyMap<string, Known>, now: number): Promise<void> {
  const listed = await fleet.list({ limit: 10 });
  const wanted = [...model]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, known]) => ({
      id,
      connected: known.socket !== undefined && now - known.seenAt <= AGENT_LIMITS.silentMs,
      keyId: known.key,
      version: known.version,
      intervalMs: known.intervalMs,
      spool: known.spool,
      lastSeenAt: new Date(known.seenAt).toISOString(),
    }));
  const found = listed.ok
    ? listed.value.items.map(({ id, connected, keyId, config, health, lastSeenAt }) => ({
        id,
        connected,
        keyId,
        version: config.version,
        intervalMs: config.intervalMs,
        spool: health.spoolBatches,
        lastSeenAt,
      }))
    : listed.problem;
  expect(found).toEqual(wanted);
}
