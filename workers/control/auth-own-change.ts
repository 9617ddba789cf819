import type { Outcome } from "../../contract/problems.ts";
import type { AuditNote } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";
import type { LiveSession } from "./auth-store.ts";

interface OwnCall {
  readonly env: EdgeEnv;
  readonly meta: { readonly requestId: string };
}

/**
 * A change that a person makes to their own account or sessions, noted as intent and result in the log of the tenant they
 * work on. A person without a tenant has no log. @throws when the intent cannot be noted: then nothing is changed
 */
export async function ownChange<T>(
  call: OwnCall,
  session: LiveSession,
  action: string,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { membership, userId, name } = session;
  if (!membership) return await work();
  const tenant = tenantOf({ env: call.env, principal: membership });
  const note = async (outcome: AuditNote["outcome"], detail: AuditNote["detail"] = {}) => {
    const meta = { requestId: call.meta.requestId, actor: `user:${userId}`, actorName: name };
    return await tenant.audit([{ action, target: `user/${userId}`, outcome, detail }], meta);
  };
  const intent = await note("intent");
  if (!intent.ok) return intent;
  const result = await work();
  await (result.ok ? note("done") : note("failed", { problem: result.problem.slug }));
  return result;
}
