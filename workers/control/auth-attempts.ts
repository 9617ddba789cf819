import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { sha256Hex } from "../../contract/base64.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { attemptsOf } from "../http/objects.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/**
 * How often passwords may be tried. An account's second bucket makes the wait grow: after five tries one a minute, after
 * fifteen within the hour one in four minutes; never a lock-out, since the wait has an end that trying on does not move.
 * A person who is signed in is not touched by it: their session needs no password, and changing it has buckets of its own.
 */
export const ATTEMPT_LIMITS = {
  account: [
    { perPeriod: 5, periodMs: 5 * MINUTE_MS, burst: 5 },
    { perPeriod: 15, periodMs: 60 * MINUTE_MS, burst: 15 },
  ],
  address: [{ perPeriod: 30, periodMs: 5 * MINUTE_MS, burst: 30 }],
  /** End users of all tenants from one address: log-ins, registrations, guests. Of its own, so that they never stand in an operator's way. */
  doorAddress: [{ perPeriod: 30, periodMs: 5 * MINUTE_MS, burst: 30 }],
  /** The same where nobody vouches for addresses: everybody's together. */
  doorUnknown: [{ perPeriod: 600, periodMs: 5 * MINUTE_MS, burst: 300 }],
  /** Of one signed-in person, who proves the current password to change it or a second factor. */
  passwordChange: [{ perPeriod: 5, periodMs: 5 * MINUTE_MS, burst: 5 }],
  /**
   * Codes of the second factor, by person: whoever tries them knows the password already. Of a million codes three are right at
   * a time, so the third bucket leaves somebody who goes on guessing one chance in 6,600 a day.
   */
  code: [
    { perPeriod: 5, periodMs: 5 * MINUTE_MS, burst: 5 },
    { perPeriod: 15, periodMs: 60 * MINUTE_MS, burst: 15 },
    { perPeriod: 50, periodMs: DAY_MS, burst: 50 },
  ],
  /** One code of one person: it counts once, for as long as it would be right (RFC 6238 section 5.2). */
  oneCode: [{ perPeriod: 1, periodMs: 2 * MINUTE_MS, burst: 1 }],
} as const;

type Kind = keyof typeof ATTEMPT_LIMITS;

/**
 * Takes one attempt of this account or address, or says how long to wait. An account that does not exist has buckets like
 * any other. @throws when the limiter cannot be reached: an attempt that cannot be counted is not made
 */
export async function takeAttempt(env: EdgeEnv, kind: Kind, subject: string): Promise<Outcome<undefined>> {
  const name = await bucketName(env, kind, subject);
  const buckets = ATTEMPT_LIMITS[kind].map((limit, i) => ({ name: `${name}-${i}`, ...limit }));
  const { allowed, retryAfterMs } = await attemptsOf(env, name).take(buckets);
  if (allowed) return accept(undefined);
  return refuse("rate-limited", "Too many attempts. Wait before you try again.", {
    retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  });
}

/** Gives an account its attempts back after the right password or code; not those of a whole day, which a guesser would share in. */
export async function forgetAttempts(env: EdgeEnv, kind: Kind, subject: string): Promise<void> {
  const name = await bucketName(env, kind, subject);
  const names = ATTEMPT_LIMITS[kind].flatMap(({ periodMs }, i) => (periodMs < DAY_MS ? `${name}-${i}` : []));
  await attemptsOf(env, name).clear(names);
}

/** Buckets are named by a keyed hash: the limiter's rows tell nobody which people or addresses tried. */
async function bucketName(env: EdgeEnv, kind: Kind, subject: string): Promise<string> {
  const secret = await keyRing(env).secret("attempts");
  return (await sha256Hex(new TextEncoder().encode(`${secret}\n${kind}\n${subject}`))).slice(0, 32);
}
