import { z } from "@hono/zod-openapi";
import { ACCESS_LIMITS, type Invitation, invitationCreateSchema, invitationSchema } from "../../contract/access.ts";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import { type Page, pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { PLANS } from "../../contract/plans.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { sha256Hex } from "../../contract/base64.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { isDeploymentAdmin } from "./auth.ts";
import {
  closeInvitation,
  findInvitation,
  insertInvitation,
  invitationView,
  isMember,
  listInvitations,
  roomToInvite,
  stillOpen,
} from "./invitations-store.ts";
import { mayTouchOwner } from "./members.ts";
import { changeInD1 } from "../db/d1-change.ts";

const common = { action: "members:manage", tag: "control" } as const;
/** Crockford digits of a link's token: 200 bits. */
const TOKEN_CHARS = 40;
const NO_INVITATION: Problem = { slug: "not-found", detail: "There is no invitation with this id." };

export function registerInvitationRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/invitations",
      summary: "List invitations, newest first",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(invitationSchema) },
    },
    async ({ env, principal, query, now }) => await invitationPage(env.DB, principal.tenantId, query, now),
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/invitations",
      summary: "Invite a person by link",
      description: "The answer holds the link, once. Inviting an address again cancels its earlier link.",
      body: invitationCreateSchema,
      answer: { status: 201, schema: invitationSchema },
      problems: ["limit-reached", "conflict", "secret-already-shown", "idempotency-mismatch"],
    },
    async (call) => {
      const { env, principal, body, now } = call;
      if (principal.kind !== "operator") return refuse("forbidden", "People are invited by people: sign in to the console.");
      return await changeInD1(
        call,
        (answer) => invitationSchema.parse(answer),
        async () => {
          const email = body.email.toLowerCase();
          const allowed = mayTouchOwner(principal, [body.role]);
          if (!allowed.ok) return allowed;
          // The link goes to whoever invites, so it proves nothing about the address: it must not make a deployment admin.
          if (isDeploymentAdmin(email, env) && !principal.deploymentAdmin) {
            return refuse("forbidden", "This address can be invited by a deployment admin only.");
          }
          const tenant = await tenantOf(call).describe();
          if (!tenant.ok) return tenant;
          const token = randomText(TOKEN_CHARS, cryptoRandom);
          const record = {
            id: uuidv7(now, cryptoRandom),
            tenantId: principal.tenantId,
            email,
            role: body.role,
            status: "pending",
            createdAt: now,
            expiresAt: now + ACCESS_LIMITS.invitationTtlS * 1_000,
            inviterId: principal.userId,
            tokenHash: await hashToken(token),
          } as const;
          const { members, title } = PLANS[tenant.value.plan];
          const guard = roomToInvite(principal.tenantId, email, members, now);
          return accept({
            about: { action: "invitation.create", target: `invitation/${record.id}`, detail: { email, role: body.role } },
            event: {
              type: "meridian.member.invited",
              subject: `invitation/${record.id}`,
              data: { id: record.id, email, role: body.role, expiresAt: new Date(record.expiresAt).toISOString() },
            } as const,
            guard,
            statements: insertInvitation(env.DB, record, guard),
            answer: invitationView(record, now, `${env.PUBLIC_URL}/console/join?token=${token}`),
            secret: true as const,
            refused: async (): Promise<Problem> => await whyNoRoom(env.DB, principal.tenantId, email, members, title),
          });
        },
      );
    },
  );
  route(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/invitations/{invitationId}",
      summary: "Cancel an invitation; its link stops working",
      params: z.object({ invitationId: z.string().min(1).max(64) }),
      answer: { status: 200, schema: invitationSchema },
      problems: ["not-found", "conflict"],
    },
    async (call) => {
      const { env, principal, params, now } = call;
      return await changeInD1(
        call,
        (answer) => invitationSchema.parse(answer),
        async () => {
          const record = await findInvitation(env.DB, principal.tenantId, params.invitationId);
          if (!record) return { ok: false, problem: NO_INVITATION };
          const state = invitationView(record, now).state;
          if (state !== "pending") return refuse("conflict", `This invitation is ${state}: there is nothing to cancel.`);
          return accept({
            about: { action: "invitation.cancel", target: `invitation/${record.id}`, detail: { email: record.email } },
            event: {
              type: "meridian.member.changed",
              subject: `invitation/${record.id}`,
              data: { id: record.id, email: record.email, state: "cancelled" },
            } as const,
            guard: stillOpen(record, now),
            statements: [closeInvitation(env.DB, record, "canceled")],
            answer: invitationView({ ...record, status: "canceled" }, now),
            refused: async (): Promise<Problem> => ({ slug: "conflict", detail: "This invitation was used or cancelled just now." }),
          });
        },
      );
    },
  );
}

/** What is kept of a link's token; so much entropy needs no slow hash. */
export async function hashToken(token: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(token));
}

async function invitationPage(
  db: D1Database,
  tenantId: string,
  query: z.output<typeof pageQuerySchema>,
  now: number,
): Promise<Outcome<Page<Invitation>>> {
  const before = query.cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : decodeCursor(query.cursor, ["number", "string"]);
  if (!before) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the newest invitation.");
  const found = await listInvitations(db, tenantId, query.limit + 1, { createdAt: Number(before[0]), id: String(before[1]) });
  const shown = found.slice(0, query.limit);
  const last = shown.at(-1);
  return accept({
    items: shown.map((record) => invitationView(record, now)),
    nextCursor: found.length > query.limit && last ? encodeCursor([last.createdAt, last.id]) : null,
  });
}

async function whyNoRoom(db: D1Database, tenantId: string, email: string, members: number, title: string): Promise<Problem> {
  if (await isMember(db, tenantId, email)) return { slug: "conflict", detail: "This person is a member already." };
  return {
    slug: "limit-reached",
    detail: `The ${title} plan has ${members} places, and members and open invitations fill them. Remove or cancel one first.`,
  };
}
