import { describe, expect, it } from "vitest";
import { AGENT_LIMITS, agentPatchSchema, agentUpFrameSchema, type AgentHealth, DEFAULT_AGENT_CONFIG } from "../../contract/agents.ts";
import { admitAgent, type AgentRecord, agentView, configureAgent, joinFleet, leaveFleet, readReport, shouldStore } from "./fleet.ts";

const NOW = 1_795_000_000_000;

describe("an agent in its fleet", () => {
  it("[AG1] registers with its first hello and keeps its configuration over all later ones, whatever the key", () => {
    const first = joinFleet(undefined, hello("web-1"), "k1", NOW);
    expect(first.events.map((event) => event.type)).toEqual(["meridian.agent.registered", "meridian.agent.connected"]);
    expect(first.record).toMatchObject({ host: "web-1", keyId: "k1", firstSeenAt: NOW, config: DEFAULT_AGENT_CONFIG });
    const configured = configureAgent(first.record, { intervalMs: 9_000 }, undefined, "user:1");
    const record = configured.ok ? configured.value.record : first.record;
    const again = joinFleet(leaveFleet(record).record, hello("web-1"), "k2", NOW + 5);
    expect(again.events.map((event) => event.type)).toEqual(["meridian.agent.connected"]);
    expect(again.record).toMatchObject({ keyId: "k2", firstSeenAt: NOW, config: { version: 1, intervalMs: 9_000 } });
  });

  it("[AG5] that comes back within the grace is told of by no event", () => {
    const { record } = joinFleet(undefined, hello("web-1"), "k1", NOW);
    expect(joinFleet(record, hello("web-1"), "k1", NOW + 1).events).toEqual([]);
    expect(leaveFleet(record).events).toMatchObject([{ type: "meridian.agent.disconnected", subject: "agent/web-1" }]);
  });

  it("[AG4] has the skew of its clock to the server's", () => {
    expect(readReport(health({ at: NOW + 2_500, configVersion: 3 }), NOW)).toMatchObject({ clockSkewMs: 2_500, appliedConfigVersion: 3 });
    expect(readReport(health({ at: NOW - 90_000 }), NOW).clockSkewMs).toBe(-90_000);
  });

  it("[AG6] costs twelve rows an hour in peace and at most sixty whatever it reports", () => {
    expect(rowsPerHour(() => ({}))).toBe(12);
    const restless = rowsPerHour((n) => ({ configVersion: n, problems: [`problem ${n}`] }));
    expect(restless).toBeLessThanOrEqual(60);
    expect(restless).toBeGreaterThan(50);
  });

  it("[AG6] is written again after the server's clock was set back", () => {
    const stored = readReport(health({}), NOW);
    expect(shouldStore(stored, readReport(health({}), NOW - 3_600_000))).toBe(true);
  });

  it("[AG3] is configured under a new version only when something changes", () => {
    const { record } = joinFleet(undefined, hello("web-1"), "k1", NOW);
    const same = configureAgent(record, { intervalMs: 5_000, collectors: [...DEFAULT_AGENT_CONFIG.collectors].reverse() }, 0, "user:1");
    expect(same.ok && same.value).toEqual({ record, events: [] });
    const changed = configureAgent(record, { labels: { rack: "7" } }, 0, "user:1");
    expect(changed.ok && changed.value.record.config).toMatchObject({ version: 1, intervalMs: 5_000, labels: { rack: "7" } });
    expect(changed.ok && changed.value.events[0]).toMatchObject({ type: "meridian.agent.configured", data: { actor: "user:1" } });
  });

  it("[AG3] refuses a change that expects another version", () => {
    const { record } = joinFleet(undefined, hello("web-1"), "k1", NOW);
    expect(configureAgent(record, { intervalMs: 6_000 }, 1, "user:1")).toMatchObject({
      ok: false,
      problem: { slug: "precondition-failed" },
    });
    const changed = configureAgent(record, { intervalMs: 6_000 }, 0, "user:1");
    const meanwhile = changed.ok ? changed.value.record : expect.fail("version 0 is the current one");
    expect(configureAgent(meanwhile, { intervalMs: 7_000 }, 0, "user:2")).toMatchObject({
      ok: false,
      problem: { slug: "precondition-failed" },
    });
  });

  it("[AG7] is shown as connected while a socket is open and it was not silent for a minute", () => {
    const { record } = joinFleet(undefined, hello("web-1"), "k1", NOW);
    expect(agentView(record, true, NOW + AGENT_LIMITS.silentMs).connected).toBe(true);
    expect(agentView(record, true, NOW + AGENT_LIMITS.silentMs + 1).connected).toBe(false);
    expect(agentView(record, false, NOW).connected).toBe(false);
  });
});

