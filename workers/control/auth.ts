import type { OperatorPrincipal } from "../../contract/principal.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { sessionToken } from "./auth-cookie.ts";
import { findSession, type LiveSession, noteSeen } from "./auth-store.ts";

const MEMO = {
  /** A session that was ended elsewhere, a role that was changed: an isolate notices within this and one read, 2 s in all. */
  ttlMs: 1_500,
  sessions: 10_000,
} as const;

/** How exactly `lastSeenAt` of a session is kept: a row per session in use and quarter of an hour. */
const SEEN_EVERY_MS = 15 * 60_000;

/** Only answers are remembered, never reads under way: a read belongs to its request and ends with it. */
const memo = new Lru<LiveSession | null>(MEMO.sessions);
registerIsolateCache(() => memo.clear());

/**
 * The operator behind the session cookie: null without one, when it has ended, and for a person who is no longer a member
 * of the tenant their session works on.
 * @throws when D1 cannot be read, or the deployment may not use cookies at all
 */
export async function sessionPrincipal(request: Request, env: EdgeEnv): Promise<OperatorPrincipal | null> {
  const session = await liveSession(request, env);
  if (!session?.membership) return null;
  const { sessionId, expiresAt, userId, email, name, membership } = session;
  const deploymentAdmin = isDeploymentAdmin(email, env);
  return { kind: "operator", ...membership, userId, sessionId, email, name, deploymentAdmin, credentialExpiresAt: expiresAt };
}

/** The person behind the session cookie, whether or not they belong to a tenant. */
export async function liveSession(request: Request, env: EdgeEnv): Promise<LiveSession | undefined> {
  const token = await sessionToken(request, env);
  if (token === undefined) return undefined;
  // The real clock: the library writes expiries by it, whatever offset a test gives to the objects.
  const now = Date.now();
  const known = memo.get(token, now);
  if (known !== undefined) return known ?? undefined;
  const found = await findSession(env.DB, token, now);
  memo.set(token, found ?? null, now + MEMO.ttlMs);
  if (found && now - found.seenAt >= SEEN_EVERY_MS) {
    await noteSeen(env.DB, found.sessionId, now).catch(() => {}); // a list that is a little old is no reason to refuse anybody
  }
  return found;
}

/** Makes this isolate read these sessions again: after a change of one's own, one must see it. */
export function forgetSessions(tokens: readonly string[]): void {
  for (const token of tokens) memo.delete(token);
}

/** Whether the deployment's settings name this address; it must be written there exactly, in any case. */
export function isDeploymentAdmin(email: string, env: Pick<EdgeEnv, "DEPLOYMENT_ADMINS">): boolean {
  const admins = env.DEPLOYMENT_ADMINS.split(",").map((admin) => admin.trim().toLowerCase());
  return admins.includes(email.toLowerCase());
}
