import { z } from "@hono/zod-openapi";
import { type Deployment, deploymentSchema, type Me, meSchema } from "../../contract/access.ts";
import { actionsOfRole, scopesMay, ACTION_NAMES } from "../../contract/permissions.ts";
import type { SubjectPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { subjectOf } from "../../contract/subject-id.ts";
import { type MeSubject, meSubjectSchema } from "../../contract/subjects.ts";
import { VERSION } from "../../contract/version.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { relyingParty } from "./auth-passkey-party.ts";
import { hasOperators, tenantsOf } from "./auth-store.ts";
import { needsSetupToken } from "./setup-token.ts";
import { sceneOf } from "./subject-scene.ts";
import { accessHere } from "./subject-session.ts";
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
      subjects: "self",
      door: "also",
      answer: { status: 200, schema: z.union([meSchema, meSubjectSchema]) },
    },
    async (call): Promise<Outcome<Me | MeSubject>> => {
      const { env, principal, meta } = call;
      if (principal.kind === "subject") {
        const { slug } = await accessHere(sceneOf(call));
        return accept(meOf(principal, slug));
      }
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
    async ({ env }): Promise<Outcome<Deployment>> => {
      const signUpOpen = !(await hasOperators(env.DB));
      return accept({
        name: env.DEPLOYMENT_NAME,
        version: VERSION,
        demo: env.DEMO === "true",
        signUpOpen,
        setupToken: signUpOpen && needsSetupToken(env),
        passkeyOrigin: relyingParty(env)?.origin ?? null,
      });
    },
  );
}

/** An end user sees themselves and whose end user they are, nothing of the tenant's own. */
function meOf({ tenantId, issuer, sub, name, avatarUrl, grants, credentialExpiresAt }: SubjectPrincipal, slug: string): MeSubject {
  return {
    kind: "subject",
    id: subjectOf(issuer, sub),
    issuer,
    sub,
    name,
    avatarUrl,
    grants: grants.map((grant) => ({ ...grant, actions: [...grant.actions] })),
    expiresAt: new Date(credentialExpiresAt).toISOString(),
    tenant: { id: tenantId, slug },
  };
}
