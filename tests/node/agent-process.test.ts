import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_AGENT_CONFIG } from "../../contract/agents.ts";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import { Spool } from "../../sdk/agent/spool.ts";
import { temporaryFolder } from "../../sdk/agent/testing.ts";
import { type AgentServer, startAgentServer, textFrame } from "./agent-server.ts";

const BIN = new URL("../../sdk/agent/bin.mjs", import.meta.url).pathname;
const KEY = "mrd_tenant_key_0123456789abcdef0123456789abcdef";
/** A real process takes its time on a busy machine. */
const SLOW = 60_000;

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  stop(signal: NodeJS.Signals): Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The agent as a user starts it; killed at the end of the test if it still runs. */
function runAgent(args: readonly string[]): Running {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env.PATH ?? "" } });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (text: Buffer) => lines.push(...text.toString().trim().split("\n")));
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return { child, lines, stop, [Symbol.asyncDispose]: async () => void (await stop("SIGKILL")) };
}

const agentFor = (server: AgentServer, spool: string, ...more: string[]): Running =>
  runAgent(["--url", server.url, "--key", KEY, "--host", "test-host", "--spool", spool, "--interval", "1", ...more]);

const config = (version: number, collectors: string[]): string =>
  JSON.stringify({
    v: 1,
    type: "config",
    agentId: "test-host",
    serverTime: Date.now(),
    config: { ...DEFAULT_AGENT_CONFIG, version, intervalMs: 1_000, collectors },
  });

describe.concurrent("the agent as a process", () => {
  it(
    "[AG76] sends this machine's figures, says hello with its key, takes configuration live, and stops on SIGTERM",
    async () => {
      using folder = temporaryFolder();
      await using server = await startAgentServer();
      await using agent = agentFor(server, folder.path, "--label", "rack=7");
      await server.until(() => server.batches.length >= 2 && server.frames.length > 0);
      const metrics = new Set(server.batches.flatMap(({ samples }) => samples.map(({ metric }) => metric)));
      for (const metric of [
        HOST_METRICS.cpu,
        HOST_METRICS.memoryUsed,
        HOST_METRICS.networkReceiveTotal,
        HOST_METRICS.processes,
        HOST_METRICS.uptime,
      ]) {
        expect(metrics).toContain(metric);
      }
      const labels = server.batches.flatMap(({ samples }) => samples.map((sample) => sample.labels));
      expect(labels.every((one) => one?.host === "test-host" && one.rack === "7")).toBe(true);
      expect(server.authorizations).toEqual(new Set([`Bearer ${KEY}`]));
      expect(server.frames[0]?.type).toBe("hello");

      server.say(config(9, ["uptime"]));
      await server.until(() => server.frames.some(({ health }) => health?.configVersion === 9));
      const before = server.batches.length;
      await server.until(() => server.batches.length >= before + 3);
      expect(server.batches.at(-1)?.samples.map(({ metric }) => metric)).toEqual([HOST_METRICS.uptime]);

      expect(await agent.stop("SIGTERM")).toBe(0);
      expect(existsSync(join(folder.path, "agent.lock"))).toBe(false);
      expect(agent.lines.at(-1)).toContain("stopped by SIGTERM");
      expect(agent.lines.join("\n")).not.toContain(KEY);
    },
    SLOW,
  );

  it(
    "[AG69] exits within 5 s of SIGTERM before a server that never answers, with the batch kept",
    async () => {
      using folder = temporaryFolder();
      await using server = await startAgentServer();
      server.mood = "hangs";
      await using agent = agentFor(server, folder.path);
      await server.until(() => server.frames.some(({ type }) => type === "hanging ingest"));
      const limit = AbortSignal.timeout(5_000);
      expect(await agent.stop("SIGTERM")).toBe(0);
      expect(limit.aborted).toBe(false);
      expect(new Spool({ folder: folder.path, maxBytes: 1 << 20 }).batches).toBeGreaterThan(0);
    },
    SLOW,
  );

  it(
    "[AG61] killed at any moment while the server is away, it loses nothing that was spooled, and the next run sends it in order",
    async () => {
      using folder = temporaryFolder();
      await using server = await startAgentServer();
      server.mood = { status: 503 };
      await using killed = agentFor(server, folder.path);
      await server.until(() => server.frames.some(({ type }) => type === "hello"));
      // Its own report says when batches are on disk.
      for (let version = 1; (server.frames.at(-1)?.health?.spoolBatches ?? 0) < 3; version++) {
        server.say(config(version, ["uptime", "load"]));
        await server.until(() => server.frames.some(({ health }) => health?.configVersion === version));
        await new Promise<void>((next) => setTimeout(next, 200));
      }
      const spooled = server.frames.at(-1)?.health?.spoolBatches ?? 0;
      await killed.stop("SIGKILL");

      server.mood = "stores";
      await using next = agentFor(server, folder.path);
      await server.until(() => server.batches.length >= spooled + 2);
      const ids = server.batches.map(({ batchId }) => batchId);
      expect(new Set(ids).size).toBe(ids.length);
      const stamps = server.batches.map(({ samples }) => samples[0]?.timestamp ?? 0);
      expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
      expect(next.lines.join("\n")).toContain("wait in the spool");
    },
    SLOW,
  );

  it(
    "[AG73] a hostile server takes nothing from it: figures go on, whatever comes over the control socket",
    async () => {
      using folder = temporaryFolder();
      await using server = await startAgentServer();
      await using agent = agentFor(server, folder.path);
      const hostile = [
        Buffer.from([0xff, 0xff, 0xff, 0xff]), // reserved bits and an unknown opcode
        Buffer.from([0x81, 0x02, 0xc3, 0x28]), // text that is no UTF-8
        Buffer.from([0x81, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), // eight exabytes announced
        Buffer.from([0x88, 0x01, 0x00]), // a close frame of one byte
        textFrame("x".repeat(1 << 20)),
        Buffer.concat(Array.from({ length: 500 }, (_, i) => textFrame(config(i + 1, ["uptime"])))),
      ];
      let hellos = 0;
      for (const bytes of hostile.slice(0, 2)) {
        hellos++;
        await server.until(() => server.frames.filter(({ type }) => type === "hello").length >= hellos);
        server.raw(bytes);
      }
      await server.until(() => server.frames.filter(({ type }) => type === "hello").length > hellos);
      for (const bytes of hostile.slice(2)) server.raw(bytes);
      const before = server.batches.length;
      await server.until(() => server.batches.length >= before + 2);
      expect(agent.child.exitCode).toBeNull();
    },
    SLOW,
  );

  it(
    "[AG74] a second agent in the same folder says so and leaves",
    async () => {
      using folder = temporaryFolder();
      await using server = await startAgentServer();
      await using first = agentFor(server, folder.path);
      await server.until(() => server.batches.length > 0);
      await using second = agentFor(server, folder.path);
      await once(second.child, "exit");
      expect(second.child.exitCode).toBe(3);
      expect(second.lines.join("\n")).toContain(`process ${first.child.pid} already uses ${folder.path}`);
    },
    SLOW,
  );

  it(
    "[AG57] a wrong flag is one line on stderr and exit code 2",
    async () => {
      await using agent = runAgent(["--url", "nonsense"]);
      await once(agent.child, "exit");
      expect(agent.child.exitCode).toBe(2);
      expect(agent.lines).toEqual(["meridian-agent: --url must be an http or https address (--help lists the flags)"]);
    },
    SLOW,
  );
});
