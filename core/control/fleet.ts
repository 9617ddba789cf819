import {
  AGENT_LIMITS,
  type Agent,
  type AgentConfig,
  agentConfigSchema,
  type AgentHealth,
  agentHealthSchema,
  type AgentPatch,
  type AgentUpFrame,
  DEFAULT_AGENT_CONFIG,
} from "../../contract/agents.ts";
import type { NewEvent } from "../../contract/events.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import * as z from "zod";

/** A health report is written down when the last one on disk is this old, */
const STORE_EVERY_MS = 300_000;
/** and, when something a person looks for has changed, already after this. */
const STORE_CHANGE_AFTER_MS = 60_000;

/** What an agent last said, as it travels in its socket's attachment: newer than the row, and free. */
export const agentReportSchema = z.object({
  /** Server time. */
  seenAt: z.number().int(),
  clockSkewMs: z.number().int(),
  appliedConfigVersion: z.number().int(),
  health: agentHealthSchema.omit({ at: true, configVersion: true }),
});
export type AgentReport = z.infer<typeof agentReportSchema>;

/** One agent as its fleet keeps it. Read by the previous release too: only ever add optional fields. */
export const agentRecordSchema = z.object({
  host: z.string(),
  keyId: z.string(),
  agentVersion: z.string(),
  platform: z.string(),
  firstSeenAt: z.number().int(),
  config: agentConfigSchema,
  report: agentReportSchema,
  /** Whether the last event told of it was that it connected. */
  present: z.boolean(),
});
export type AgentRecord = z.infer<typeof agentRecordSchema>;

type Hello = Extract<AgentUpFrame, { type: "hello" }>;

/** An agent after a step, with what the step makes known. */
export interface FleetStep {
  readonly record: AgentRecord;
  readonly events: readonly NewEvent[];
}

/** What the server makes of a health report. Skew is the agent's clock minus ours, the frame's way included. */
export function readReport(health: AgentHealth, now: number): AgentReport {
  const { at, configVersion, ...rest } = health;
  return { seenAt: now, clockSkewMs: at - now, appliedConfigVersion: configVersion, health: rest };
}

/** An agent says hello. A host that was known keeps its configuration, whatever key it comes with. */
export function joinFleet(known: AgentRecord | undefined, hello: Hello, keyId: string, now: number): FleetStep {
  const { host, agentVersion, platform } = hello;
  const record: AgentRecord = {
    host,
    keyId,
    agentVersion,
    platform,
    firstSeenAt: known?.firstSeenAt ?? now,
    config: known?.config ?? DEFAULT_AGENT_CONFIG,
    report: readReport(hello.health, now),
    present: true,
  };
  const data = { host, keyId, agentVersion, platform };
  const registered: NewEvent[] = known ? [] : [{ type: "meridian.agent.registered", subject: subjectOf(host), data }];
  const connected: NewEvent[] = known?.present ? [] : [{ type: "meridian.agent.connected", subject: subjectOf(host), data }];
  return { record, events: [...registered, ...connected] };
}

/** An agent was away for longer than the grace. */
export function leaveFleet(record: AgentRecord): FleetStep {
  const data = { host: record.host, keyId: record.keyId, lastSeenAt: new Date(record.report.seenAt).toISOString() };
  return {
    record: { ...record, present: false },
    events: [{ type: "meridian.agent.disconnected", subject: subjectOf(record.host), data }],
  };
}

/**
 * Whether a report is worth a row: at most one a minute and agent, twelve an hour while nothing changes. Between them the
 * newest report lives in memory and in the socket's attachment.
 * @param stored the report on disk
 */
export function shouldStore(stored: AgentReport, report: AgentReport): boolean {
  const age = report.seenAt - stored.seenAt;
  const changed =
    stored.appliedConfigVersion !== report.appliedConfigVersion ||
    stored.health.problems.length !== report.health.problems.length ||
    stored.health.problems.some((problem, n) => problem !== report.health.problems[n]);
  // A clock that was set back would otherwise silence an agent's rows until it catches up.
  return age >= STORE_EVERY_MS || age < 0 || (changed && age >= STORE_CHANGE_AFTER_MS);
}

/**
 * Changes an agent's configuration; what is left out stays. A patch that changes nothing makes no new version.
 * @param expectedVersion refuse unless this is the current version
 */
export function configureAgent(
  record: AgentRecord,
  patch: AgentPatch,
  expectedVersion: number | undefined,
  actor: string,
): Outcome<FleetStep> {
  const { config } = record;
  if (expectedVersion !== undefined && expectedVersion !== config.version) {
    return refuse("precondition-failed", `The configuration is at version ${config.version}. Read it, then decide again.`);
  }
  const wanted: AgentConfig = {
    version: config.version,
    intervalMs: patch.intervalMs ?? config.intervalMs,
    collectors: [...new Set(patch.collectors ?? config.collectors)].sort(),
    labels: patch.labels ?? config.labels,
  };
  if (sameConfig(config, wanted)) return accept({ record, events: [] });
  const next = { ...wanted, version: config.version + 1 };
  return accept({
    record: { ...record, config: next },
    events: [{ type: "meridian.agent.configured", subject: subjectOf(record.host), data: { host: record.host, config: next, actor } }],
  });
}

/** @param online whether a socket of it is open */
export function agentView(record: AgentRecord, online: boolean, now: number): Agent {
  const { host, report } = record;
  return {
    id: host,
    host,
    connected: online && now - report.seenAt <= AGENT_LIMITS.silentMs,
    agentVersion: record.agentVersion,
    platform: record.platform,
    firstSeenAt: new Date(record.firstSeenAt).toISOString(),
    lastSeenAt: new Date(report.seenAt).toISOString(),
    keyId: record.keyId,
    config: record.config,
    appliedConfigVersion: report.appliedConfigVersion,
    clockSkewMs: report.clockSkewMs,
    health: report.health,
  };
}

/** Room for one more agent, and which agents are forgotten to make it. */
export interface Admission {
  readonly admitted: boolean;
  readonly forgotten: readonly string[];
}

/**
 * Whether another host may register: agents count while they were seen within a day. Those not seen for 30 days are
 * forgotten, and beyond four times the limit the longest absent ones, so that a fleet of throw-away hosts stays small.
 * @param limit agents of the tenant's plan
 */
export function admitAgent(records: Iterable<AgentRecord>, limit: number, now: number): Admission {
  const byAge = [...records].sort((a, b) => a.report.seenAt - b.report.seenAt);
  const counted = byAge.filter((record) => record.present || now - record.report.seenAt < AGENT_LIMITS.countedMs).length;
  if (counted >= limit) return { admitted: false, forgotten: [] };
  const surplus = Math.max(0, byAge.length + 1 - 4 * limit);
  const forgotten = byAge.filter((record, n) => !record.present && (n < surplus || now - record.report.seenAt >= AGENT_LIMITS.forgottenMs));
  return { admitted: true, forgotten: forgotten.map((record) => record.host) };
}

function subjectOf(host: string): string {
  return `agent/${host}`;
}

function sameConfig(a: AgentConfig, b: AgentConfig): boolean {
  const text = (config: AgentConfig) =>
    JSON.stringify([config.intervalMs, [...config.collectors].sort(), Object.entries(config.labels).sort(([x], [y]) => (x < y ? -1 : 1))]);
  return text(a) === text(b);
}
