import { expect, it } from "vitest";
import { type AttemptBucket, ATTEMPT_LIMITS, takeAttempt } from "./attempts.ts";

const account: AttemptBucket = { name: "account", perPeriod: 1, periodMs: 1_000, burst: 2 };
const address: AttemptBucket = { name: "address", perPeriod: 1, periodMs: 100, burst: 1 };

it("[KT54] an attempt is taken from all of its buckets or from none", () => {
  const kept = new Map<string, number>();
  const take = (buckets: readonly AttemptBucket[], now: number) => {
    const verdict = takeAttempt(buckets, (name) => kept.get(name), now);
    for (const [name, tat] of verdict.kept) kept.set(name, tat);
    return verdict;
  };
  expect(take([account, address], 0).allowed).toBe(true);
  const before = new Map(kept);
  expect(take([account, address], 50)).toEqual({ allowed: false, retryAfterMs: 50, kept: new Map() });
  expect(kept).toEqual(before);
  expect(take([account, address], 100).allowed).toBe(true);
  expect(take([account, address], 200)).toMatchObject({ allowed: false, retryAfterMs: 800 });
});

it("[KT54] a bucket named twice is taken from twice", () => {
  expect(takeAttempt([address, address], () => undefined, 0).allowed).toBe(false);
  expect(takeAttempt([account, account], () => undefined, 0).allowed).toBe(true);
});

it("[KT55] ten buckets make an attempt, eleven are refused, and so is a rate that makes no sense", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...account, name: String(i) }));
  expect(takeAttempt(many(ATTEMPT_LIMITS.perCall), () => undefined, 0).allowed).toBe(true);
  expect(() => takeAttempt(many(ATTEMPT_LIMITS.perCall + 1), () => undefined, 0)).toThrow(RangeError);
  for (const bad of [{ perPeriod: 0 }, { periodMs: -1 }, { burst: 0.5 }, { burst: Number.NaN }, { periodMs: Number.POSITIVE_INFINITY }]) {
    expect(() => takeAttempt([{ ...account, ...bad }], () => undefined, 0)).toThrow(RangeError);
  }
});
