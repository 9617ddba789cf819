import { grantsBeyond } from "../../contract/grants.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { RefreshFamily, SubjectName } from "../../contract/rpc/subjects.ts";
import { HOSTED, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { findKey } from "../http/key-cache.ts";
import { subjectsAt, subjectsOf, tenantOf } from "../http/objects.ts";
import { makeRefreshHandle, type RefreshHandle } from "../http/token-refresh.ts";
import { closeSockets } from "./auth-sockets.ts";
import { accessHere, tokenOf } from "./subject-session.ts";
import { objectCall, type SubjectScene } from "./subject-scene.ts";
import { endTokens } from "./subject-sign-out.ts";

/** Why a handle is refused is for the audit log: whoever holds it learns that it is over. */
const ENDED = "This session has ended: sign in again.";

/**
 * Trades a refresh handle for a token and the next handle. Whether it may go on is asked again each time: of the account by
 * its object, of the key that minted, of the tenant's settings.
 */
export async function renew(scene: SubjectScene, handle: RefreshHandle): Promise<Outcome<TokenReply>> {
  const { tenantId } = scene;
  const { familyId, place } = handle;
  // Before the trade, which uses the handle up: what cannot be read or is switched off must not cost anybody their session.
  const access = await accessHere(scene);
  const { enabled } = access.settings.hostedAccounts;
  const next = await makeRefreshHandle({ tenantId, place, familyId });
  const rotated = await subjectsAt(objectCall(scene), place).rotateFamily(familyId, handle.secretHash, next.secretHash, enabled);
  if (!rotated.ok) {
    if (rotated.reason === "switched-off") return refuse("forbidden", "This tenant has switched its hosted accounts off.");
    if (rotated.reason === "replayed" && rotated.who) await answerReplay(scene, familyId, rotated.who);
    return refuse("unauthenticated", ENDED);
  }
  const family = await whoMayGoOn(scene, rotated.family);
  if (!family.ok) return family;
  const token = await tokenOf(scene, access, family.value);
  return token.ok ? accept({ ...token.value, refreshHandle: next.handle }) : token;
}

/** The family, or the end of it. */
async function whoMayGoOn(scene: SubjectScene, family: RefreshFamily): Promise<Outcome<RefreshFamily>> {
  if (family.minted) return (await mayStillMint(scene, family.minted)) ? accept(family) : await end(scene, family);
  return family.issuer === HOSTED ? accept(family) : await end(scene, family);
}

/** Whether the key is still good and may still do all that it gave. */
async function mayStillMint({ env, ctx, tenantId, now }: SubjectScene, minted: NonNullable<RefreshFamily["minted"]>): Promise<boolean> {
  const { key } = await findKey(env, ctx, tenantId, minted.keyId, now);
  if (!key || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return false;
  return key.scopes.includes("tokens:mint") && grantsBeyond(key.scopes, minted.grants).length === 0;
}

async function end(scene: SubjectScene, { familyId, issuer, sub }: RefreshFamily): Promise<Outcome<never>> {
  await subjectsOf(objectCall(scene), issuer, sub).closeFamilies({ issuer, sub }, familyId, scene.meta);
  await closeSockets(scene.env, scene.tenantId, [`family:${familyId}`]);
  return refuse("unauthenticated", ENDED);
}

/**
 * Somebody else has the handle too, and nobody can say who of the two is the thief: the family has ended, and so do all tokens of
 * the person now. Their other devices renew theirs and go on.
 */
async function answerReplay(scene: SubjectScene, familyId: string, { issuer, sub }: SubjectName): Promise<void> {
  const { env, tenantId, meta } = scene;
  const ref = await subjectRef(tenantId, subjectOf(issuer, sub));
  const actor = { ...meta, actor: `subject:${ref}`, actorName: "end user" };
  const tenant = tenantOf(objectCall({ env, tenantId, meta: actor }));
  await tenant.audit([{ action: "token.replayed", target: `subject/${ref}`, outcome: "denied", detail: { familyId, issuer } }], actor);
  await endTokens({ ...scene, meta: actor }, ref);
}
