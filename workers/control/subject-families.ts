import { issuerGroup, SUBJECTS_GROUP } from "../../contract/principal.ts";
import type { Revocation } from "../../contract/rpc/access.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { RevocationRequest } from "../../contract/subjects.ts";
import type { EdgeEnv } from "../env.ts";
import { type ObjectCall, subjectsAt, subjectsOf } from "../http/objects.ts";

/** Ends the refresh families that a revocation is about, as far as they were opened up to `before`, epoch milliseconds. May be repeated. */
export async function endFamilies(env: EdgeEnv, tenantId: string, of: RevocationRequest, before: number): Promise<void> {
  if (of.kind === "token") return;
  const call: ObjectCall = { env, principal: { tenantId } };
  if (of.kind === "subject") {
    await subjectsOf(call, of.issuer, of.sub).endFamilies({ issuer: of.issuer, sub: of.sub }, before);
    return;
  }
  const issuer = of.kind === "issuer" ? of.issuer : null;
  const places = Array.from({ length: SUBJECT_LIMITS.places }, (_, place) => place);
  await Promise.all(places.map(async (place) => await subjectsAt(call, place).endFamilies({ issuer, sub: null }, before)));
}

/** What hubs call the sockets that a revocation ends. */
export function socketsOf({ kind, id }: Pick<Revocation, "kind" | "id">): string {
  switch (kind) {
    case "token":
      return `token:${id}`;
    case "subject":
      return `subject:${id}`;
    case "issuer":
      return issuerGroup(id);
    case "tenant":
      return SUBJECTS_GROUP;
  }
}
