import { type Deployment, deploymentSchema, type Me, meSchema } from "../../contract/access.ts";
import { actionsOfRole, scopesMay, ACTION_NAMES } from "../../contract/permissions.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { VERSION } from "../../contract/version.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { hasOperators, tenantsOf } from "./auth-store.ts";
import { ensureTenant } from "./tenant-create.ts";

export function registerSelfRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/me",
      action: "self:read",
      tag: "control",
      summary: "Who is asking, for which tenant, and what they may do",
      answer: { status: 200, schema: meSchema },
    },
    async ({ env, principal, meta }): Promise<Outcome<Me>> => {
      const tenant = await ensureTenant(env, principal.tenantId, meta);
      if (!tenant.ok) return tenant;
      if (principal.kind === "service") {
        const actions = ACTION_NAMES.filter((action) => scopesMay(principal.scopes, action));
        const { keyId, name } = principal;
        return accept({
          kind: "service",
          id: keyId,
          name,
          email: null,
          role: null,
          actions,
          tenant: tenant.value,
          tenants: [],
          deploymentAdmin: false,
        });
      }
      const { userId, name, email, role, deploymentAdmin } = principal;
      return accept({
        kind: "operator",
        id: userId,
        name,
        email,
        role,
        actions: actionsOfRole(role, deploymentAdmin),
        tenant: tenant.value,
        tenants: await tenantsOf(env.DB, userId),
        deploymentAdmin,
      });
    },
  );
  route(
    app,
    {
      method: "get",
      path: "/v1/deployment",
      action: "open",
      tag: "control",
      summary: "What a sign-in page says",
      answer: { status: 200, schema: deploymentSchema },
    },
    async ({ env }): Promise<Outcome<Deployment>> =>
      accept({
        name: env.DEPLOYMENT_NAME,
        version: VERSION,
        demo: env.DEMO === "true",
        signUpOpen: !(await hasOperators(env.DB)),
      }),
  );
}
