import { type Agent, AGENT_CLOSE_REASONS, AGENT_LIMITS, type AgentHealth, type AgentUpFrame } from "../../contract/agents.ts";
import { LIVE_CLOSE, type LiveCloseCode } from "../../contract/live-codes.ts";
import { scopesMay } from "../../contract/permissions.ts";
import { PLANS } from "../../contract/plans.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import { admitAgent, type AgentRecord, agentView, type FleetStep, joinFleet, leaveFleet, readReport } from "../../core/control/fleet.ts";
import { gcra } from "../../contract/gcra.ts";
import { errorText, logLine } from "../kit/log.ts";
import type { ObjectKit } from "../kit/object-kit.ts";
import { credentialOf, type Line, type Lines } from "./agent-fleet-lines.ts";
import type { Roster } from "./agent-fleet-roster.ts";

/** Between two looks at silent sockets, late hellos and keys that ended. What is shown never waits for it. */
export const WATCH_MS = 300_000;
/** A socket may stay without a hello until the first look after this. */
const HELLO_MS = 15_000;
/** How long the plan's limit is believed. */
const PLAN_MS = 60_000;
/** The edge believes a key for 1.5 s without asking; a request may be on its way for as long again and more. */
const ENDED_MS = 10_000;
/** Keys asked about in one look: a fleet uses one or a few. */
const KEYS_PER_WATCH = 50;

type Hello = Extract<AgentUpFrame, { type: "hello" }>;

export interface DeskDeps {
  readonly kit: () => ObjectKit;
  readonly roster: Roster;
  readonly lines: Lines;
  /** A fresh stub of the tenant's own object. */
  readonly tenant: () => TenantRpc;
}

/** Who comes, who reports, who is gone: what happens between the sockets and the roster. */
export class FleetDesk {
  readonly #deps: DeskDeps;
  /** Agents without a socket that no event has told of yet, and since when. */
  readonly #absentSince = new Map<string, number>();
  /** Rate of each known host's connections; forgotten in a sleep, which is longer than its burst. */
  readonly #connects = new Map<string, number>();
  /** Credentials that ended a moment ago, until no isolate of the edge can believe in them any more. */
  readonly #ended = new Map<string, number>();
  #plan: { readonly limit: number; readonly until: number } | undefined;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  /** After a sleep or a restart: whoever was present and has no socket now gets the grace to come back. */
  load(now: number): void {
    const { roster, lines } = this.#deps;
    roster.load();
    lines.load((host, report) => {
      const record = roster.get(host);
      if (record && record.report.seenAt < report.seenAt) roster.keepInMind({ ...record, report });
    });
    for (const record of roster.all()) if (record.present && !lines.isLive(record.host)) this.#miss(record.host, now);
  }

