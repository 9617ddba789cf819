import { tenantPatchSchema, tenantSchema } from "../../contract/access.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";

export function registerTenantRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/tenant",
      action: "self:read",
      tag: "control",
      summary: "The tenant of this credential",
      answer: { status: 200, schema: tenantSchema },
    },
    async (call) => await tenantOf(call).describe(),
  );
  route(
    app,
    {
      method: "patch",
      path: "/v1/tenant",
      action: "tenant:manage",
      tag: "control",
      summary: "Change the tenant's settings",
      body: tenantPatchSchema,
      answer: { status: 200, schema: tenantSchema },
      problems: ["idempotency-mismatch"],
    },
    async (call) => await tenantOf(call).updateSettings(call.body.settings, call.meta),
  );
}