describe("the number of agents", () => {
  it("[AG8] is the plan's: at the limit no further host registers, and one that was away for a day makes room", () => {
    const records = fleet(3, (n) => NOW - n);
    expect(admitAgent(records.slice(1), 3, NOW).admitted).toBe(true);
    expect(admitAgent(records, 3, NOW).admitted).toBe(false);
    expect(
      admitAgent(
        fleet(3, () => NOW - AGENT_LIMITS.countedMs),
        3,
        NOW,
      ).admitted,
    ).toBe(true);
  });

  it("[AG8] counts a connected agent however long it is silent", () => {
    const [quiet] = fleet(1, () => 0);
    expect(quiet && admitAgent([{ ...quiet, present: true }], 1, NOW).admitted).toBe(false);
  });

  it("[AG9] stays bounded: those away for 30 days are forgotten, then the longest absent beyond four times the limit", () => {
    const old = fleet(2, (n) => NOW - AGENT_LIMITS.forgottenMs + n);
    expect(admitAgent(old, 5, NOW).forgotten).toEqual(["host-0"]);
    const many = fleet(8, (n) => NOW - AGENT_LIMITS.countedMs - n);
    expect(admitAgent(many, 2, NOW).forgotten).toEqual(["host-7"]);
    expect(admitAgent(many.slice(0, 7), 2, NOW).forgotten).toEqual([]);
  });
});

describe("frames and patches at their limits", () => {
  it("[AG10] a host name has up to 253 characters, none of them a control character", () => {
    const frame = (host: string) => agentUpFrameSchema.safeParse({ ...hello("x"), host }).success;
    expect([frame("h".repeat(253)), frame("h".repeat(254)), frame(""), frame("a\u0000b"), frame("a\ud800")]).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("[AG10] a configuration has an interval of 1 s to 5 min, ten labels, and none of the agent's own", () => {
    const ok = (patch: unknown) => agentPatchSchema.safeParse(patch).success;
    const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`label_${n}`, "x"]));
    expect([ok({ intervalMs: 1_000 }), ok({ intervalMs: 999 }), ok({ intervalMs: 300_000 }), ok({ intervalMs: 300_001 })]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([ok({ labels: labels(10) }), ok({ labels: labels(11) })]).toEqual([true, false]);
    expect([ok({ labels: { host: "x" } }), ok({ labels: { __name__: "x" } }), ok({ labels: { "a b": "x" } })]).toEqual([
      false,
      false,
      false,
    ]);
    expect([ok({ collectors: ["cpu"] }), ok({ collectors: ["coffee"] }), ok({ secret: 1 })]).toEqual([true, false, false]);
  });
});

function hello(host: string) {
  return { v: 1 as const, type: "hello" as const, host, agentVersion: "0.1.0", platform: "linux x64", health: health({}) };
}

function health(more: Partial<AgentHealth>): AgentHealth {
  return { at: NOW, configVersion: 0, spoolBatches: 0, spoolBytes: 0, droppedBatches: 0, problems: [], ...more };
}

function fleet(count: number, seenAt: (n: number) => number): AgentRecord[] {
  return Array.from({ length: count }, (_, n) => {
    const { record } = joinFleet(undefined, hello(`host-${n}`), "k1", seenAt(n));
    return { ...record, present: false };
  });
}

/** An hour of reports each 15 s. */
function rowsPerHour(report: (n: number) => Partial<AgentHealth>): number {
  let stored = readReport(health(report(0)), NOW);
  let rows = 0;
  for (let n = 1; n <= 240; n++) {
    const next = readReport(health(report(n)), NOW + n * AGENT_LIMITS.healthEveryMs);
    if (!shouldStore(stored, next)) continue;
    stored = next;
    rows++;
  }
  return rows;
}
