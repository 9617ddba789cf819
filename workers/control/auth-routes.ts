import { z } from "@hono/zod-openapi";
import { ACCESS_LIMITS, type SignedIn, signedInSchema, signInSchema, signUpSchema } from "../../contract/access.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import type { RouteCall, RouteSpec } from "../http/route.ts";
import { forgetSessions, liveSession } from "./auth.ts";
import { clientAddress } from "../http/client-address.ts";
import { takeAttempt } from "./auth-attempts.ts";
import { openSession, passOn, signIn } from "./auth-account.ts";
import { sessionToken } from "./auth-cookie.ts";
import { openRoute } from "./auth-open-route.ts";
import { ownChange } from "./auth-own-change.ts";
import { createFirstOperator } from "./auth-first.ts";
import { forward } from "./auth-forward.ts";
import { closeSockets } from "./auth-sockets.ts";
import { isMemberOf, sessionsOf } from "./auth-store.ts";
import type { LiveSession, SessionItem } from "./auth-store.ts";

const common = { action: "open", tag: "control" } as const;
const post = { ...common, method: "post", problems: ["origin-not-allowed", "unauthenticated"] } as const;

const sessionSchema = z.object({
  id: z.string(),
  current: z.boolean(),
  tenantId: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
const done = { status: 200, schema: z.object({ success: z.literal(true) }) } as const;
const success = accept({ success: true } as const);

/**
 * What of `/v1/auth` can be reached; everything else below it is 404, whatever the library would offer. Each unsafe one
 * needs our own Origin and JSON, since a stranger's page could otherwise sign a visitor in or out.
 */
export function registerAuthRoutes(app: App): void {
  openRoute(
    app,
    { ...post, path: "/v1/auth/sign-in/email", summary: "Sign in", body: signInSchema, answer: { status: 200, schema: signedInSchema } },
    async (call) => await signIn(call, call.body.email, call.body.password),
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/sign-up/email",
      summary: "Sign up as the deployment's first operator",
      body: signUpSchema,
      answer: { status: 200, schema: signedInSchema },
    },
    async (call) => {
      const fromHere = await takeAttempt(call.env, "address", clientAddress(call.request));
      if (!fromHere.ok) return fromHere;
      const made = await createFirstOperator(call.env, call.body, call.meta.requestId);
      return made.ok ? await openSession(call, call.body.email, call.body.password) : made;
    },
  );
  openRoute(app, { ...post, path: "/v1/auth/sign-out", summary: "End this session", answer: done }, async (call) => {
    const session = await liveSession(call.request, call.env);
    const close = async () => await forwardAs(call, "sign-out", {});
    const answer = session ? await ownChange(call, session, "session.close", close) : await close();
    if (!answer.ok) return answer;
    for (const cookie of answer.value.cookies) call.answerHeaders.append("set-cookie", cookie);
    if (session) await afterEnd(call, session, [session.sessionId]);
    return success;
  });
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/auth/get-session",
      summary: "Who is signed in, or null; renews the session",
      answer: { status: 200, schema: signedInSchema.nullable() },
    },
    async (call): Promise<Outcome<SignedIn | null>> => {
      const answer = await forward(call.env, { method: "GET", path: "get-session", cookie: call.request.headers.get("cookie") });
      if (!answer.ok) return answer;
      if (answer.value.value !== null) return accept(passOn(call, answer.value.value, answer.value.cookies));
      for (const cookie of answer.value.cookies) call.answerHeaders.append("set-cookie", cookie);
      return accept(null);
    },
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/organization/set-active",
      summary: "Work on another tenant",
      body: z.strictObject({ organizationId: z.string().min(1).max(64) }),
      answer: done,
    },
    async (call) => {
      const { organizationId } = call.body;
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      // Asked here, because the library answers a tenant that is not theirs by taking away the one they work on.
      if (!(await isMemberOf(call.env.DB, session.userId, organizationId))) return NOT_THEIRS;
      const answer = await forwardAs(call, "organization/set-active", { organizationId });
      if (!answer.ok) return answer;
      // Sockets stay with the tenant they were opened for; those of the old one end here.
      await afterEnd(call, session, [session.sessionId]);
      return success;
    },
  );
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/change-password",
      summary: "Set another password; every other session ends",
      body: z.strictObject({
        currentPassword: z.string().min(1).max(ACCESS_LIMITS.passwordMaxChars),
        newPassword: z.string().min(ACCESS_LIMITS.passwordMinChars).max(ACCESS_LIMITS.passwordMaxChars),
      }),
      answer: { status: 200, schema: signedInSchema },
    },
    async (call) => {
      const session = await liveSession(call.request, call.env);
      if (!session) return NOT_SIGNED_IN;
      const attempt = await takeAttempt(call.env, "passwordChange", session.userId);
      if (!attempt.ok) return attempt;
      const ended = await sessionsOf(call.env.DB, session.userId, Date.now());
      const body = { ...call.body, revokeOtherSessions: true };
      const answer = await ownChange(call, session, "password.change", async () => await forwardAs(call, "change-password", body, true));
      if (!answer.ok) return answer;
      await afterRevoke(call, ended);
      return accept(passOn(call, answer.value.value, answer.value.cookies));
    },
  );
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/auth/list-sessions",
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
      ...post,
      path: "/v1/auth/revoke-session",
      summary: "End one of one's sessions",
      body: z.strictObject({ id: z.string().min(1).max(64) }),
      answer: done,
    },
    async (call) => await revoke(call, (item) => item.id === call.body.id),
  );
  openRoute(
    app,
    { ...post, path: "/v1/auth/revoke-other-sessions", summary: "End all sessions but this one", answer: done },
    async (call) => await revoke(call, (item, current) => item.id !== current.sessionId),
  );
}

