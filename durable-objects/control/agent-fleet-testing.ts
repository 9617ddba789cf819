import { env } from "cloudflare:workers";
import { type Agent, type AgentDownFrame, agentDownFrameSchema, type AgentHealth } from "../../contract/agents.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";

export const META: CallMeta = { requestId: "test", actor: "user:1", actorName: "Test" };

/** The fleet of a tenant that exists, on the free plan. */
export async function fleetOf(tenantId: string) {
  const tenant = env.TENANT.getByName(`${tenantId}/tenant/main`);
  await tenant.create({ slug: tenantId, name: tenantId, plan: "free" }, META);
  return env.AGENTS.getByName(`${tenantId}/agents/main`);
}

export type Fleet = Awaited<ReturnType<typeof fleetOf>>;

/** A key of the tenant that agents may connect with. */
export async function keyOf(tenantId: string, expiresAt: string | null = null): Promise<string> {
  const tenant = env.TENANT.getByName(`${tenantId}/tenant/main`);
  const made = await tenant.createKey({ name: "agents", scopes: ["agents:connect"], expiresAt }, META);
  if (!made.ok) throw new Error(made.problem.detail);
  return made.value.id;
}

/** The agent's side of a control socket. */
export class TestAgent {
  readonly frames: AgentDownFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  #arrived: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((done) => socket.addEventListener("close", ({ code, reason }) => done({ code, reason })));
    socket.addEventListener("message", ({ data }) => {
      this.frames.push(agentDownFrameSchema.parse(JSON.parse(String(data))));
      this.#arrived();
    });
    socket.accept();
  }

  static async open(fleet: Fleet, keyId = "k1"): Promise<TestAgent> {
    const response = await fleet.fetch("https://object/connect", { headers: { upgrade: "websocket", "x-meridian-key-id": keyId } });
    if (!response.webSocket) throw new Error(`no socket: ${response.status}`);
    return new TestAgent(response.webSocket);
  }

  /** Opens, says hello and waits for the configuration. */
  static async join(fleet: Fleet, host: string, keyId = "k1"): Promise<TestAgent> {
    const agent = await TestAgent.open(fleet, keyId);
    agent.hello(host);
    await agent.until(1);
    return agent;
  }

  hello(host: string, health: Partial<AgentHealth> = {}): void {
    this.send({ v: 1, type: "hello", host, agentVersion: "0.1.0", platform: "linux x64", health: healthOf(health) });
  }

  health(health: Partial<AgentHealth> = {}): void {
    this.send({ v: 1, type: "health", health: healthOf(health) });
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame));
  }

  close(): void {
    this.#socket.close(1000, "bye");
  }

  /** Waits until so many frames have come. */
  async until(count: number): Promise<void> {
    while (this.frames.length < count) await new Promise<void>((done) => (this.#arrived = done));
  }
}

export function healthOf(more: Partial<AgentHealth> = {}): AgentHealth {
  return { at: Date.now(), configVersion: 0, spoolBatches: 0, spoolBytes: 0, droppedBatches: 0, problems: [], ...more };
}

export async function agentOf(fleet: Fleet, host: string): Promise<Agent> {
  const found = await fleet.find(host);
  if (!found.ok) throw new Error(found.problem.detail);
  return found.value;
}

/** Waits until the agent is as wanted, by asking: a clock that stands still would move under a waiting that watches it. */
export async function agentUntil(fleet: Fleet, host: string, wanted: (agent: Agent) => boolean): Promise<Agent> {
  for (let asked = 0; asked < 5_000; asked++) {
    const agent = await agentOf(fleet, host);
    if (wanted(agent)) return agent;
  }
  throw new Error(`the agent ${host} did not become as wanted`);
}
