import type { z } from "zod";
import { type EventMessage, tokenRevokedDataSchema } from "../../contract/events.ts";
import type { RevocationRequest } from "../../contract/subjects.ts";
import { endFamilies, socketsOf } from "../control/subject-families.ts";
import type { EdgeEnv } from "../env.ts";
import { closeEverywhere } from "./objects.ts";

/** What the revoking request did besides the revocation itself, once more, for one that did not live to do it. */
export async function repeatRevocation(env: EdgeEnv, event: EventMessage): Promise<void> {
  const revoked = tokenRevokedDataSchema.parse(event.data);
  // People who end their own tokens have ended before which families they meant to: one goes on with a session that changes its password.
  const theirOwn = revoked.actor?.startsWith("subject:") ?? false;
  const of = theirOwn ? undefined : await requestOf(env, event.tenantId, revoked);
  if (of) await endFamilies(env, event.tenantId, of, revoked.before);
  await closeEverywhere(env, event.tenantId, [socketsOf(revoked)], revoked.before);
}

/** Undefined for a subject that nobody lists: one without a family, or deleted with all of them. */
async function requestOf(
  env: EdgeEnv,
  tenantId: string,
  { kind, id }: z.infer<typeof tokenRevokedDataSchema>,
): Promise<RevocationRequest | undefined> {
  switch (kind) {
    case "token":
      return { kind, tokenId: id };
    case "issuer":
      return { kind, issuer: id };
    case "tenant":
      return { kind };
    case "subject": {
      const row = await env.DB.prepare("SELECT issuer, sub FROM identity_subject WHERE tenant_id = ?1 AND ref = ?2 AND issuer <> ''")
        .bind(tenantId, id)
        .first<{ issuer: string; sub: string }>();
      return row ? { kind, ...row } : undefined;
    }
  }
}
