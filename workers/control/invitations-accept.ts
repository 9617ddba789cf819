import {
  type InvitationAccepted,
  invitationAcceptedSchema,
  invitationAcceptSchema,
  type InvitationPreview,
  invitationPreviewQuerySchema,
  invitationPreviewSchema,
} from "../../contract/access.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { PLANS } from "../../contract/plans.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { tenantOf } from "../http/objects.ts";
import type { z } from "@hono/zod-openapi";
import { forgetSessions, liveSession } from "./auth.ts";
import { type AccountCall, openSession } from "./auth-account.ts";
import { clientAddress } from "../http/client-address.ts";
import { takeAttempt } from "./auth-attempts.ts";
import { sessionToken } from "./auth-cookie.ts";
import { forward } from "./auth-forward.ts";
import { openRoute } from "./auth-open-route.ts";
import { hashPassword, PasswordsBusy, whenHashing } from "./auth-password.ts";
import { findOrganization, findUserByEmail, type LiveSession } from "./auth-store.ts";
import { hashToken } from "./invitations.ts";
import { findByToken, type InvitationRecord, type Joining, joinState, joinStatements, mayJoin } from "./invitations-store.ts";
import { changeInD1 } from "../db/d1-change.ts";

const GONE: Problem = { slug: "gone", detail: "This link was used, cancelled or has expired. Ask for another one." };
const common = { method: "post", action: "open", tag: "control" } as const;

export function registerInvitationDoorRoutes(app: App): void {
  openRoute(
    app,
    {
      ...common,
      path: "/v1/invitations/preview",
      summary: "What an invitation's link offers",
      body: invitationPreviewQuerySchema,
      answer: { status: 200, schema: invitationPreviewSchema },
      problems: ["gone", "rate-limited"],
    },
    async ({ env, body, now }): Promise<Outcome<InvitationPreview>> => {
      const record = await findByToken(env.DB, await hashToken(body.token), now);
      const tenant = record && (await findOrganization(env.DB, record.tenantId));
      if (!record || !tenant) return { ok: false, problem: GONE };
      return accept({
        tenantName: tenant.name,
        email: record.email,
        role: record.role,
        expiresAt: new Date(record.expiresAt).toISOString(),
        needsSignIn: (await findUserByEmail(env.DB, record.email)) !== undefined,
      });
    },
  );
  openRoute(
    app,
    {
      ...common,
      path: "/v1/invitations/accept",
      summary: "Join by an invitation's link",
      body: invitationAcceptSchema,
      answer: { status: 200, schema: invitationAcceptedSchema },
      problems: ["gone", "conflict", "limit-reached", "rate-limited", "forbidden"],
    },
    async (call) => {
      const fromHere = await takeAttempt(call.env, "address", clientAddress(call.request));
      if (!fromHere.ok) return fromHere;
      const record = await findByToken(call.env.DB, await hashToken(call.body.token), call.now);
      if (!record) return { ok: false, problem: GONE };
      const session = await liveSession(call.request, call.env);
      return session ? await joinAs(call, record, session) : await joinAnew(call, record, call.body);
    },
  );
}

type JoinCall = AccountCall & { readonly now: number };

/** A signed-in person joins; the session goes on in the new tenant. */
async function joinAs(call: JoinCall, record: InvitationRecord, session: LiveSession): Promise<Outcome<InvitationAccepted>> {
  if (session.email !== record.email) {
    return refuse("forbidden", "This invitation is for another address than the one you are signed in with. Sign out first.");
  }
  const { userId, name, email } = session;
  const joined = await join(call, record, { name, joining: { memberId: uuidv7(call.now, cryptoRandom), userId, createdAt: call.now } });
  if (!joined.ok) return joined;
  const body = { organizationId: record.tenantId };
  const { env, request } = call;
  const moved = await forward(env, { method: "POST", path: "organization/set-active", body, request, carry: ["session"] });
  if (!moved.ok) return moved;
  const token = await sessionToken(call.request, call.env);
  if (token !== undefined) forgetSessions([token]);
  return accept({ user: { id: userId, name, email }, tenantId: record.tenantId, role: record.role });
}

/** A new person makes an account of the invited address, joins, and is signed in. */
async function joinAnew(
  call: JoinCall,
  record: InvitationRecord,
  { name, password }: z.output<typeof invitationAcceptSchema>,
): Promise<Outcome<InvitationAccepted>> {
  if (await findUserByEmail(call.env.DB, record.email)) {
    return refuse("conflict", "The invited address has an account. Sign in with it, then open the link again.");
  }
  if (name === undefined || password === undefined) {
    const missing = [name === undefined ? "/name" : [], password === undefined ? "/password" : []].flat();
    const errors = missing.map((pointer) => ({ pointer, detail: "is needed to make an account" }));
    return refuse("invalid-body", "Give a name and a password, or sign in first; see errors.", { errors });
  }
  let hash: string;
  try {
    hash = await whenHashing(Date.now(), async () => hashPassword(password));
  } catch (error) {
    if (!(error instanceof PasswordsBusy)) throw error;
    return refuse("unavailable", "Too many people join at this moment. Try again.", { retryAfterS: 2 });
  }
  const id = () => uuidv7(call.now, cryptoRandom);
  const joining = { memberId: id(), userId: id(), createdAt: call.now, account: { id: id(), name, password: hash } };
  const joined = await join(call, record, { name, joining });
  if (!joined.ok) return joined;
  const opened = await openSession(call, record.email, password);
  return opened.ok ? accept({ ...opened.value, tenantId: record.tenantId, role: record.role }) : opened;
}

async function join(call: JoinCall, record: InvitationRecord, who: { name: string; joining: Joining }): Promise<Outcome<null>> {
  const { env, now } = call;
  const { joining, name } = who;
  const principal = { tenantId: record.tenantId };
  // The link itself works once, so a repeated request needs no Idempotency-Key.
  const meta = { requestId: call.meta.requestId, actor: `user:${joining.userId}`, actorName: name };
  return await changeInD1(
    { env, principal, meta, now },
    () => null,
    async () => {
      const tenant = await tenantOf({ env, principal }).describe();
      if (!tenant.ok) return tenant;
      const { members, title } = PLANS[tenant.value.plan];
      const guard = mayJoin(record, joining, members, now);
      const member = {
        id: joining.memberId,
        userId: joining.userId,
        name,
        email: record.email,
        role: record.role,
        joinedAt: new Date(joining.createdAt).toISOString(),
      };
      return accept({
        about: {
          action: "invitation.accept",
          target: `invitation/${record.id}`,
          detail: { email: record.email, role: record.role, member: joining.memberId },
        },
        event: { type: "meridian.member.joined", subject: `member/${joining.memberId}`, data: { member } } as const,
        guard,
        statements: joinStatements(env.DB, record, joining, guard),
        answer: null,
        refused: async (): Promise<Problem> => {
          const state = await joinState(env.DB, record, now);
          if (!state.open) return GONE;
          if (state.members < members) return { slug: "conflict", detail: "You are a member already." };
          return { slug: "limit-reached", detail: `The ${title} plan has ${members} places, and all are taken.` };
        },
      });
    },
  );
}
