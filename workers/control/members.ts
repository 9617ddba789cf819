import { z } from "@hono/zod-openapi";
import { type Member, memberPatchSchema, memberSchema } from "../../contract/access.ts";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import { type Page, pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import type { Role } from "../../contract/permissions.ts";
import type { KnownPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { forgetSessions } from "./auth.ts";
import { closeSockets } from "./auth-sockets.ts";
import { endStraySessions, findMember, listMembers, removeMember, sessionsIn, setRole, unlessLastOwner } from "./members-store.ts";
import { changeInD1, type D1Call } from "../db/d1-change.ts";

const common = { action: "members:manage", tag: "control" } as const;
const params = z.object({ memberId: z.string().min(1).max(64) });
const LAST_OWNER: Problem = { slug: "conflict", detail: "This is the last owner. Make somebody else an owner first." };
const NO_MEMBER: Problem = { slug: "not-found", detail: "There is no member with this id." };

export function registerMemberRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/members",
      summary: "List the people of the tenant, in the order they joined",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(memberSchema) },
    },
    async ({ env, principal, query }) => await memberPage(env.DB, principal.tenantId, query),
  );
  route(
    app,
    {
      ...common,
      method: "patch",
      path: "/v1/members/{memberId}",
      summary: "Give a member another role",
      params,
      body: memberPatchSchema,
      answer: { status: 200, schema: memberSchema },
      problems: ["not-found", "conflict", "idempotency-mismatch"],
    },
    async (call) => {
      const { env, principal, params: path, body } = call;
      const parse = (answer: unknown) => memberSchema.parse(answer);
      let before: Member | undefined;
      const changed = await changeInD1(call, parse, async () => {
        before = await findMember(env.DB, principal.tenantId, path.memberId);
        if (!before) return { ok: false, problem: NO_MEMBER };
        const allowed = mayTouchOwner(principal, [before.role, body.role]);
        if (!allowed.ok) return allowed;
        const after = { ...before, role: body.role };
        return accept({
          about: {
            action: "member.change",
            target: `member/${before.id}`,
            detail: { email: before.email, from: before.role, to: body.role },
          },
          event: { type: "meridian.member.changed", subject: `member/${before.id}`, data: { member: after, before: before.role } } as const,
          // An owner who stays an owner takes nobody's place away.
          guard: before.role === body.role ? stillThere(principal.tenantId, before) : unlessLastOwner(principal.tenantId, before),
          statements: [setRole(env.DB, principal.tenantId, before, body.role)],
          answer: after,
          refused: refusedAs(call, before),
        });
      });
      if (changed.ok && before) await endSessions(call, before);
      return changed;
    },
  );
  route(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/members/{memberId}",
      summary: "Remove a member; their sessions and sockets end",
      params,
      answer: { status: 204 },
      problems: ["not-found", "conflict"],
    },
    async (call): Promise<Outcome<undefined>> => {
      const { env, principal, params: path } = call;
      let member: Member | undefined;
      const changed = await changeInD1(
        call,
        () => null,
        async () => {
          member = await findMember(env.DB, principal.tenantId, path.memberId);
          if (!member) return { ok: false, problem: NO_MEMBER };
          const allowed = mayTouchOwner(principal, [member.role]);
          if (!allowed.ok) return allowed;
          return accept({
            about: { action: "member.remove", target: `member/${member.id}`, detail: { email: member.email, role: member.role } },
            event: { type: "meridian.member.removed", subject: `member/${member.id}`, data: { member } } as const,
            guard: unlessLastOwner(principal.tenantId, member),
            statements: [removeMember(env.DB, principal.tenantId, member)],
            answer: null,
            refused: refusedAs(call, member),
          });
        },
      );
      if (!changed.ok) return changed;
      if (member) {
        await endSessions(call, member);
        await endStraySessions(env.DB, member.userId);
      }
      return accept(undefined);
    },
  );
}

async function memberPage(db: D1Database, tenantId: string, query: z.output<typeof pageQuerySchema>): Promise<Outcome<Page<Member>>> {
  const after = query.cursor === undefined ? [0, ""] : decodeCursor(query.cursor, ["number", "string"]);
  if (!after) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the first member.");
  const found = await listMembers(db, tenantId, query.limit + 1, { joinedAt: Number(after[0]), id: String(after[1]) });
  const items = found.slice(0, query.limit);
  const last = items.at(-1);
  return accept({ items, nextCursor: found.length > query.limit && last ? encodeCursor([Date.parse(last.joinedAt), last.id]) : null });
}

/** Owners are made, changed and removed by owners: an admin could otherwise take the tenant over. */
export function mayTouchOwner(principal: KnownPrincipal, roles: readonly Role[]): Outcome<undefined> {
  const isOwner = principal.kind === "operator" && principal.role === "owner";
  return isOwner || !roles.includes("owner") ? accept(undefined) : refuse("forbidden", "Only an owner may do this to an owner.");
}

function stillThere(tenantId: string, member: Member) {
  return {
    sql: "EXISTS (SELECT 1 FROM identity_member WHERE id = ? AND organization_id = ? AND role = ?)",
    params: [member.id, tenantId, member.role],
  };
}

/** Why the guard did not hold: the member is gone, is the last owner, or was changed by someone else in between. */
function refusedAs({ env, principal }: D1Call, seen: Member): () => Promise<Problem> {
  return async () => {
    const now = await findMember(env.DB, principal.tenantId, seen.id);
    if (!now) return NO_MEMBER;
    if (now.role === "owner") return LAST_OWNER;
    return { slug: "conflict", detail: "This member was changed by somebody else just now. Look again and repeat." };
  };
}

/** What the person was allowed is forgotten here at once, elsewhere within two seconds; open sockets close now. */
async function endSessions({ env, principal }: D1Call, member: Member): Promise<void> {
  const sessions = await sessionsIn(env.DB, principal.tenantId, member.userId);
  forgetSessions(sessions.map(({ token }) => token));
  await closeSockets(
    env,
    principal.tenantId,
    sessions.map(({ id }) => `session:${id}`),
  );
}
