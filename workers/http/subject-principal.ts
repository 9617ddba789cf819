import type { SubjectPrincipal, VisitorPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { HOSTED, MINTED } from "../../contract/subject-id.ts";
import { accessOf } from "./access-cache.ts";
import { noteDenial } from "./denials.ts";
import { JwksError } from "./jwks-fetch.ts";
import type { Scene } from "./principal.ts";
import type { Door } from "./request-context.ts";
import { noteSubjectSeen } from "./subject-seen.ts";
import type { TokenFailure } from "./token-checks.ts";
import { verifyToken } from "./token-memo.ts";
import type { Judgement } from "./token-verify.ts";

const BAD_TOKEN = "The token is not valid. Get a new one, then try again.";
const EXPIRED = "The token has expired. Renew it, then try again.";
const CHALLENGE = 'Bearer realm="meridian", error="invalid_token"';

/**
 * Whom a token stands for. Refusals look alike from outside but for a good token that only expired; the log says which check failed.
 * @throws when the tenant's object cannot be read
 */
export async function subjectFromToken(text: string, scene: Scene): Promise<Outcome<SubjectPrincipal>> {
  const { env, ctx, context, door, now } = scene;
  const judged = await judge(text, scene);
  if (judged === "unavailable") {
    context.denial = "token-keys-unavailable";
    return refuse("unavailable", "The keys of the token's issuer cannot be read right now. Try again.", { retryAfterS: 1 });
  }
  const { checked, access, principal } = judged;
  if (access) {
    context.tenantId = access.tenantId;
    context.origins = access.settings.origins; // for refusals too: a browser's program has to read that a token expired
  }
  if (!checked.ok) return refused(checked.failure, principal, scene);
  const subject = checked.value.principal;
  if (door && subject.issuer !== MINTED && subject.issuer !== HOSTED) noteSubjectSeen(env, ctx, subject, now);
  return accept(subject);
}

async function judge(text: string, { env, ctx, now, door }: Scene): Promise<Judgement | "unavailable"> {
  try {
    return await verifyToken(text, { env, ctx, now, tenantId: door?.tenantId });
  } catch (error) {
    if (error instanceof JwksError) return "unavailable"; // the tenant's affair, not a fault of ours: no stack into the log
    throw error;
  }
}

function refused({ check, expired }: TokenFailure, principal: SubjectPrincipal | undefined, scene: Scene): Outcome<never> {
  const { env, ctx, context, now } = scene;
  context.denial = `token-${check}`;
  context.challenge = expired ? `${CHALLENGE}, error_description="expired"` : CHALLENGE;
  if (check === "revocation" && principal) {
    const { tenantId, ref } = principal;
    noteDenial(env, ctx, context, { tenantId, reason: "revoked-token", actor: `subject:${ref}`, actorName: "end user" }, now);
  }
  return refuse("unauthenticated", expired ? EXPIRED : BAD_TOKEN);
}

/** Anybody at the door. @throws when the tenant's object cannot be read */
export async function visitorAt({ tenantId, slug }: Door, { env, ctx, context, now }: Scene): Promise<VisitorPrincipal> {
  const access = await accessOf(env, ctx, tenantId, now);
  context.origins = access?.settings.origins ?? [];
  return { kind: "visitor", tenantId, slug, hostedAccounts: access?.settings.hostedAccounts.enabled ?? false };
}
