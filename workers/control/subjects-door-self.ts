import type { AnyPrincipal, SubjectPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { HostedAccount } from "../../contract/rpc/subjects.ts";
import { HOSTED } from "../../contract/subject-id.ts";
import { type SubjectSelf, subjectPasswordSchema, subjectSelfSchema } from "../../contract/subjects.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { subjectsOf } from "../http/objects.ts";
import { takeAttempt } from "./auth-attempts.ts";
import { handleCookie } from "./subject-cookie.ts";
import { deleteSubject } from "./subject-delete.ts";
import { hashChosen, isPasswordOf } from "./subject-password.ts";
import { objectCall, sceneAtDoor, type SubjectScene } from "./subject-scene.ts";
import { endTokens } from "./subject-sign-out.ts";

const common = { action: "self:read", subjects: "self", tag: "subjects", door: "only" } as const;

/** What an end user sees and does about themselves. */
export function registerSubjectSelfRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/subjects/me",
      summary: "Who is asking, and what their token lets them do",
      answer: { status: 200, schema: subjectSelfSchema },
    },
    async (call): Promise<Outcome<SubjectSelf>> => {
      const scene = sceneAtDoor(call);
      const who = subjectAmong(call.principal);
      if (!who.ok) return who;
      const { issuer, sub, name, avatarUrl, grants, credentialExpiresAt } = who.value;
      const account = issuer === HOSTED ? await subjectsOf(objectCall(scene), issuer, sub).account(sub) : null;
      return accept({
        issuer,
        sub,
        name: account?.name ?? name,
        avatarUrl,
        email: account?.email ?? null,
        guest: account?.guest ?? false,
        grants: grants.map((grant) => ({ ...grant, actions: [...grant.actions] })),
        expiresAt: new Date(credentialExpiresAt).toISOString(),
      });
    },
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/subjects/password",
      summary: "Change one's password; every other session ends",
      description: "The token that was sent ends too: renew it.",
      body: subjectPasswordSchema,
      answer: { status: 204 },
      problems: ["conflict", "rate-limited"],
    },
    async (call) => {
      const scene = sceneAtDoor(call);
      const who = subjectAmong(call.principal);
      if (!who.ok) return who;
      const self = await hostedSelf(scene, who.value);
      if (!self.ok) return self;
      if (self.value.passwordHash === null) return refuse("conflict", "A guest has no password: upgrade first.");
      const taken = await takeAttempt(scene.env, "passwordChange", `${scene.tenantId}/${who.value.ref}`);
      if (!taken.ok) return taken;
      const genuine = await isPasswordOf(self.value.passwordHash, call.body.currentPassword, scene.now);
      if (!genuine.ok) return genuine;
      if (!genuine.value) {
        const errors = [{ pointer: "/currentPassword", detail: "This is not the current password." }];
        return refuse("invalid-body", "The password was not changed; see errors.", { errors });
      }
      const passwordHash = await hashChosen(call.body.newPassword, "newPassword", scene.now);
      if (!passwordHash.ok) return passwordHash;
      const set = await subjectsOf(objectCall(scene), HOSTED, self.value.sub).setPassword(self.value.sub, passwordHash.value, scene.meta);
      if (!set.ok) return set;
      await endOtherSessions(scene, who.value);
      return accept(undefined);
    },
  );
  route(
    app,
    {
      ...common,
      method: "delete",
      path: "/v1/subjects/me",
      summary: "Delete oneself and everything of oneself, for good",
      answer: { status: 204 },
    },
    async (call) => {
      const scene = sceneAtDoor(call);
      const who = subjectAmong(call.principal);
      if (!who.ok) return who;
      if (who.value.issuer !== HOSTED) return NOT_HOSTED;
      const deleted = await deleteSubject(scene, { issuer: HOSTED, sub: who.value.sub });
      if (deleted.ok) call.answerHeaders.append("set-cookie", handleCookie(scene, null));
      return deleted;
    },
  );
}

const NOT_HOSTED = refuse("forbidden", "This is for hosted accounts: this token's issuer keeps the person's account.");

/** At the door nobody else comes so far; the type knows operators and keys too. */
function subjectAmong(principal: AnyPrincipal): Outcome<SubjectPrincipal> {
  return principal.kind === "subject" ? accept(principal) : refuse("forbidden", "This is for end users.");
}

/** The hosted account behind a token. */
export async function hostedSelf(scene: SubjectScene, principal: AnyPrincipal): Promise<Outcome<HostedAccount>> {
  const who = subjectAmong(principal);
  if (!who.ok) return who;
  if (who.value.issuer !== HOSTED) return NOT_HOSTED;
  const account = await subjectsOf(objectCall(scene), HOSTED, who.value.sub).account(who.value.sub);
  return account ? accept(account) : refuse("gone", "This account was deleted.");
}

/** Whoever knew the old password is out: their families end, and so do all tokens until now. The session that changed it renews its own. */
async function endOtherSessions(scene: SubjectScene, { issuer, sub, ref, familyId }: SubjectPrincipal): Promise<void> {
  const subjects = subjectsOf(objectCall(scene), issuer, sub);
  const described = await subjects.describe({ issuer, sub });
  const others = described.ok ? described.value.sessions.filter(({ id }) => id !== familyId) : [];
  for (const { id } of others) await subjects.closeFamilies({ issuer, sub }, id, scene.meta);
  await endTokens(scene, ref);
}
