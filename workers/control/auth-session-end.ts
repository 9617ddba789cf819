import type { EdgeEnv } from "../env.ts";
import { forgetSessions } from "./auth.ts";
import { sessionToken } from "./auth-cookie.ts";
import { closeSockets } from "./auth-sockets.ts";
import type { LiveSession, SessionItem } from "./auth-store.ts";

interface EndCall {
  readonly env: EdgeEnv;
  readonly request: Request;
  readonly ctx: Pick<ExecutionContext, "waitUntil">;
}

/** Nothing of what the caller's session was lingers in this isolate, and its sockets close. */
export async function afterEnd(call: EndCall, session: LiveSession): Promise<void> {
  const token = await sessionToken(call.request, call.env);
  if (token !== undefined) forgetSessions([token]);
  if (session.membership) call.ctx.waitUntil(closeSockets(call.env, session.membership.tenantId, [`session:${session.sessionId}`]));
}

/** The same for sessions that were ended by their owner. */
export function afterRevoke(call: EndCall, ended: readonly SessionItem[]): void {
  forgetSessions(ended.map(({ token }) => token));
  for (const [tenantId, items] of Map.groupBy(ended, ({ tenant_id }) => tenant_id)) {
    const credentials = items.map(({ id }) => `session:${id}`);
    if (tenantId !== null) call.ctx.waitUntil(closeSockets(call.env, tenantId, credentials));
  }
}
