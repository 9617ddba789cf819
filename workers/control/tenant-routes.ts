import { tenantSchema } from "../../contract/access.ts";
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
}
