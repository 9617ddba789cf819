import type { Action } from "../../contract/permissions.ts";
import { covers } from "../../contract/grants.ts";
import { namesOfAdmission, refusalOfRevoked } from "../../contract/live-revocation.ts";
import type { Admission, AdmittedTopics } from "../../contract/rpc/hub.ts";

/** What a socket has of its credential. */
export type Held = Pick<Admission, "credential" | "groups" | "actions" | "topics" | "credentialExpiresAt"> & {
  /** As admissions say it. Absent from sockets that slept since the release before: what says when it was revoked ends those. */
  readonly checkedAt?: Admission["checkedAt"] | undefined;
};

/** Whose a socket is, by which credential, what that may do and until when. The credential may be replaced, the actor stays. */
export class HeldCredential {
  readonly actor: string;
  #held: Held;

  constructor(actor: string, held: Held) {
    this.actor = actor;
    this.#held = held;
  }

  get actions(): readonly Action[] {
    return this.#held.actions;
  }

  /** Whether it was let in to read or publish to this topic: by its action on all of them, or by name. */
  mayTopic(verb: "read" | "publish", channel: string): boolean {
    const { actions, topics } = this.#held;
    return actions.includes(`topics:${verb}`) || (topics?.[verb].some((name) => covers(name, channel)) ?? false);
  }

  /** Epoch milliseconds; null when it does not end by itself. */
  get expiresAt(): number | null {
    return this.#held.credentialExpiresAt;
  }

  replace({ credential, groups, actions, topics, credentialExpiresAt, checkedAt }: Held): void {
    this.#held = { credential, groups, actions, topics, credentialExpiresAt, checkedAt };
  }

  /**
   * Whether the revocation of these credentials, actors or groups ends this socket.
   * @param at when they were revoked, epoch milliseconds: whoever came in with something newer stays. Absent: now, and nobody stays.
   */
  isEndedBy(revoked: ReadonlySet<string>, at: number | undefined): boolean {
    const { credential, groups, checkedAt = 0 } = this.#held;
    const admission = { credential, actor: this.actor, groups, checkedAt };
    const names = namesOfAdmission(admission).filter((name) => revoked.has(name));
    if (at === undefined) return names.length > 0;
    const revocations = names.map((name) => ({ credential: name, at }));
    return refusalOfRevoked(admission, revocations) !== undefined;
  }

  hasExpired(now: number): boolean {
    return this.expiresAt !== null && this.expiresAt <= now;
  }

  /** As attachments hold it. */
  kept(): {
    actor: string;
    credential: string;
    groups?: string[];
    actions: Action[];
    topics?: AdmittedTopics;
    expiresAt: number | null;
    checkedAt?: number;
  } {
    const { credential, groups = [], actions, topics, checkedAt } = this.#held;
    return {
      actor: this.actor,
      credential,
      ...(groups.length === 0 ? {} : { groups: [...groups] }),
      actions: [...actions],
      ...(topics === undefined ? {} : { topics }),
      expiresAt: this.expiresAt,
      ...(checkedAt === undefined ? {} : { checkedAt }),
    };
  }
}

/** When the first of these credentials ends; null when none does by itself. */
export function firstEnd(sessions: Iterable<{ readonly held: HeldCredential }>): number | null {
  let earliest: number | null = null;
  for (const { held } of sessions) {
    if (held.expiresAt !== null && (earliest === null || held.expiresAt < earliest)) earliest = held.expiresAt;
  }
  return earliest;
}
