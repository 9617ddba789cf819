import type { NewEvent } from "../../contract/events.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { AuditNote } from "../../contract/rpc/tenant.ts";
import type { Timers } from "../kit/object-kit.ts";
import type { Advance, Profile, ProfileVersions } from "./tenant-profile.ts";

/** What a command of the Tenant object works with; everything it does lands in one transaction. */
export interface TenantChange {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly meta: CallMeta;
  readonly tenantId: string;
  readonly profile: Profile;
  readonly timers: Timers;
  note(notes: readonly AuditNote[]): void;
  emit(event: NewEvent): void;
  /** Raises `keysVersion`, and the other versions that the change is about, and answers them. */
  advance(about?: Advance): ProfileVersions;
}

type About = Omit<AuditNote, "outcome">;

/** Writes the intent, does the work, writes what came of it: done with what the work adds to the detail, or failed with why. */
export function audited<T>(
  change: TenantChange,
  about: About,
  work: () => Outcome<T>,
  result: (value: T) => AuditNote["detail"],
): Outcome<T> {
  change.note([{ ...about, outcome: "intent" }]);
  const outcome = work();
  change.note([
    outcome.ok
      ? { ...about, outcome: "done", detail: { ...about.detail, ...result(outcome.value) } }
      : { ...about, outcome: "failed", detail: { ...about.detail, problem: outcome.problem.slug } },
  ]);
  return outcome;
}

/** A call's meta for work whose repetition is recognised elsewhere. */
export function withoutIdempotency({ requestId, actor, actorName }: CallMeta): CallMeta {
  return { requestId, actor, actorName };
}
