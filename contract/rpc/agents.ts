import type { Agent, AgentPatch } from "../agents.ts";
import type { Page } from "../pages.ts";
import type { Outcome } from "../problems.ts";
import type { CallMeta, ObjectRpc } from "./call.ts";

/** `{tenantId}/agents/main`: the tenant's host agents and their control sockets. */
export interface AgentFleetRpc extends ObjectRpc {
  /** The upgrade of a control socket. The edge sets `x-meridian-key-id` and `x-meridian-now` itself. */
  fetch(request: Request): Promise<Response>;
  list(page: { limit: number; cursor?: string | undefined }): Promise<Outcome<Page<Agent>>>;
  find(agentId: string): Promise<Outcome<Agent>>;
  /** Versions and platforms of these hosts, for host lists. */
  lookup(hosts: readonly string[]): Promise<Record<string, { agentId: string; agentVersion: string }>>;
  /** @param expectedVersion the config version of If-Match, when given: another is `precondition-failed` */
  configure(agentId: string, patch: AgentPatch, expectedVersion: number | undefined, meta: CallMeta): Promise<Outcome<Agent>>;
  closeCredentials(credentials: readonly string[]): Promise<number>;
}
