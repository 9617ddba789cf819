import { describe, expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { type EmailClaim, isClaimTimely, judgeClaim, mayVerify, plainLink } from "./subject-directory.ts";
import { SUBJECT_STORE_LIMITS } from "./subject-limits.ts";

const START = Date.UTC(2031, 0, 1);
const claim: EmailClaim = { emailDigest: "digest", sub: "ada", ref: "ref", claimId: "claim-1", claimedAt: START, finished: false };
const overAt = START + SUBJECT_STORE_LIMITS.takeOverMs;

describe("an address", () => {
  it.each([
    ["nobody's is claimed", undefined, "bob", START, "claim"],
    ["one's own is repeated", claim, "ada", overAt, "repeat"],
    ["one's own is repeated when finished", { ...claim, finished: true }, "ada", overAt, "repeat"],
    ["another's that is finished is taken", { ...claim, finished: true }, "bob", overAt, "taken"],
    ["another's that is being finished is waited for", claim, "bob", overAt - 1, "wait"],
    ["another's that was never finished is taken over after ten minutes", claim, "bob", overAt, "take-over"],
  ] as const)("[SU36] that is %s", (_, held, sub, now, verdict) => {
    expect(judgeClaim(held, sub, now).kind).toBe(verdict);
  });

  it("[SU36] comes of a claim no longer than a link lives and a call may take", () => {
    expect(isClaimTimely(START, START + SUBJECT_STORE_LIMITS.claimMs)).toBe(true);
    expect(isClaimTimely(START, START + SUBJECT_STORE_LIMITS.claimMs + 1)).toBe(false);
    expect(SUBJECT_STORE_LIMITS.voidedMs).toBeGreaterThan(SUBJECT_STORE_LIMITS.claimMs);
    expect(SUBJECT_STORE_LIMITS.claimMs).toBeGreaterThan(SUBJECT_LIMITS.verificationTtlS * 1_000);
  });

  it("[SU33] has three open verifications at most", () => {
    expect([0, SUBJECT_LIMITS.verifications - 1, SUBJECT_LIMITS.verifications].map(mayVerify)).toEqual([true, true, false]);
  });
});

describe("the link in a mail to somebody who has an account", () => {
  it.each([
    ["https://a.example/verify?token=secret", "https://a.example/verify"],
    ["https://a.example/verify#token=secret", "https://a.example/verify"],
    ["https://a.example/verify", "https://a.example/verify"],
  ])("[SU32] holds no token: %s", (link, plain) => {
    expect(plainLink(link)).toBe(plain);
  });
});
