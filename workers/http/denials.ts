import type { AuditNote } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { tenantOf } from "./objects.ts";
import type { RequestContext } from "./request-context.ts";
import type { KeepAlive } from "./single-flight.ts";

export const DENIAL_LIMITS = {
  /** One note per actor and reason in this time … */
  windowMs: 60_000,
  /** … and so many per tenant: a stranger who guesses keys must not fill the audit log. */
  perTenant: 20,
  /** Of end users so many in an hour and not more: anybody can become one, and the log's own budget is for keys and people. */
  ofSubjects: 10,
  subjectsWindowMs: 3_600_000,
  remembered: 20_000,
} as const;

/** Why a credential was refused. The audit log and the log tell them apart; the answer does not. */
export type DenialReason =
  | "unknown-key"
  | "wrong-secret"
  | "expired-key"
  | "revoked-key"
  | "wrong-scope"
  | "wrong-role"
  | "wrong-origin"
  | "revoked-token"
  | "missing-grant"
  | "not-for-subjects";

export interface Denial {
  readonly tenantId: string;
  readonly reason: DenialReason;
  /** `key:{id}`, `user:{id}` or `subject:{ref}`. */
  readonly actor: string;
  readonly actorName: string;
  /** The action that was tried, when the credential itself was good. */
  readonly action?: string;
}

const noted = new Lru<true>(DENIAL_LIMITS.remembered);
const perTenant = new Lru<{ count: number; readonly until: number }>(DENIAL_LIMITS.remembered);
registerIsolateCache(() => {
  noted.clear();
  perTenant.clear();
});

/** Adds the denial to the tenant's audit log, after the answer and within the limits of one isolate. */
export function noteDenial(env: EdgeEnv, ctx: KeepAlive, context: RequestContext, denial: Denial, now: number): void {
  context.denial = denial.reason;
  if (!admit(denial, now)) return;
  const note: AuditNote = {
    action: denial.action ?? "credential:use",
    target: denial.actor.replace(":", "/"),
    outcome: "denied",
    detail: { reason: denial.reason },
  };
  const meta = { requestId: context.requestId, actor: denial.actor, actorName: denial.actorName };
  ctx.waitUntil(
    tenantOf({ env, principal: denial })
      .audit([note], meta)
      .catch((error: unknown) => {
        // A denial that could not be noted was denied all the same; the request's own log line has the reason.
        console.error(JSON.stringify({ event: "audit-failed", requestId: context.requestId, error: String(error) }));
      }),
  );
}

function admit(denial: Denial, now: number): boolean {
  const name = `${denial.tenantId} ${denial.actor} ${denial.reason} ${denial.action ?? ""}`;
  if (noted.get(name, now)) return false;
  const isSubject = denial.actor.startsWith("subject:");
  const bucket = `${denial.tenantId}${isSubject ? " subjects" : ""}`;
  const { windowMs, perTenant: most, ofSubjects, subjectsWindowMs } = DENIAL_LIMITS;
  const window = perTenant.get(bucket, now) ?? { count: 0, until: now + (isSubject ? subjectsWindowMs : windowMs) };
  if (window.count >= (isSubject ? ofSubjects : most)) return false;
  window.count += 1;
  perTenant.set(bucket, window, window.until);
  noted.set(name, true, now + DENIAL_LIMITS.windowMs);
  return true;
}
