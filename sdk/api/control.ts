import type { z } from "zod";
import type {
  AuditEntry,
  AuditVerification,
  Deployment,
  Invitation,
  InvitationAccepted,
  invitationAcceptSchema,
  InvitationPreview,
  Key,
  KeyCreate,
  KeyCreated,
  Me,
  Member,
  Tenant,
} from "../../contract/access.ts";
import type { Agent, AgentPatch } from "../../contract/agents.ts";
import type { CloudEvent, DeadLetter, EventType, SpineStatus } from "../../contract/events.ts";
import type { Page } from "../../contract/pages.ts";
import type { Role } from "../../contract/permissions.ts";
import { listing, type PageQuery } from "../pages.ts";
import type { Call, CallOptions } from "../transport.ts";

type InvitationAccept = z.input<typeof invitationAcceptSchema>;

const part = encodeURIComponent;

/** Host agents: their health, and the configuration the server pushes to them. */
export function agentsApi(call: Call) {
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<Agent>> => listing<Agent>(call, "/v1/agents", page, options),
    get: (agentId: string, options?: CallOptions) => call<Agent>("GET", `/v1/agents/${part(agentId)}`, { options }),
    /** @param expectedVersion the `config.version` that was shown; another on the server is `precondition-failed` */
    configure: (agentId: string, patch: AgentPatch, expectedVersion?: number, options?: CallOptions) =>
      call<Agent>("PATCH", `/v1/agents/${part(agentId)}`, {
        body: patch,
        headers: expectedVersion === undefined ? {} : { "if-match": `"${expectedVersion}"` },
        options,
      }),
  };
}

/** API keys of services. */
export function keysApi(call: Call) {
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<Key>> => listing<Key>(call, "/v1/keys", page, options),
    /** The answer holds the secret, once. A repeat whose first answer got lost is `secret-already-shown`: revoke that key and create another. */
    create: (input: KeyCreate, options?: CallOptions) => call<KeyCreated>("POST", "/v1/keys", { body: input, options }),
    revoke: (keyId: string, options?: CallOptions) => call<Key>("DELETE", `/v1/keys/${part(keyId)}`, { options }),
  };
}

/** The tenant's people. */
export function membersApi(call: Call) {
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<Member>> => listing<Member>(call, "/v1/members", page, options),
    setRole: (memberId: string, role: Role, options?: CallOptions) =>
      call<Member>("PATCH", `/v1/members/${part(memberId)}`, { body: { role }, options }),
    remove: (memberId: string, options?: CallOptions) => call<undefined>("DELETE", `/v1/members/${part(memberId)}`, { options }),
  };
}

/** Links by which people join. */
export function invitationsApi(call: Call) {
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<Invitation>> =>
      listing<Invitation>(call, "/v1/invitations", page, options),
    /** The answer holds the link, once. */
    create: (input: { email: string; role: Role }, options?: CallOptions) =>
      call<Invitation>("POST", "/v1/invitations", { body: input, options }),
    cancel: (invitationId: string, options?: CallOptions) =>
      call<Invitation | undefined>("DELETE", `/v1/invitations/${part(invitationId)}`, { options }),
    /** What the token of a link invites to; needs no credential. */
    preview: (token: string, options?: CallOptions) =>
      call<InvitationPreview>("POST", "/v1/invitations/preview", { body: { token }, repeat: "safe", options }),
    /** A new person gives name and password and is signed in; a signed-in person gives the token alone. */
    accept: (input: InvitationAccept, options?: CallOptions) =>
      call<InvitationAccepted>("POST", "/v1/invitations/accept", { body: input, repeat: "never", options }),
  };
}

export interface EventQuery extends PageQuery {
  readonly type?: EventType | undefined;
  /** What the subject begins with: `key/` for every key's events. */
  readonly subject?: string | undefined;
  /** RFC 3339; from inclusive, to exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The tenant's history, and the health of the spine that carries it. */
export function eventsApi(call: Call) {
  return {
    list: (query?: EventQuery, options?: CallOptions): Promise<Page<CloudEvent>> => listing<CloudEvent>(call, "/v1/events", query, options),
    status: (options?: CallOptions) => call<SpineStatus>("GET", "/v1/events/status", { options }),
  };
}

/** Messages that were given up on. */
export function deadLettersApi(call: Call) {
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<DeadLetter>> =>
      listing<DeadLetter>(call, "/v1/dead-letters", page, options),
    replay: (id: string, options?: CallOptions) => call<DeadLetter>("POST", `/v1/dead-letters/${part(id)}/replay`, { options }),
  };
}

export interface AuditQuery extends PageQuery {
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
}

/** The hash-chained log of who did what. */
export function auditApi(call: Call) {
  return {
    list: (query?: AuditQuery, options?: CallOptions): Promise<Page<AuditEntry>> => listing<AuditEntry>(call, "/v1/audit", query, options),
    /** Walks the chain; `firstBroken` is null when it holds. */
    verify: (options?: CallOptions) => call<AuditVerification>("POST", "/v1/audit/verify", { repeat: "safe", options }),
  };
}

/** The tenant of the credential. */
export function tenantApi(call: Call) {
  return {
    get: (options?: CallOptions) => call<Tenant>("GET", "/v1/tenant", { options }),
  };
}

/** Who is asking, and whom it asks. */
export function selfApi(call: Call) {
  return {
    me: (options?: CallOptions) => call<Me>("GET", "/v1/me", { options }),
    /** Needs no credential. */
    deployment: (options?: CallOptions) => call<Deployment>("GET", "/v1/deployment", { options }),
  };
}
