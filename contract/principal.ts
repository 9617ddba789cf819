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

export type KnownPrincipal = OperatorPrincipal | ServicePrincipal;
export type Principal = KnownPrincipal | { readonly kind: "anonymous" };

/** Who acted, as the audit log, idempotency records and socket tags name them: `user:{id}` or `key:{id}`. */
export function actorOf(principal: KnownPrincipal): string {
  return principal.kind === "operator" ? `user:${principal.userId}` : `key:${principal.keyId}`;
}

/** The credential behind a principal, by which revocation finds its sockets: `session:{id}` or `key:{id}`. */
export function credentialOf(principal: KnownPrincipal): string {
  return principal.kind === "operator" ? `session:${principal.sessionId}` : `key:${principal.keyId}`;
}

/** Whether this principal may do this. Anonymous may do nothing that has a name. */
export function may(principal: Principal, action: Action): boolean {
  switch (principal.kind) {
    case "operator":
      return roleMay(principal.role, action, principal.deploymentAdmin);
    case "service":
      return scopesMay(principal.scopes, action);
    case "anonymous":
      return false;
  }
}
