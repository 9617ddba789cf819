import { checked, SUBJECT_INPUT } from "../../core/control/subject-input.ts";
import { DAY_MS, dayOf, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import { type LoginVerdict, takeLogin } from "../../core/control/subject-logins.ts";
import type { SubjectsParts } from "./subjects-parts.ts";

/** The bucket that all places share from which an address's owner has not logged in. */
const STRANGERS = "";

/** Log-in attempts on the addresses of this directory, whether or not anybody has them. */
export class LoginDesk {
  readonly #parts: SubjectsParts;
  /** Rows of buckets; counted once per wake. */
  #rows = 0;

  constructor(parts: SubjectsParts) {
    this.#parts = parts;
  }

  recount(): void {
    this.#rows = this.#parts.logins.count();
  }

  /** @throws RangeError when a name is longer than it may be */
  async take(emailDigest: string, place: string): Promise<{ allowed: boolean; retryAfterMs: number }> {
    if (!checked(SUBJECT_INPUT.attempt, { emailDigest, place }).ok) throw new RangeError("an address and a place are digests");
    const { kit, logins } = this.#parts;
    await kit.ready();
    const now = kit.now();
    const names = this.#isKnown(emailDigest, place, now) ? [place] : [place, STRANGERS];
    const verdicts = names.map((name) => [name, takeLogin(logins.bucket(emailDigest, name), now)] as const);
    const retryAfterMs = Math.max(...verdicts.map(([, verdict]) => waitOf(verdict)));
    if (retryAfterMs > 0) return { allowed: false, retryAfterMs };
    kit.transaction(() => {
      for (const [name, verdict] of verdicts) if (verdict.allowed) this.#keep(emailDigest, name, verdict.next);
      if (kit.timers.get("buckets") === undefined) kit.timers.set("buckets", now + LIMITS.sweepBucketsMs);
    });
    return { allowed: true, retryAfterMs: 0 };
  }

  async succeeded(emailDigest: string, place: string): Promise<void> {
    if (!checked(SUBJECT_INPUT.attempt, { emailDigest, place }).ok) throw new RangeError("an address and a place are digests");
    const { kit, logins, directory } = this.#parts;
    await kit.ready();
    const now = kit.now();
    kit.transaction(() => {
      if (!directory.claim(emailDigest)) return; // deleted meanwhile: nothing of it is kept
      this.#rows -= logins.delete(emailDigest, place);
      // From a known place nothing was taken of what strangers share: it is not given back either.
      if (!this.#isKnown(emailDigest, place, now)) this.#rows -= logins.delete(emailDigest, STRANGERS);
      if (logins.knownPlace(emailDigest, place) === dayOf(now)) return;
      logins.rememberPlace(emailDigest, place, dayOf(now), LIMITS.knownPlaces);
      this.#parts.expireBy(now + LIMITS.knownPlaceMs + DAY_MS);
    });
  }

  /** Forgets buckets that are at rest: they allow what an absent one allows. */
  sweep(now: number): void {
    const { kit, logins } = this.#parts;
    kit.transaction(() => {
      const swept = logins.sweep(now, LIMITS.sweepRows);
      this.#rows -= swept;
      const nearest = logins.nearest();
      if (nearest !== undefined)
        kit.timers.set("buckets", swept === LIMITS.sweepRows ? now + LIMITS.sliceMs : Math.max(nearest, now + LIMITS.sweepBucketsMs));
    });
  }

  #isKnown(emailDigest: string, place: string, now: number): boolean {
    const day = this.#parts.logins.knownPlace(emailDigest, place);
    return day !== undefined && dayOf(now - LIMITS.knownPlaceMs) <= day;
  }

  #keep(emailDigest: string, place: string, bucket: Parameters<SubjectsParts["logins"]["put"]>[2]): void {
    const { logins } = this.#parts;
    if (logins.bucket(emailDigest, place) === undefined) {
      // Full: those nearest to rest go, and with a flood of made-up addresses those are the flood's own.
      if (this.#rows >= LIMITS.loginBuckets) this.#rows -= logins.evict(LIMITS.evictAtOnce);
      this.#rows += 1;
    }
    logins.put(emailDigest, place, bucket);
  }
}

function waitOf(verdict: LoginVerdict): number {
  return verdict.allowed ? 0 : verdict.retryAfterMs;
}
