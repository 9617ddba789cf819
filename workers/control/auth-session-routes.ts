import { z } from "@hono/zod-openapi";
import { accept, refuse } from "../../contract/problems.ts";
import { type Session, sessionSchema } from "../../contract/second-factors.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { liveSession } from "./auth.ts";
import { type AccountCall, NOT_SIGNED_IN } from "./auth-account.ts";
import { openRoute } from "./auth-open-route.ts";
import { ownChange } from "./auth-own-change.ts";
import { afterRevoke } from "./auth-session-end.ts";
import { deleteSessions, type LiveSession, type SessionItem, sessionsOf } from "./auth-store.ts";

const common = { action: "open", tag: "control", path: "/v1/auth/sessions" } as const;
const NOT_THEIRS = refuse("not-found", "You have no such session. It may have ended meanwhile.");

/** Where one is signed in, and the end of it: by id, for a session's token never leaves the edge. */
export function registerSessionRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      summary: "Where one is signed in",
      answer: { status: 200, schema: z.object({ items: z.array(sessionSchema) }) },
      problems: ["unauthenticated"],
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      const items = await sessionsOf(call.env.DB, session.userId, Date.now());
      return accept({ items: items.map((item) => sessionView(item, session.sessionId)) });
    },
  );
  openRoute(
    app,
    {
      ...common,
      method: "delete",
      summary: "End all of one's sessions but this one",
      answer: { status: 200, schema: z.object({ ended: z.number().int() }) },
      problems: ["origin-not-allowed", "unauthenticated"],
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      return await end(call, session, ({ id }) => id !== session.sessionId);
    },
  );
  openRoute(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/auth/sessions/{sessionId}",
      summary: "End one of one's sessions",
      params: z.object({ sessionId: z.string().min(1).max(64) }),
      answer: { status: 204 },
      problems: ["origin-not-allowed", "unauthenticated", "not-found"],
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      const answer = await end(call, session, ({ id }) => id === call.params.sessionId);
      if (!answer.ok) return answer;
      return answer.value.ended === 0 ? NOT_THEIRS : accept(undefined);
    },
  );
}

async function end(call: AccountCall, session: LiveSession, meant: (item: SessionItem) => boolean) {
  const ended = (await sessionsOf(call.env.DB, session.userId, Date.now())).filter(meant);
  if (ended.length === 0) return accept({ ended: 0 });
  return await ownChange(call, session, "session.revoke", async () => {
    await deleteSessions(
      call.env.DB,
      session.userId,
      ended.map(({ id }) => id),
    );
    afterRevoke(call, ended);
    return accept({ ended: ended.length });
  });
}

function sessionView(item: SessionItem, currentId: string): Session {
  const instant = (at: number) => new Date(at).toISOString();
  return {
    id: item.id,
    current: item.id === currentId,
    tenantId: item.tenant_id,
    device: item.device,
    network: item.network,
    createdAt: instant(item.created_at),
    lastSeenAt: instant(item.updated_at),
    expiresAt: instant(item.expires_at),
  };
}