const NOT_SIGNED_IN = refuse("unauthenticated", "Sign in first.");
const NOT_THEIRS = refuse("not-found", "You are not a member of such a tenant.");

type Call = Pick<RouteCall<RouteSpec>, "env" | "request" | "ctx" | "meta" | "answerHeaders">;

async function forwardAs(call: Call, path: string, body: unknown, hashes = false) {
  const cookie = call.request.headers.get("cookie");
  return await forward(call.env, { method: "POST", path, body, cookie, hashes });
}

/** Ends those of the caller's sessions that are meant; the library does it by their tokens, which never leave the edge. */
async function revoke(call: Call, meant: (item: SessionItem, current: LiveSession) => boolean) {
  const session = await liveSession(call.request, call.env);
  if (!session) return NOT_SIGNED_IN;
  const ended = (await sessionsOf(call.env.DB, session.userId, Date.now())).filter((item) => meant(item, session));
  return await ownChange(call, session, "session.revoke", async () => {
    for (const { token } of ended) {
      const answer = await forwardAs(call, "revoke-session", { token });
      if (!answer.ok) return answer;
    }
    await afterRevoke(call, ended);
    return success;
  });
}

async function afterRevoke(call: Call, ended: readonly SessionItem[]): Promise<void> {
  forgetSessions(ended.map(({ token }) => token));
  const byTenant = Map.groupBy(ended, ({ tenant_id }) => tenant_id);
  for (const [tenantId, items] of byTenant) {
    const credentials = items.map(({ id }) => `session:${id}`);
    if (tenantId !== null) call.ctx.waitUntil(closeSockets(call.env, tenantId, credentials));
  }
}

/** Nothing of what a session was lingers in this isolate, and its sockets close. */
async function afterEnd(call: Call, session: LiveSession, sessionIds: readonly string[]): Promise<void> {
  const token = await sessionToken(call.request, call.env);
  if (token !== undefined) forgetSessions([token]);
  if (!session.membership) return;
  const credentials = sessionIds.map((id) => `session:${id}`);
  call.ctx.waitUntil(closeSockets(call.env, session.membership.tenantId, credentials));
}

function sessionView(item: SessionItem, currentId: string) {
  const instant = (at: number) => new Date(at).toISOString();
  return {
    id: item.id,
    current: item.id === currentId,
    tenantId: item.tenant_id,
    userAgent: item.user_agent,
    createdAt: instant(item.created_at),
    lastSeenAt: instant(item.updated_at),
    expiresAt: instant(item.expires_at),
  };
}
