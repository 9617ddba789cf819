import type { Action } from "../../contract/permissions.ts";
import type { Admission } from "../../contract/rpc/hub.ts";

/** What a socket has of its credential. */
export type Held = Pick<Admission, "credential" | "groups" | "actions" | "credentialExpiresAt">;

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

  /** Epoch milliseconds; null when it does not end by itself. */
  get expiresAt(): number | null {
    return this.#held.credentialExpiresAt;
  }

  replace({ credential, groups, actions, credentialExpiresAt }: Held): void {
    this.#held = { credential, groups, actions, credentialExpiresAt };
  }

  /** Whether one of these credentials, actors or groups is this socket's. */
  isOf(credentials: ReadonlySet<string>): boolean {
    const { credential, groups = [] } = this.#held;
    return credentials.has(credential) || credentials.has(this.actor) || groups.some((group) => credentials.has(group));
  }

  hasExpired(now: number): boolean {
    return this.expiresAt !== null && this.expiresAt <= now;
  }

  /** As attachments hold it. */
  kept(): { actor: string; credential: string; groups?: string[]; actions: Action[]; expiresAt: number | null } {
    const { credential, groups = [], actions } = this.#held;
    return {
      actor: this.actor,
      credential,
      ...(groups.length === 0 ? {} : { groups: [...groups] }),
      actions: [...actions],
      expiresAt: this.expiresAt,
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
