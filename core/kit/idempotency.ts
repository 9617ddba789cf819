import { refuse, PROBLEMS, type Outcome } from "../../contract/problems.ts";
import { KIT_LIMITS } from "./limits.ts";

/** What is known of a request that was done. Keyed by actor and key: two principals never meet. */
export interface IdempotencyRecord {
  readonly actor: string;
  readonly key: string;
  readonly route: string;
  readonly bodyHash: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The outcome as JSON; null when it is not kept. */
  readonly answer: string | null;
  /** Why the answer is not kept. */
  readonly withheld: "secret" | "size" | null;
}

export interface IdempotencyClaim {
  readonly key: string;
  readonly route: string;
  readonly bodyHash: string;
}

export type IdempotencyVerdict<T> =
  | { readonly kind: "run" }
  /** The answer of the first run, or why there is none. */
  | { readonly kind: "answer"; readonly outcome: Outcome<T> };

/** What to do with a request that carries an Idempotency-Key. Expiry is checked here, so correctness never waits for a sweep. */
export function judgeIdempotency<T>(
  record: IdempotencyRecord | undefined,
  claim: IdempotencyClaim,
  inFlight: boolean,
  now: number,
): IdempotencyVerdict<T> {
  if (claim.key.length === 0 || claim.key.length > KIT_LIMITS.keyChars) {
    return answer(refuse("bad-request", `Idempotency-Key must have 1 to ${KIT_LIMITS.keyChars} characters.`));
  }
  if (inFlight) {
    return answer(
      refuse("in-progress", "The first request with this Idempotency-Key is still running. Repeat it in a second.", { retryAfterS: 1 }),
    );
  }
  if (!record || record.at + KIT_LIMITS.replayMs <= now) return { kind: "run" };
  if (record.route !== claim.route || record.bodyHash !== claim.bodyHash) {
    return answer(refuse("idempotency-mismatch", "This Idempotency-Key belongs to another request. Use a new key for a new request."));
  }
  if (record.answer !== null) return answer(JSON.parse(record.answer) as Outcome<T>); // written by `recordOf` from an Outcome<T> of the same route
  return record.withheld === "secret"
    ? answer(refuse("secret-already-shown", "It was created, and its secret was shown once. Make a new one if the secret is lost."))
    : answer(refuse("conflict", "This request was done before, but its answer was too large to keep. Read the resource instead."));
}

function answer<T>(outcome: Outcome<T>): IdempotencyVerdict<T> {
  return { kind: "answer", outcome };
}

/**
 * The record of a finished request, or undefined when it must not be kept: after "try again later" the same key has to
 * run again. An accepted answer with a secret, and one above the limit, leave a record without their text.
 */
export function recordOf(
  actor: string,
  claim: IdempotencyClaim,
  outcome: Outcome<unknown>,
  secret: boolean,
  now: number,
): IdempotencyRecord | undefined {
  if (!outcome.ok) {
    const { status } = PROBLEMS[outcome.problem.slug];
    if (status === 429 || status >= 500) return undefined;
  }
  const base = { actor, key: claim.key, route: claim.route, bodyHash: claim.bodyHash, at: now };
  if (secret && outcome.ok) return { ...base, answer: null, withheld: "secret" };
  const text = JSON.stringify(outcome);
  return utf8Longer(text, KIT_LIMITS.answerBytes) ? { ...base, answer: null, withheld: "size" } : { ...base, answer: text, withheld: null };
}

function utf8Longer(text: string, bytes: number): boolean {
  if (text.length > bytes) return true; // every character has at least one byte
  if (text.length * 3 <= bytes) return false; // and a UTF-16 unit at most three
  return new TextEncoder().encode(text).byteLength > bytes;
}

/** When the next sweep is worth it: when the oldest record is over its time, and not right after the last sweep. */
export function nextSweepAt(oldestAt: number | null, sweptAt: number): number | undefined {
  return oldestAt === null ? undefined : Math.max(oldestAt + KIT_LIMITS.replayMs, sweptAt + KIT_LIMITS.sweepEveryMs);
}
