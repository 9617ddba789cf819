import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AGENT_LIMITS, type AgentConfig, agentUpFrameSchema, DEFAULT_AGENT_CONFIG } from "../../contract/agents.ts";
import { LIVE_PING, LIVE_PONG } from "../../contract/live-codes.ts";
import { ControlSocket, type Socket } from "./control-socket.ts";
import { Problems } from "./problems.ts";
import { memoryLog, VirtualTime } from "./testing.ts";

class FakeSocket implements Socket {
  readonly sent: string[] = [];
  closedWith: number | undefined;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  send(text: string): void {
    this.sent.push(text);
  }
  close(code?: number): void {
    this.closedWith = code;
  }
  get frames(): unknown[] {
    return this.sent.filter((text) => text !== LIVE_PING).map((text) => agentUpFrameSchema.parse(JSON.parse(text)));
  }
}

const config = (version: number, more: Partial<AgentConfig> = {}): string =>
  JSON.stringify({ v: 1, type: "config", agentId: "h", config: { ...DEFAULT_AGENT_CONFIG, version, ...more }, serverTime: 1 });

function controlWith(random = 0.5) {
  const time = new VirtualTime();
  const log = memoryLog();
  const problems = new Problems(log);
  const sockets: FakeSocket[] = [];
  const applied: AgentConfig[] = [];
  let connected = 0;
  let refuse: Error | undefined;
  const control = new ControlSocket({
    open: () => {
      if (refuse) throw refuse;
      sockets.push(new FakeSocket());
      return sockets.at(-1) as FakeSocket; // just pushed
    },
    clock: time,
    timers: time,
    random: () => random,
    problems,
    hello: { host: "h", agentVersion: "1.0.0", platform: "Linux" },
    health: () => ({
      at: Math.round(time.wallMs()),
      configVersion: applied.at(-1)?.version ?? 0,
      spoolBatches: 2,
      spoolBytes: 300,
      droppedBatches: 0,
      problems: [],
    }),
    apply: (one) => applied.push(one),
    connected: () => connected++,
  });
  const last = (): FakeSocket => sockets.at(-1) as FakeSocket;
  const say = (text: unknown): void => last().onmessage?.({ data: text });
  return {
    control,
    time,
    log,
    problems,
    sockets,
    applied,
    last,
    say,
    connects: () => connected,
    failOpening: (error: Error) => (refuse = error),
  };
}

