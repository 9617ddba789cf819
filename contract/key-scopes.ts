import { ACTIONS, roleMay, type Role, type Scope, SCOPES } from "./permissions.ts";

/**
 * Scopes that no role has because only programs use them, and the action whose holder may hand them out. Without this line
 * nobody could make an agent's key.
 */
const HANDED_OUT_BY = { "agents:connect": "agents:manage", "tokens:mint": "subjects:manage" } as const;

/** The scopes that an operator may give to a key: what they may do themselves, and what is only for programs they manage. */
export function grantableScopes(role: Role, deploymentAdmin: boolean): Scope[] {
  return SCOPES.filter((scope) => {
    if (scope in HANDED_OUT_BY) return roleMay(role, HANDED_OUT_BY[scope as keyof typeof HANDED_OUT_BY], deploymentAdmin); // `in` just said so
    return ACTIONS[scope].scope && roleMay(role, scope, deploymentAdmin);
  });
}
