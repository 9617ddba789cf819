import type { Problem } from "./problems.ts";
import type { Admission } from "./rpc/hub.ts";

/** That a credential, actor or group was revoked, and when, epoch milliseconds. */
export interface LiveRevocation {
  readonly credential: string;
  readonly at: number;
}

/** Credentials that never come back: once revoked they stay out, whenever they were checked. */
const FOR_GOOD = /^(?:key|token|family):/;
/**
 * A session goes on after its person's role or tenant changed. Edges believe what was before for 2 s, and their clocks are
 * not those of objects: what was checked within this after the change may still say the old.
 */
const SESSION_DOUBT_MS = 3_000;

type Checked = Pick<Admission, "credential" | "actor" | "groups" | "checkedAt">;

/** Every name by which a revocation may mean this admission. */
export function namesOfAdmission({ credential, actor, groups = [] }: Checked): string[] {
  return [credential, actor, ...groups];
}

/** Why an admission is refused after revocations of its names, if so. */
export function refusalOfRevoked({ checkedAt }: Checked, revocations: readonly LiveRevocation[]): Problem | undefined {
  if (revocations.some(({ credential, at }) => FOR_GOOD.test(credential) || checkedAt <= at)) {
    return { slug: "unauthenticated", detail: "The credential was revoked." };
  }
  if (revocations.some(({ credential, at }) => credential.startsWith("session:") && checkedAt <= at + SESSION_DOUBT_MS)) {
    const detail = "What this session may do was changed a moment ago. Connect again in a few seconds.";
    return { slug: "unavailable", detail, retryAfterS: SESSION_DOUBT_MS / 1_000 };
  }
  return undefined;
}
