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

/**
 * Hubs that keep where people's sockets may be, `hub/0` to `hub/3`: fixed, however many hubs a tenant's sockets spread over, so that
 * who lets a socket in and who revokes agree on them. Whoever revokes tells at least these.
 */
export const PLACE_HUBS = 4;

/** Which of them keeps the places of this actor: FNV-1a, 32 bits (draft-eastlake-fnv, section 2). */
export function placeHubOf(actor: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(actor)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % PLACE_HUBS;
}

/** Names that mean one person or program, and so few places. */
const NARROW = /^(?:key|user|subject|session|family):/;

/** Whether all places have to be asked for sockets of this name. */
export function isWideName(name: string): boolean {
  return !NARROW.test(name);
}

/** The names under which the places of this admission are kept. Its token has none of its own: it changes with each renewal. */
export function placeNamesOf(admission: Checked): string[] {
  return [...new Set(namesOfAdmission(admission))].filter((name) => !isWideName(name));
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
