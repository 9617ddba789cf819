import type { SubjectPrincipal } from "../../contract/principal.ts";
import { subjectsOf, tenantOf } from "../http/objects.ts";
import { closeSockets } from "./auth-sockets.ts";
import { objectCall, type SubjectScene } from "./subject-scene.ts";
import { freshAccess } from "./subject-session.ts";

/**
 * Ends the family of the token that was sent, or `everywhere` all of the person's families and tokens. @returns families that ended
 *
 * A single token is left to end by itself: a tenant remembers so many revocations, and signing in and out would use them up.
 */
export async function signOut(scene: SubjectScene, who: SubjectPrincipal, everywhere: boolean): Promise<readonly string[]> {
  const { issuer, sub, familyId } = who;
  if (!everywhere && familyId === null) return [];
  const closed = await subjectsOf(objectCall(scene), issuer, sub).closeFamilies({ issuer, sub }, everywhere ? null : familyId, scene.meta);
  // A token that is over already still comes in for a moment: what it repeats would only fill the tenant's log and memory.
  if (everywhere && (await freshAccess(scene)).revokedBy(who) === undefined) await endTokens(scene, who.ref);
  return closed.ok ? closed.value.closed : [];
}

/**
 * Ends all tokens of a person until now, because they wish it themselves. Where the tenant remembers no more revocations it is
 * left at their families: what strangers do must not stand in anybody's way, and tokens of hosted accounts live for minutes.
 */
export async function endTokens(scene: SubjectScene, ref: string): Promise<void> {
  const { requestId, actor, actorName } = scene.meta;
  const revoked = await tenantOf(objectCall(scene)).revoke({ kind: "subject", id: ref }, { requestId, actor, actorName });
  if (!revoked.ok && revoked.problem.slug !== "limit-reached") throw new Error(`tokens could not be ended: ${revoked.problem.slug}`);
  await closeSockets(scene.env, scene.tenantId, [`subject:${ref}`], revoked.ok ? revoked.value.before : undefined);
}
