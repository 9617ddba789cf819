import { accept, type Outcome } from "../../contract/problems.ts";
import type { Revocation } from "../../contract/rpc/access.ts";
import { decideRevocation, type Revoked, revokedName, REVOCATION_LIMITS } from "../../core/control/revocations.ts";
import type { Timers } from "../kit/object-kit.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import type { RevocationStore } from "./tenant-revocations.ts";
import type { TenantStores } from "./tenant-stores.ts";

/** The deadline at which revocations that no longer count are forgotten. */
export const REVOCATIONS_TIMER = "revocations";

type Stores = Pick<TenantStores, "revocations" | "issuers">;

/** Revokes, with intent and result in the audit log. Revoking the same again moves the moment up to which it counts. */
export function revoke(change: TenantChange, what: Revoked, stores: Stores): Outcome<Revocation> {
  if (isByEndUser(change)) {
    // There is no end of end users: what they are refused leaves no notes, or they could fill the log with it.
    const decided = decide(change, what, stores);
    if (!decided.ok) return decided;
  }
  return audited(
    change,
    { action: "token.revoke", target: revokedName(what), detail: { kind: what.kind } },
    () => writeRevocation(change, what, stores),
    ({ seq, before }) => ({ seq, before: new Date(before).toISOString() }),
  );
}

/** The revocation itself: row, version, event. */
export function writeRevocation(change: TenantChange, what: Revoked, stores: Stores): Outcome<Revocation> {
  const { revocations } = stores;
  const decided = decide(change, what, stores);
  if (!decided.ok) return decided;
  const { kind, id, before, until } = decided.value;
  const { revocationSeq, keysVersion } = change.advance({ revocation: true });
  const revocation: Revocation = { seq: revocationSeq, kind, id, before, until };
  revocations.put(revocation);
  if (change.timers.get(REVOCATIONS_TIMER) === undefined) change.timers.set(REVOCATIONS_TIMER, until);
  change.emit({
    type: "meridian.token.revoked",
    subject: revokedName(revocation),
    data: { kind, id, before, keysVersion, actor: change.meta.actor },
  });
  return accept(revocation);
}

function decide(change: TenantChange, what: Revoked, { revocations, issuers }: Stores): ReturnType<typeof decideRevocation> {
  return decideRevocation(
    what,
    {
      countSingle: () => revocations.countSingle(change.now),
      former: () => revocations.find(what),
      latestBefore: () => revocations.latestBefore(),
      isIssuer: (name) => issuers.isBound(name),
      byEndUser: isByEndUser(change),
    },
    change.now,
  );
}

function isByEndUser({ meta }: TenantChange): boolean {
  return meta.actor.startsWith("subject:");
}

/** One slice of forgetting, and when the next is due. */
export function sweepRevocations(revocations: RevocationStore, timers: Timers, now: number): void {
  revocations.sweep(now, REVOCATION_LIMITS.sweepRows);
  const next = revocations.firstUntil();
  if (next !== undefined) timers.set(REVOCATIONS_TIMER, Math.max(next, now + 1_000));
}
