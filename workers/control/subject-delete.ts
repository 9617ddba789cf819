import { accept, type Outcome } from "../../contract/problems.ts";
import type { SubjectName } from "../../contract/rpc/subjects.ts";
import { subjectOf, subjectRef } from "../../contract/subject-id.ts";
import { emptySubjectRow } from "../consumers/subject-rows.ts";
import { directoryOf, subjectsOf, tenantOf } from "../http/objects.ts";
import { audited } from "../http/audited.ts";
import { objectCall, type SubjectScene } from "./subject-scene.ts";
import { endTokens } from "./subject-sign-out.ts";

/**
 * Deletes an end user: tokens stop, sockets close, account and row go. What else holds something of them is walked by the
 * consumer of `meridian.subject.deleted`. May be repeated, also where a call before broke off on its way.
 */
export async function deleteSubject(scene: SubjectScene, who: SubjectName): Promise<Outcome<undefined>> {
  const { env, tenantId, meta, now } = scene;
  const call = objectCall(scene);
  const subjects = subjectsOf(call, who.issuer, who.sub);
  const known = await subjects.describe(who);
  if (!known.ok) return known;
  const ref = await subjectRef(tenantId, subjectOf(who.issuer, who.sub));
  return await audited(tenantOf(call), meta, { action: "subject.delete", target: `subject/${ref}` }, async () => {
    // First, so that nothing that a token still does comes after the deletion.
    await endTokens(scene, ref);
    const deleted = await subjects.deleteSubject(who, meta);
    if (!deleted.ok) return deleted;
    // Once more: a handle or password that was used in between left a token from after the first. From here on none is to be had.
    await endTokens(scene, ref);
    const { emailDigest } = deleted.value;
    if (emailDigest !== null) await directoryOf(call, emailDigest).releaseEmail(emailDigest, who.sub);
    await emptySubjectRow(env.DB, tenantId, ref, now).run();
    return accept(undefined);
  });
}