describe("ControlSocket", () => {
  it("[AG70] says hello first, then reports health every 15 s with version, spool and applied configuration", async () => {
    const { control, last, say, time } = controlWith();
    control.start();
    last().onopen?.();
    expect(last().frames).toMatchObject([
      { type: "hello", host: "h", agentVersion: "1.0.0", health: { configVersion: 0, spoolBatches: 2 } },
    ]);
    say(config(3));
    await time.advance(AGENT_LIMITS.healthEveryMs);
    say(LIVE_PONG);
    await time.advance(AGENT_LIMITS.healthEveryMs);
    expect(last().frames.slice(1)).toMatchObject(Array.from({ length: 3 }, () => ({ type: "health", health: { configVersion: 3 } })));
  });

  it("[AG71] applies a pushed configuration at once and reports that it did", () => {
    const { control, last, say, applied, connects } = controlWith();
    control.start();
    last().onopen?.();
    say(config(1, { intervalMs: 10_000, collectors: ["cpu"], labels: { rack: "7" } }));
    say(config(2));
    expect(applied.map(({ version }) => version)).toEqual([1, 2]);
    expect(applied[0]).toMatchObject({ intervalMs: 10_000, collectors: ["cpu"], labels: { rack: "7" } });
    expect(last().frames.at(-1)).toMatchObject({ type: "health", health: { configVersion: 2 } });
    expect(connects()).toBe(1);
  });

  it("[AG72] comes back with full jitter under a bound that doubles to a minute, and tells it once", async () => {
    const { control, last, sockets, time, log } = controlWith(0.999);
    control.start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      last().onclose?.({ code: 1006, reason: "" });
      waits.push(time.nextInMs ?? -1);
      await time.advance(time.nextInMs ?? 0);
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000].map((bound) => Math.floor(bound * 0.999)));
    expect(sockets).toHaveLength(9);
    expect(log.lines).toEqual(["warning: control socket: closed (1006)"]);
  });

  it("[AG72] a socket that opens and breaks at once is not tried every second; one that lived is", async () => {
    const { control, last, say, time } = controlWith(0.999);
    control.start();
    for (let i = 0; i < 4; i++) {
      last().onopen?.();
      say(config(1));
      last().onclose?.({ code: 1011, reason: "" });
      await time.advance(time.nextInMs ?? 0);
    }
    last().onopen?.();
    say(config(1));
    await time.advance(AGENT_LIMITS.healthEveryMs);
    last().onclose?.({ code: 1012, reason: "" });
    expect(time.nextInMs).toBe(1_998);
  });

  it.each([4401, 4403, 4404])("[AG72] waits at least a minute after %i: the same try would get the same answer", (code) => {
    const { control, last, time } = controlWith(0);
    control.start();
    last().onclose?.({ code, reason: "no" });
    expect(time.nextInMs).toBe(60_000);
  });

  it("[AG72] gives up on a server that accepts and says nothing, and on one that stops answering pings", async () => {
    const { control, last, sockets, say, time } = controlWith(0);
    control.start();
    await time.advance(15_000);
    expect(sockets.length).toBeGreaterThan(1);

    last().onopen?.();
    const open = last();
    await time.advance(AGENT_LIMITS.healthEveryMs);
    say(LIVE_PONG);
    await time.advance(AGENT_LIMITS.healthEveryMs);
    expect(open.closedWith).toBeUndefined();
    await time.advance(AGENT_LIMITS.healthEveryMs);
    expect(open.closedWith).toBe(4408);
  });

  it("[AG72] a server that never answered a ping is not held to it", async () => {
    const { control, last, time } = controlWith();
    control.start();
    last().onopen?.();
    await time.advance(10 * AGENT_LIMITS.healthEveryMs);
    expect(last().closedWith).toBeUndefined();
  });

  it("[AG73] frames that are none are a problem line and nothing more", () => {
    const { control, last, say, applied, problems, time } = controlWith();
    control.start();
    last().onopen?.();
    const hostile = [
      "",
      "null",
      "[]",
      "{",
      '{"v":2,"type":"config"}',
      '{"v":1,"type":"reboot"}',
      config(1, { intervalMs: 1 }),
      config(1, { intervalMs: 1e15 }),
      config(-1),
      config(1, { collectors: ["rm -rf" as "cpu"] }),
      config(1, { labels: { "not a label": "x" } }),
      `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    ];
    for (const frame of hostile) say(frame);
    expect(applied).toEqual([]);
    expect(problems.lines(time.monoMs())).toEqual(["control frame: a frame that this agent does not understand"]);
    say(JSON.stringify({ v: 1, type: "error", code: "x", detail: "y\n".repeat(10_000) }));
    expect(problems.lines(time.monoMs())[0]?.length).toBeLessThanOrEqual(200);
    say(config(5));
    expect(applied).toHaveLength(1);
  });

  it("[AG73] any text at all is survived", () => {
    const { control, last, say } = controlWith();
    control.start();
    last().onopen?.();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => say(text)).not.toThrow();
      }),
      { seed: 73, numRuns: 300 },
    );
  });

  it("[AG73] a frame that is too large, is no text, or is one of a flood closes the socket", () => {
    for (const [frame, code] of [
      ["x".repeat(4 * AGENT_LIMITS.frameBytes + 1), 4413],
      [new ArrayBuffer(4), 4413],
    ] as const) {
      const { control, last, say } = controlWith();
      control.start();
      last().onopen?.();
      const open = last();
      say(frame);
      expect(open.closedWith).toBe(code);
    }
    const { control, last, say, applied } = controlWith();
    control.start();
    last().onopen?.();
    const open = last();
    for (let i = 1; i <= 50; i++) open.onmessage?.({ data: config(i) });
    expect(open.closedWith).toBeUndefined();
    say(config(51));
    expect(open.closedWith).toBe(4429);
    open.onmessage?.({ data: config(52) });
    expect(applied).toHaveLength(50);
  });

  it("[AG72] an address that cannot be opened is tried again like a lost one", () => {
    const { control, time, failOpening, problems } = controlWith();
    failOpening(new Error("bad address"));
    control.start();
    expect(problems.lines(0)).toEqual(["control socket: bad address"]);
    expect(time.nextInMs).toBe(1_000);
  });

  it("[AG69] once closed it stays closed", async () => {
    const { control, last, sockets, time } = controlWith();
    control.start();
    last().onopen?.();
    control.close();
    expect(last().closedWith).toBe(1000);
    last().onclose?.({ code: 1000, reason: "" });
    await time.advance(600_000);
    expect(sockets).toHaveLength(1);
  });
});
