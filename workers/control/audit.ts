import { z } from "@hono/zod-openapi";
import { auditEntrySchema, type AuditVerification, auditVerifySchema } from "../../contract/access.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { AuditPosition, TenantRpc } from "../../contract/rpc/tenant.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { pageOf } from "./keys.ts";

/** Slices of one verification: 2,000 entries each, below the 1,000 calls that a request may make. */
const MAX_SLICES = 900;

export function registerAuditRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/audit",
      action: "audit:read",
      tag: "control",
      summary: "Who did what, newest first",
      description: "A filtered page looks at a bounded number of entries: it may be short, or empty, and still have a nextCursor.",
      query: pageQuerySchema.extend({ action: z.string().max(100).optional(), actor: z.string().max(200).optional() }),
      answer: { status: 200, schema: pageSchema(auditEntrySchema) },
    },
    async (call) => {
      const { action, actor } = call.query;
      return await tenantOf(call).listAudit({
        ...pageOf(call.query),
        ...(action === undefined ? {} : { action }),
        ...(actor === undefined ? {} : { actor }),
      });
    },
  );
  route(
    app,
    {
      method: "post",
      path: "/v1/audit/verify",
      action: "audit:read",
      tag: "control",
      summary: "Walk the chain and name the first broken link",
      answer: { status: 200, schema: auditVerifySchema },
    },
    async (call) => await verifyChain(tenantOf(call)),
  );
}

/** Walks the chain slice by slice, so that the object answers others in between. */
async function verifyChain(tenant: Pick<TenantRpc, "verifyAudit">): Promise<Outcome<AuditVerification>> {
  let from: AuditPosition | undefined;
  let checked = 0;
  for (let slice = 0; slice < MAX_SLICES; slice++) {
    const { next, ...found } = await tenant.verifyAudit(from);
    checked += found.checked;
    if (found.firstBroken !== null || next === null) return accept({ ...found, checked });
    from = next;
  }
  return refuse("unavailable", `The log is longer than one request can check: the first ${checked} entries hold.`, { retryAfterS: 60 });
}
