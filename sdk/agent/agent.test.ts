import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type AgentConfig, agentHealthSchema, DEFAULT_AGENT_CONFIG } from "../../contract/agents.ts";
import { ingestBodySchema, type Sample } from "../../contract/metrics.ts";
import { Agent, type AgentDeps } from "./agent.ts";
import type { Collector, CollectorName } from "./collector.ts";
import { fileConfigStore } from "./config-store.ts";
import type { Socket } from "./control-socket.ts";
import type { PostOutcome } from "./post.ts";
import { Spool } from "./spool.ts";
import { memoryLog, temporaryFolder, VirtualTime } from "./testing.ts";

function collector(name: CollectorName, read: Collector["read"] = async () => [{ metric: `m_${name}`, value: 1 }]): Collector {
  return { name, everyMs: 0, limitMs: 3_000, read };
}

function agentIn(folder: string, more: Partial<AgentDeps> = {}, time = new VirtualTime()) {
  const log = memoryLog();
  const batches: { batchId: string; samples: Sample[]; atMs: number }[] = [];
  const server = { outcome: { kind: "accepted", rejected: undefined } as PostOutcome };
  const socket = { onopen: null, onmessage: null, onclose: null, onerror: null, send: () => undefined, close: () => undefined } as Socket;
  const agent = new Agent({
    host: "h",
    agentVersion: "1.0.0",
    platform: "test",
    intervalMs: 5_000,
    labels: { from: "flags" },
    collectors: [collector("cpu"), collector("disk")],
    spool: new Spool({ folder, maxBytes: 1 << 20 }),
    post: async ({ body }) => {
      const { batchId = "", samples } = ingestBodySchema.parse(JSON.parse(gunzipSync(body).toString()));
      if (server.outcome.kind === "accepted") batches.push({ batchId, samples, atMs: time.monoMs() });
      return server.outcome;
    },
    openSocket: () => socket,
    configStore: fileConfigStore(folder),
    clock: time,
    timers: time,
    random: () => 0.5,
    log,
    ...more,
  });
  const push = (config: Partial<AgentConfig>): void =>
    socket.onmessage?.({
      data: JSON.stringify({ v: 1, type: "config", agentId: "h", config: { ...DEFAULT_AGENT_CONFIG, ...config }, serverTime: 1 }),
    });
  return { agent, time, log, batches, server, push };
}

const metrics = (batch: { samples: Sample[] } | undefined): string[] => (batch?.samples ?? []).map(({ metric }) => metric).sort();

