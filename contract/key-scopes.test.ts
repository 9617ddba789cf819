import { describe, expect, it } from "vitest";
import { grantableScopes } from "./key-scopes.ts";
import { ACTIONS, roleMay, ROLES, SCOPES } from "./permissions.ts";

describe("the scopes an operator may give to a key", () => {
  it("[AC23] are what the operator may do, and agents:connect for who manages agents", () => {
    for (const role of ROLES) {
      for (const scope of grantableScopes(role, false)) {
        const own = roleMay(role, scope, false) || (scope === "agents:connect" && roleMay(role, "agents:manage", false));
        expect(own, `${role} ${scope}`).toBe(true);
      }
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
