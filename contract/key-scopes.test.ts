import { describe, expect, it } from "vitest";
import { grantableScopes } from "./key-scopes.ts";
import { type Action, ACTIONS, roleMay, ROLES, type Scope, SCOPES } from "./permissions.ts";

describe("the scopes an operator may give to a key", () => {
  it("[AC23] are what the operator may do, and what only programs do for who manages them", () => {
    const handedOutBy: Partial<Record<Scope, Action>> = { "agents:connect": "agents:manage", "tokens:mint": "subjects:manage" };
    for (const role of ROLES) {
      for (const scope of grantableScopes(role, false)) {
        expect(roleMay(role, handedOutBy[scope] ?? scope, false), `${role} ${scope}`).toBe(true);
      }
    }
    for (const scope of ["agents:connect", "tokens:mint"]) {
      expect(grantableScopes("operator", false)).toContain(scope);
      expect(grantableScopes("developer", false)).not.toContain(scope);
    }
    expect(grantableScopes("owner", false)).toContain("agents:connect");
    expect(grantableScopes("viewer", false)).not.toContain("agents:connect");
    expect(grantableScopes("viewer", false)).not.toContain("metrics:write");
  });

  it("[AC23] include what is the deployment's only for a deployment admin, who with every scope there is has them all", () => {
    const deployment = SCOPES.filter((scope) => "deployment" in ACTIONS[scope]);
    expect(deployment).toEqual(["platform:read"]);
    for (const role of ROLES) expect(grantableScopes(role, false)).not.toContain("platform:read");
    expect(grantableScopes("owner", true)).toEqual(SCOPES);
  });
});