  view(record: AgentRecord, now: number): Agent {
    return agentView(record, this.#deps.lines.isLive(record.host), now);
  }

  /** Puts an agent and what is told of it into the running transaction. */
  write(step: FleetStep): void {
    this.#deps.roster.save(step.record);
    for (const event of step.events) this.#deps.kit().outbox.emit(event);
  }

  sendConfig({ host, config }: AgentRecord, now: number): void {
    this.#deps.lines.send(host, { v: 1, type: "config", agentId: host, config, serverTime: now });
  }

  async hello(socket: WebSocket, line: Line, frame: Hello): Promise<void> {
    const { kit, roster, lines } = this.#deps;
    if (!roster.get(frame.host)) {
      // Its frames wait for nothing meanwhile: a second one would be refused, and no agent sends one before its configuration.
      lines.write(socket, { ...line, host: frame.host, joining: true });
      const limit = await this.#agentLimit();
      const admission = roster.get(frame.host) ? undefined : admitAgent(roster.all(), limit, kit().now());
      if (admission && !admission.admitted) return this.part(socket, LIVE_CLOSE.denied, AGENT_CLOSE_REASONS.limit);
      if (admission && admission.forgotten.length > 0) this.#forget(admission.forgotten);
    }
    const now = kit().now();
    const verdict = gcra(AGENT_LIMITS.connects, this.#connects.get(frame.host), now);
    if (!verdict.allowed) return this.part(socket, LIVE_CLOSE.rate, "this host connects too often");
    this.#connects.set(frame.host, verdict.tat);
    const known = roster.get(frame.host);
    const step = joinFleet(known, frame, line.keyId, now);
    const connected = lines.connect(
      socket,
      { ...line, host: frame.host, joining: false, report: step.record.report },
      AGENT_CLOSE_REASONS.replaced,
    );
    if (!connected) return;
    this.#absentSince.delete(frame.host);
    if (step.events.length > 0 || changed(known, step.record) || roster.isWorthARow(step.record)) {
      kit().transaction(() => this.write(step));
    } else {
      roster.keepInMind(step.record);
    }
    this.sendConfig(step.record, now);
  }

  health(socket: WebSocket, line: Line, health: AgentHealth, now: number): void {
    const { kit, roster, lines } = this.#deps;
    const known = line.host === undefined ? undefined : roster.get(line.host);
    if (!known || !lines.isCurrent(socket, known.host)) return; // still joining, or replaced while the frame was on its way
    const record = { ...known, report: readReport(health, now) };
    lines.write(socket, { ...line, report: record.report });
    if (roster.isWorthARow(record)) kit().transaction(() => this.write({ record, events: [] }));
    else roster.keepInMind(record);
  }

  /** Closes every socket of these credentials, and for a moment refuses new ones; answers how many were closed. */
  end(credentials: readonly string[], now: number): number {
    for (const [credential, until] of this.#ended) if (until <= now) this.#ended.delete(credential);
    for (const credential of credentials) this.#ended.set(credential, now + ENDED_MS);
    const sockets = credentials.flatMap((credential) => this.#deps.lines.ofCredential(credential));
    for (const socket of sockets) this.part(socket, LIVE_CLOSE.unauthorized, AGENT_CLOSE_REASONS.revoked);
    return sockets.length;
  }

  hasEnded(keyId: string, now: number): boolean {
    return (this.#ended.get(credentialOf(keyId)) ?? 0) > now;
  }

  /** Ends a socket from our side. */
  part(socket: WebSocket, code: LiveCloseCode, reason: string): void {
    this.gone(socket, this.#deps.kit().now());
    this.#deps.lines.refuse(socket, { code, reason });
  }

  /** A socket is no more; its agent may be back in a moment. */
  gone(socket: WebSocket, now: number): void {
    const { kit, roster, lines } = this.#deps;
    const host = lines.disconnect(socket);
    if (host === undefined) return;
    const record = roster.unsaved(host);
    if (record) kit().transaction(() => this.write({ record, events: [] }));
    this.#miss(host, now);
  }

  /** Sees to it that there is a look no later than this. */
  watchBy(dueAt: number): void {
    const { timers } = this.#deps.kit();
    const due = timers.get("watch");
    if (due === undefined || due > dueAt) timers.set("watch", dueAt);
  }

  /** The look: ends what is silent, late or has lost its key; tells of who stayed away. Runs at least once per deadline. */
  async watch(now: number): Promise<void> {
    const { kit, roster, lines } = this.#deps;
    for (const { socket, openedAt } of lines.strangers()) {
      if (now - openedAt > HELLO_MS) this.part(socket, LIVE_CLOSE.authLate, AGENT_CLOSE_REASONS.helloLate);
    }
    for (const [host, socket] of lines.live()) {
      if (now - (roster.get(host)?.report.seenAt ?? 0) > AGENT_LIMITS.silentMs)
        this.part(socket, LIVE_CLOSE.gone, AGENT_CLOSE_REASONS.silent);
    }
    const left = [...this.#absentSince].filter(([, since]) => now - since >= AGENT_LIMITS.graceMs).map(([host]) => host);
    kit().transaction(() => {
      for (const host of left) {
        const record = roster.get(host);
        if (record?.present) this.write(leaveFleet(record));
      }
    });
    for (const host of left) this.#absentSince.delete(host);
    for (const [host, tat] of this.#connects) if (tat <= now) this.#connects.delete(host);
    // Set before anything is awaited, so that a socket that comes meanwhile finds it.
    const graceEnds = [...this.#absentSince.values()].map((since) => since + AGENT_LIMITS.graceMs);
    const next = Math.min(...graceEnds, lines.size > 0 ? now + WATCH_MS : Number.POSITIVE_INFINITY);
    if (Number.isFinite(next)) kit().timers.set("watch", next);
    await this.#closeEndedKeys(now);
  }

  /** Revocation closes sockets at once; this finds what it missed, and keys that ran out. */
  async #closeEndedKeys(now: number): Promise<void> {
    for (const keyId of this.#deps.lines.keyIds().slice(0, KEYS_PER_WATCH)) {
      try {
        const { key } = await this.#deps.tenant().findKey(keyId);
        const good =
          key && key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now) && scopesMay(key.scopes, "agents:connect");
        if (good) continue;
      } catch (error) {
        logLine("warn", "a key could not be checked, trying again at the next look", { keyId, error: errorText(error) });
        continue;
      }
      for (const socket of this.#deps.lines.ofCredential(credentialOf(keyId))) {
        this.part(socket, LIVE_CLOSE.unauthorized, AGENT_CLOSE_REASONS.revoked);
      }
    }
  }

  #miss(host: string, now: number): void {
    this.#absentSince.set(host, now);
    this.watchBy(now + AGENT_LIMITS.graceMs);
  }

  #forget(hosts: readonly string[]): void {
    const { kit, roster } = this.#deps;
    kit().transaction(() => {
      for (const host of hosts) roster.forget(host);
    });
    for (const host of hosts) this.#connects.delete(host);
  }

  /** @throws when the tenant cannot be asked: whoever says hello then has to come again */
  async #agentLimit(): Promise<number> {
    const now = this.#deps.kit().now();
    if (this.#plan && this.#plan.until > now) return this.#plan.limit;
    const tenant = await this.#deps.tenant().describe();
    if (!tenant.ok) throw new Error(`the tenant does not say its plan: ${tenant.problem.slug}`);
    const limit = PLANS[tenant.value.plan].agents;
    this.#plan = { limit, until: now + PLAN_MS };
    return limit;
  }
}

function changed(known: AgentRecord | undefined, record: AgentRecord): boolean {
  return known?.keyId !== record.keyId || known.agentVersion !== record.agentVersion || known.platform !== record.platform;
}
