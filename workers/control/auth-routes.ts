import { z } from "@hono/zod-openapi";
import { ACCESS_LIMITS, type SignedIn, signedInSchema, signInSchema, signUpSchema } from "../../contract/access.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { signInAnswerSchema } from "../../contract/second-factors.ts";
import type { App } from "../http/app.ts";
import { clientAddress } from "../http/client-address.ts";
import { route } from "../http/define-route.ts";
import { liveSession } from "./auth.ts";
import { type AccountCall, NOT_SIGNED_IN, openSession, passOn, signIn } from "./auth-account.ts";
import { takeAttempt } from "./auth-attempts.ts";
import { readCookie, signedCookie } from "./auth-cookie.ts";
import { openRoute } from "./auth-open-route.ts";
import { ownChange } from "./auth-own-change.ts";
import { endChallenges } from "./auth-factor-store.ts";
import { createFirstOperator } from "./auth-first.ts";
import { forward } from "./auth-forward.ts";
import { registerPasskeyRoutes } from "./auth-passkey-routes.ts";
import { afterEnd, afterRevoke } from "./auth-session-end.ts";
import { registerSessionRoutes } from "./auth-session-routes.ts";
import { isMemberOf, sessionsOf } from "./auth-store.ts";
import { registerTwoFactorRoutes } from "./auth-two-factor-routes.ts";
import { checkSetupToken } from "./setup-token.ts";

const common = { action: "open", tag: "control" } as const;
const post = { ...common, method: "post", problems: ["origin-not-allowed", "unauthenticated"] } as const;

const done = { status: 200, schema: z.object({ success: z.literal(true) }) } as const;
const success = accept({ success: true } as const);

/**
 * What of `/v1/auth` can be reached; everything else below it is 404, whatever the library would offer. Each unsafe one
 * needs our own Origin and JSON, since a stranger's page could otherwise sign a visitor in or out.
 */
export function registerAuthRoutes(app: App): void {
  registerSessionRoutes(app);
  registerTwoFactorRoutes(app);
  registerPasskeyRoutes(app);
  openRoute(
    app,
    {
      ...post,
      path: "/v1/auth/sign-in/email",
      summary: "Sign in, or begin to: a second factor is asked for next",
      body: signInSchema,
      answer: { status: 200, schema: signInAnswerSchema },
    },
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
      const trusted = await checkSetupToken(call.env, call.body.setupToken);
      if (!trusted.ok) return trusted;
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
    if (session) await afterEnd(call, session);
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
      const { env, request } = call;
      const answer = await forward(env, { method: "GET", path: "get-session", request, carry: ["session"] });
      if (!answer.ok) return answer;
      const { value, cookies } = answer.value;
      if (value !== null) return accept(passOn(call, value, cookies.length > 0 ? cookies : await signedAnew(call)));
      for (const cookie of cookies) call.answerHeaders.append("set-cookie", cookie);
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
      await afterEnd(call, session);
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
      await endChallenges(call.env.DB, session.userId);
      afterRevoke(call, ended);
      return accept(passOn(call, answer.value.value, answer.value.cookies));
    },
  );
}

const NOT_THEIRS = refuse("not-found", "You are not a member of such a tenant.");

async function forwardAs(call: AccountCall, path: string, body: unknown, hashes = false) {
  return await forward(call.env, { method: "POST", path, body, request: call.request, carry: ["session"], hashes });
}

/** The session's cookie by the current key of the ring, when an older one signed it: its session outlives that key. */
async function signedAnew({ env, request }: AccountCall): Promise<string[]> {
  const cookie = await readCookie(request, env, "session");
  const session = cookie?.outdated ? await liveSession(request, env) : undefined;
  if (!cookie || !session) return [];
  return [await signedCookie(env, "session", cookie.value, Math.max(1, Math.floor((session.expiresAt - Date.now()) / 1_000)))];
}
