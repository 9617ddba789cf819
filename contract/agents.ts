import * as z from "zod";

export const AGENT_LIMITS = {
  /** One frame on the control socket. */
  frameBytes: 16 * 1024,
  labels: 10,
  minIntervalMs: 1_000,
  maxIntervalMs: 300_000,
  /** The agent reports health this often. */
  healthEveryMs: 15_000,
  hostChars: 253,
  /** Frames from one agent, in the long run and at once. It sends one each 15 s, and one for each new configuration. */
  frames: { perPeriod: 12, periodMs: 60_000, burst: 10 },
  /** Connections of one host: two programs under one name push each other out, and this bounds what that costs. */
  connects: { perPeriod: 6, periodMs: 60_000, burst: 10 },
  /** Sockets that have not said hello yet, over all of a tenant. */
  strangers: 200,
  /** An agent that was silent for so long is shown as not connected: four missed reports. */
  silentMs: 60_000,
  /** An agent that comes back within this was never away: no event tells of it. */
  graceMs: 30_000,
  /** An agent counts towards the plan while it was seen within this. */
  countedMs: 86_400_000,
  /** An agent not seen for so long is forgotten, with its configuration. */
  forgottenMs: 30 * 86_400_000,
} as const;

/**
 * Reasons with which the server closes a control socket, besides frames that are too large, too many or not understood:
 * an agent reads the code, a person the reason. After 4401 and 4403 a quick reconnect would only repeat it: wait at least
 * a minute.
 */
export const AGENT_CLOSE_REASONS = {
  /** 4403; the newest connection of a host stays, whatever key it came with. */
  replaced: "another agent connected under this host name",
  /** 4403 */
  limit: "the plan's number of agents is reached",
  /** 4401 */
  revoked: "the key is revoked, expired or lacks agents:connect",
  /** 4404 */
  silent: "no health report came",
  /** 4408 */
  helloLate: "no hello came",
  /** 1012 */
  retry: "the server could not take this: connect again",
} as const;

export const COLLECTORS = ["cpu", "load", "memory", "disk", "network", "processes", "uptime", "temperature"] as const;

/** What the server decides for an agent. `version` rises with every change; the agent reports the one it applied. */
export const agentConfigSchema = z.strictObject({
  version: z.number().int().nonnegative(),
  intervalMs: z.number().int().min(AGENT_LIMITS.minIntervalMs).max(AGENT_LIMITS.maxIntervalMs),
  collectors: z.array(z.enum(COLLECTORS)).max(COLLECTORS.length),
  labels: z.record(
    z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
      .max(100),
    z.string().max(1_024),
  ),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;

export const DEFAULT_AGENT_CONFIG: AgentConfig = { version: 0, intervalMs: 5_000, collectors: [...COLLECTORS], labels: {} };

export const agentPatchSchema = z
  .strictObject({
    intervalMs: agentConfigSchema.shape.intervalMs,
    collectors: agentConfigSchema.shape.collectors,
    labels: agentConfigSchema.shape.labels
      .refine((labels) => Object.keys(labels).length <= AGENT_LIMITS.labels, `at most ${AGENT_LIMITS.labels} labels`)
      .refine((labels) => Object.keys(labels).every((name) => name !== "host" && !name.startsWith("__")), "`host` and `__…` are taken"),
  })
  .partial();
export type AgentPatch = z.infer<typeof agentPatchSchema>;

export const agentHealthSchema = z.object({
  /** Epoch milliseconds by the agent's clock; the server computes the skew. */
  at: z.number().int(),
  configVersion: z.number().int().nonnegative(),
  spoolBatches: z.number().int().nonnegative(),
  spoolBytes: z.number().int().nonnegative(),
  droppedBatches: z.number().int().nonnegative(),
  /** Problems the agent sees, one line each: a failing collector, a refused batch. */
  problems: z.array(z.string().max(200)).max(10),
});
export type AgentHealth = z.infer<typeof agentHealthSchema>;

/** Frames from the agent on `/v1/agents/connect`. `hello` comes first. */
export const agentUpFrameSchema = z.discriminatedUnion("type", [
  z.object({
    v: z.literal(1),
    type: z.literal("hello"),
    host: z
      .string()
      .min(1)
      .max(AGENT_LIMITS.hostChars)
      .refine((host) => !/[\p{Cc}\p{Cs}]/u.test(host), "a host name has no control characters"),
    agentVersion: z.string().min(1).max(50),
    platform: z.string().max(200),
    health: agentHealthSchema,
  }),
  z.object({ v: z.literal(1), type: z.literal("health"), health: agentHealthSchema }),
]);
export type AgentUpFrame = z.infer<typeof agentUpFrameSchema>;

/** Frames from the server. */
export const agentDownFrameSchema = z.discriminatedUnion("type", [
  z.object({ v: z.literal(1), type: z.literal("config"), agentId: z.string(), config: agentConfigSchema, serverTime: z.number().int() }),
  z.object({ v: z.literal(1), type: z.literal("error"), code: z.string(), detail: z.string() }),
]);
export type AgentDownFrame = z.infer<typeof agentDownFrameSchema>;

export const agentSchema = z.object({
  /** The host's name is the agent's id within a tenant: one agent per host. */
  id: z.string(),
  host: z.string(),
  connected: z.boolean(),
  agentVersion: z.string(),
  platform: z.string(),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  keyId: z.string(),
  config: agentConfigSchema,
  appliedConfigVersion: z.number().int(),
  /** Agent clock minus server clock at the last report. */
  clockSkewMs: z.number().int(),
  health: agentHealthSchema.omit({ at: true, configVersion: true }),
});
export type Agent = z.infer<typeof agentSchema>;
