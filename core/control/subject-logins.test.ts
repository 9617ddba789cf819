import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOGIN_WAITS } from "./subject-limits.ts";
import { type LoginBucket, restsAt, takeLogin } from "./subject-logins.ts";

const START = Date.UTC(2031, 0, 1);
const MINUTE_MS = 60_000;

/** A bucket that is asked at these times, in order. Answers when it admitted. */
function admitted(times: readonly number[]): number[] {
  let bucket: LoginBucket | undefined;
  return times.filter((now) => {
    const verdict = takeLogin(bucket, now);
    if (verdict.allowed) bucket = verdict.next;
    return verdict.allowed;
  });
}

describe("log-in attempts", () => {
  it("[SU38] are five at once, then one after each wait of 1, 2, 4, 8 and 15 minutes", () => {
    const everySecond = Array.from({ length: 60 * 60 }, (_, second) => second * 1_000);
    const minutes = admitted(everySecond.flatMap((at) => [at, at, at, at, at, at])).map((at) => at / MINUTE_MS);
    expect(minutes).toEqual([0, 0, 0, 0, 0, 1, 3, 7, 15, 30, 45]);
  });

  it("[SU38] at an even pace of one a minute never wait", () => {
    const everyMinute = Array.from({ length: 500 }, (_, minute) => START + minute * MINUTE_MS);
    expect(admitted(everyMinute)).toEqual(everyMinute);
  });

  it("[SU38] begin anew after a quarter of an hour of calm, not a moment before", () => {
    let bucket: LoginBucket | undefined;
    for (let i = 0; i < 5; i++) {
      const verdict = takeLogin(bucket, START);
      bucket = verdict.allowed ? verdict.next : bucket;
    }
    const rests = START + MINUTE_MS + LOGIN_WAITS.calmMs;
    expect(bucket && restsAt(bucket)).toBe(rests);
    expect(takeLogin(bucket, rests - 1)).toMatchObject({ next: { waits: 2 } });
    expect(takeLogin(bucket, rests)).toMatchObject({ next: { waits: 0 } });
  });

  it("[SU38] that are refused never move the end of the wait, however often one tries", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: MINUTE_MS - 1 }), { maxLength: 50 }), (tries) => {
        const times = [0, 0, 0, 0, 0, ...tries.toSorted((a, b) => a - b), MINUTE_MS];
        expect(admitted(times)).toEqual([0, 0, 0, 0, 0, MINUTE_MS]);
      }),
      { seed: 20_261_120 },
    );
  });

  it("[SU38] are fewer than 500 a day, however they are timed", () => {
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * MINUTE_MS })), { minLength: 300, maxLength: 3_000 });
    let most = 0;
    fc.assert(
      fc.property(gaps, (pauses) => {
        let now = START;
        const times = pauses.map((pause) => (now += pause));
        const day = admitted(times).filter((at) => at < START + 24 * 60 * MINUTE_MS).length;
        most = Math.max(most, day);
        expect(day).toBeLessThan(500);
      }),
      { seed: 20_261_120, numRuns: 60 },
    );
    // The best that a patient stranger can do: five, then a quarter of an hour and the wait of calm.
    const patient = Array.from({ length: 90 }, (_, round) => START + round * (MINUTE_MS + LOGIN_WAITS.calmMs));
    expect(admitted(patient.flatMap((at) => [at, at, at, at, at]))).toHaveLength(450);
    expect(most).toBeGreaterThan(50);
  });

  it("[SU38] wait no longer than the longest wait when the clock is set back", () => {
    let bucket: LoginBucket | undefined;
    for (let i = 0; i < 5; i++) {
      const verdict = takeLogin(bucket, START);
      bucket = verdict.allowed ? verdict.next : bucket;
    }
    expect(takeLogin(bucket, START - 1_000 * MINUTE_MS)).toEqual({ allowed: false, retryAfterMs: LOGIN_WAITS.longestMs });
  });
});
