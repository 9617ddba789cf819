import type { Tenant } from "../../contract/access.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { PlanName } from "../../contract/plans.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";
import { findOrganization } from "./auth-store.ts";

/**
 * What tenants start with: roomy where the deployment is one's own machine, the smallest plan where strangers may share it.
 */
export function firstPlan(env: Pick<EdgeEnv, "SINGLE_NODE">): PlanName {
  return env.SINGLE_NODE === "true" ? "scale" : "free";
}

/**
 * The tenant as its object has it. Where D1 lists a tenant whose object was never told (the process ended between the two),
 * it is told now; the first request of whoever belongs to it heals it.
 * @param meta who asks; an Idempotency-Key in it belongs to something else and is left out
 */
export async function ensureTenant(env: EdgeEnv, tenantId: string, meta: CallMeta): Promise<Outcome<Tenant>> {
  const tenant = tenantOf({ env, principal: { tenantId } });
  const known = await tenant.describe();
  if (known.ok || known.problem.slug !== "not-found") return known;
  const listed = await findOrganization(env.DB, tenantId);
  if (!listed) return refuse("not-found", "There is no such tenant.");
  return await tenant.create(
    { ...listed, plan: firstPlan(env) },
    {
      requestId: meta.requestId,
      actor: meta.actor,
      actorName: meta.actorName,
    },
  );
}

/** `Ärzte & Söhne GmbH` -> `arzte-sohne-gmbh`: what a tenant is called in addresses. Never empty. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? "tenant" : slug;
}