describe("Agent", () => {
  it("[AG50] sends the first round a second after its start, then one each interval at the host's phase", async () => {
    using folder = temporaryFolder();
    const { agent, time, batches } = agentIn(folder.path);
    agent.start();
    await time.advance(31_000);
    expect(batches[0]?.atMs).toBe(1_000);
    const gaps = batches.slice(1).map(({ atMs }, i) => atMs - (batches[i]?.atMs ?? 0));
    expect(gaps.slice(1)).toEqual(gaps.slice(1).map(() => 5_000));
    // The first one is off the phase: the second comes so soon that no step of a chart stays empty.
    expect(gaps[0]).toBeLessThanOrEqual(5_000);
    expect(batches.length).toBeGreaterThanOrEqual(6);
    expect(batches[0]?.samples[0]).toEqual({
      metric: "m_cpu",
      labels: { from: "flags", host: "h" },
      timestamp: time.wallMs() - 30_000,
      value: 1,
    });
  });

  it("[AG50] a wall clock that jumps neither stops the rounds nor makes them race", async () => {
    using folder = temporaryFolder();
    const { agent, time, batches } = agentIn(folder.path);
    agent.start();
    await time.advance(20_000);
    for (const jump of [-3_600_000, 7_201_234, -1]) {
      time.jumpWall(jump);
      const before = batches.length;
      await time.advance(30_000);
      expect(batches.length - before).toBeGreaterThanOrEqual(5);
      expect(batches.length - before).toBeLessThanOrEqual(7);
    }
  });

  it("[AG71] applies interval, collectors and labels live, ends what it no longer collects, and says so in health and log", async () => {
    using folder = temporaryFolder();
    const { agent, time, batches, push, log } = agentIn(folder.path);
    agent.start();
    await time.advance(11_000);
    push({ version: 4, intervalMs: 60_000, collectors: ["disk"], labels: { rack: "7" } });
    await time.advance(120_000);
    const after = batches.filter(({ atMs }) => atMs > 11_000);
    expect(after).toHaveLength(2);
    const values = after[0]?.samples.map(({ metric, labels, value }) => [metric, labels?.rack, value]);
    expect(values).toEqual([
      ["m_cpu", undefined, null],
      ["m_disk", "7", 1],
      ["m_disk", undefined, null],
    ]);
    expect(metrics(after[1])).toEqual(["m_disk"]);
    expect(agent.health().configVersion).toBe(4);
    expect(agentHealthSchema.safeParse(agent.health()).success).toBe(true);
    expect(log.lines).toContain("configuration 4 applied: every 60 s, disk");
  });

  it("[AG71] keeps its configuration over a restart without a server; flags hold until somebody configures", async () => {
    using folder = temporaryFolder();
    const first = agentIn(folder.path);
    first.agent.start();
    first.push({ version: 0, intervalMs: 30_000 });
    await first.time.advance(20_000);
    expect(first.batches.length).toBeGreaterThan(2);
    first.push({ version: 2, collectors: ["cpu"] });
    await first.agent.stop();
    const second = agentIn(folder.path);
    second.agent.start();
    await second.time.advance(2_000);
    expect(metrics(second.batches[0])).toEqual(["m_cpu"]);
    expect(second.agent.health().configVersion).toBe(2);
  });

  it("[AG51] a collector that hangs for ever takes nothing from the others, round after round", async () => {
    using folder = temporaryFolder();
    const hang = collector("disk", async () => await new Promise(() => undefined));
    const { agent, time, batches } = agentIn(folder.path, { collectors: [collector("cpu"), hang] });
    agent.start();
    await time.advance(60_000);
    expect(batches.length).toBeGreaterThanOrEqual(11);
    expect(new Set(batches.flatMap(metrics))).toEqual(new Set(["m_cpu"]));
    expect(agent.health().problems[0]).toMatch(/^collector disk: has not answered for \d+ s$/);
  });

  it("[AG64] spools two minutes without a server and leaves no hole, also over a restart", async () => {
    using folder = temporaryFolder();
    const time = new VirtualTime();
    const first = agentIn(folder.path, {}, time);
    first.agent.start();
    await time.advance(10_000);
    first.server.outcome = { kind: "away", reason: "gone", retryAfterMs: undefined };
    await time.advance(60_000);
    await first.agent.stop();
    expect(first.agent.health().spoolBatches).toBeGreaterThanOrEqual(11);
    const second = agentIn(folder.path, {}, time);
    second.agent.start();
    await time.advance(60_000);
    const stamps = [...first.batches, ...second.batches].map(({ samples }) => samples[0]?.timestamp ?? 0);
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    const gaps = stamps.slice(1).map((at, i) => at - (stamps[i] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(7_500);
    expect(new Set([...first.batches, ...second.batches].map(({ batchId }) => batchId)).size).toBe(stamps.length);
    expect(second.agent.health().spoolBatches).toBe(0);
  });

  it("[AG69] after a stop no round begins and the socket stays closed", async () => {
    using folder = temporaryFolder();
    const { agent, time, batches } = agentIn(folder.path);
    agent.start();
    await time.advance(6_000);
    const before = batches.length;
    await agent.stop();
    await time.advance(60_000);
    expect(batches).toHaveLength(before);
    expect(time.nextInMs).toBeUndefined();
  });
});
