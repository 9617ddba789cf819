import type { Grant } from "./grants.ts";
import { type Action, roleMay, type Role, scopesMay } from "./permissions.ts";

/** An operator: a person in the console, proved by a session cookie. */
export interface OperatorPrincipal {
  readonly kind: "operator";
  readonly tenantId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly deploymentAdmin: boolean;
  /** Epoch milliseconds when the credential ends by itself, where that is known: live sockets end with it. */
  readonly credentialExpiresAt?: number | undefined;
}

/** A service: a program with an API key. */
export interface ServicePrincipal {
  readonly kind: "service";
  readonly tenantId: string;
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Epoch milliseconds when the credential ends by itself, where that is known: live sockets end with it. */
  readonly credentialExpiresAt?: number | undefined;
}

/** A subject: an end user of the tenant's product, proved by a short-lived token. */
export interface SubjectPrincipal {
  readonly kind: "subject";
  readonly tenantId: string;
  /** `minted`, `hosted` or the name of an issuer that the tenant registered. */
  readonly issuer: string;
  readonly sub: string;
  /** What logs, events and sockets call it: a digest of tenant, issuer and sub, see `subjectRef`. */
  readonly ref: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly grants: readonly Grant[];
  /** The token's `jti`. A brought token without one is named by a digest of itself. */
  readonly tokenId: string;
  /** The family of refresh handles that the token came from; null without one. */
  readonly familyId: string | null;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly credentialExpiresAt: number;
}

/** Anybody at a tenant's public door. */
export interface VisitorPrincipal {
  readonly kind: "visitor";
  readonly tenantId: string;
  readonly slug: string;
  readonly hostedAccounts: boolean;
}

/** Who works for the tenant. Routes that say nothing of subjects are for them alone. */
export type KnownPrincipal = OperatorPrincipal | ServicePrincipal;
/** Who may come to a route that is for end users too. */
export type AnyPrincipal = KnownPrincipal | SubjectPrincipal | VisitorPrincipal;
export type Principal = AnyPrincipal | { readonly kind: "anonymous" };

/** Who acted, as the audit log, idempotency records and socket tags name them: `user:{id}`, `key:{id}` or `subject:{ref}`. */
export function actorOf(principal: AnyPrincipal): string {
  switch (principal.kind) {
    case "operator":
      return `user:${principal.userId}`;
    case "service":
      return `key:${principal.keyId}`;
    case "subject":
      return `subject:${principal.ref}`;
    case "visitor":
      return "visitor";
  }
}

/** How people read who acted. End users stay nameless where it is kept: their name goes when they go. */
export function actorNameOf(principal: AnyPrincipal): string {
  if (principal.kind === "subject") return "end user";
  return principal.kind === "visitor" ? "visitor" : principal.name;
}

/** The credential behind a principal, by which revocation finds its sockets: `session:{id}`, `key:{id}` or `token:{jti}`. */
export function credentialOf(principal: KnownPrincipal | SubjectPrincipal): string {
  switch (principal.kind) {
    case "operator":
      return `session:${principal.sessionId}`;
    case "service":
      return `key:${principal.keyId}`;
    case "subject":
      return `token:${principal.tokenId}`;
  }
}

/** Wider names by which sockets of subjects are closed together: all of an issuer, all of the tenant, all of one refresh family. */
export function credentialGroupsOf(principal: KnownPrincipal | SubjectPrincipal): readonly string[] {
  if (principal.kind !== "subject") return [];
  const family = principal.familyId === null ? [] : [`family:${principal.familyId}`];
  return [SUBJECTS_GROUP, issuerGroup(principal.issuer), ...family];
}

/** The group of every subject's socket of a tenant. */
export const SUBJECTS_GROUP = "subjects";
export const issuerGroup = (issuer: string): string => `issuer:${issuer}`;

/**
 * Whether this principal may do this, whatever the thing. What a subject may do with a thing its grants say (`checkGrants`);
 * without a thing it may see itself and open a socket.
 */
export function may(principal: Principal, action: Action): boolean {
  switch (principal.kind) {
    case "operator":
      return roleMay(principal.role, action, principal.deploymentAdmin);
    case "service":
      return scopesMay(principal.scopes, action);
    case "subject":
      return action === "self:read" || action === "live:connect" || action === "public:read";
    case "visitor":
      return action === "public:read" || (principal.hostedAccounts && DOOR_ACTIONS.has(action));
    case "anonymous":
      return false;
  }
}

const DOOR_ACTIONS: ReadonlySet<Action> = new Set(["subjects:register", "subjects:login", "subjects:refresh"] as const);
