import type { CallMeta } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";
import type { ObjectCall } from "../http/objects.ts";

/** What work for an end user needs of the request: whose tenant, who asks, and when. A route's call is one where the tenant is its principal's. */
export interface SubjectScene {
  readonly env: EdgeEnv;
  readonly ctx: ExecutionContext;
  readonly request: Request;
  readonly tenantId: string;
  readonly meta: CallMeta;
  /** Epoch milliseconds. */
  readonly now: number;
}

interface DoorCall {
  readonly env: EdgeEnv;
  readonly ctx: ExecutionContext;
  readonly request: Request;
  readonly door?: { readonly tenantId: string; readonly slug: string };
  readonly meta: CallMeta;
  readonly now: number;
}

/**
 * The scene at a tenant's door. An Idempotency-Key is left behind: strangers share one actor, and one could otherwise be
 * answered with another's reply. @throws when the route is not at a door, which its spec rules out
 */
export function sceneAtDoor(call: DoorCall): SubjectScene & { readonly slug: string } {
  if (!call.door) throw new Error("a route of the door was reached without one");
  const { requestId, actor, actorName } = call.meta;
  const { env, ctx, request, now } = call;
  return { env, ctx, request, now, ...call.door, meta: { requestId, actor, actorName } };
}

/** For addressing objects. With an Idempotency-Key in the meta, changes may be repeated too. */
export function objectCall({ env, tenantId, meta }: Pick<SubjectScene, "env" | "tenantId" | "meta">): ObjectCall {
  return { env, principal: { tenantId }, meta };
}

/** The scene of a call whose principal belongs to the tenant. */
export function sceneOf(call: Omit<SubjectScene, "tenantId"> & { readonly principal: { readonly tenantId: string } }): SubjectScene {
  const { env, ctx, request, now, meta } = call;
  return { env, ctx, request, now, meta, tenantId: call.principal.tenantId };
}
