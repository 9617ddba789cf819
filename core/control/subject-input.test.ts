import { describe, expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { checked, SUBJECT_INPUT } from "./subject-input.ts";
import { SUBJECT_STORE_LIMITS as LIMITS } from "./subject-limits.ts";

const chars = (length: number) => "a".repeat(length);
const who = { issuer: "shop", sub: "bob" };
const hash = chars(LIMITS.hashChars);
const pending = { sub: "bob", email: "b@example.com", emailDigest: "digest", passwordHash: "hash", name: "Bob" };
const grant = { kind: "metrics", name: "a*", actions: ["read"] };
const family = {
  ...who,
  familyId: "family",
  name: "Bob",
  avatarUrl: null,
  guest: false,
  minted: { keyId: "key", grants: [grant] },
  ttlSeconds: SUBJECT_LIMITS.tokenTtlMaxS,
  secretHash: hash,
  userAgent: null,
};

/** What is taken, made from a text that has this many characters at most. */
const BOUNDS = [
  ["a sub", SUBJECT_INPUT.who, SUBJECT_LIMITS.subChars, (text: string) => ({ ...who, sub: text })],
  ["an issuer", SUBJECT_INPUT.who, SUBJECT_LIMITS.issuerChars, (text: string) => ({ ...who, issuer: text })],
  ["a place", SUBJECT_INPUT.attempt, LIMITS.digestChars, (place: string) => ({ emailDigest: "digest", place })],
  ["an address' digest", SUBJECT_INPUT.attempt, LIMITS.digestChars, (emailDigest: string) => ({ emailDigest, place: "place" })],
  ["a guest's name", SUBJECT_INPUT.guest, SUBJECT_LIMITS.nameChars, (name: string) => ({ sub: "bob", name })],
  [
    "an address",
    SUBJECT_INPUT.claimed,
    SUBJECT_LIMITS.emailChars,
    (email: string) => ({ ...pending, email, claimId: "claim", claimedAt: 0 }),
  ],
  ["a claim's id", SUBJECT_INPUT.claim, LIMITS.claimIdChars, (claimId: string) => ({ sub: "bob", emailDigest: "digest", claimId })],
  ["a password's hash", SUBJECT_INPUT.password, LIMITS.passwordHashChars, (passwordHash: string) => ({ sub: "bob", passwordHash })],
  ["a link", SUBJECT_INPUT.verification, LIMITS.linkChars, (link: string) => ({ pending, tokenHash: hash, link })],
  ["a picture's address", SUBJECT_INPUT.seen, SUBJECT_LIMITS.urlChars, (avatarUrl: string) => ({ ...who, name: "Bob", avatarUrl })],
  ["a family's id", SUBJECT_INPUT.family, LIMITS.familyIdChars, (familyId: string) => ({ ...family, familyId })],
  ["a secret's hash", SUBJECT_INPUT.family, LIMITS.hashChars, (secretHash: string) => ({ ...family, secretHash })],
  ["a key's id", SUBJECT_INPUT.family, LIMITS.keyIdChars, (keyId: string) => ({ ...family, minted: { keyId, grants: [] } })],
  [
    "a thing in a grant",
    SUBJECT_INPUT.family,
    SUBJECT_LIMITS.thingChars,
    (name: string) => ({ ...family, minted: { keyId: "key", grants: [{ ...grant, name }] } }),
  ],
  [
    "the grants of a family",
    SUBJECT_INPUT.family,
    SUBJECT_LIMITS.grants,
    (text: string) => ({ ...family, minted: { keyId: "key", grants: Array.from(text, () => grant) } }),
  ],
] as const;

describe("what a Subjects object takes", () => {
  it.each(BOUNDS)("[SU55] %s may be as long as its limit and not one longer", (_, schema, limit, made) => {
    expect(checked<unknown>(schema, made(chars(limit)))).toMatchObject({ ok: true });
    expect(checked<unknown>(schema, made(chars(limit + 1)))).toMatchObject({ ok: false, problem: { slug: "bad-request" } });
  });

  it("[SU55] a token's life has bounds, a secret's hash one form, and a browser's name is cut", () => {
    const { tokenTtlMinS, tokenTtlMaxS } = SUBJECT_LIMITS;
    const lives = [tokenTtlMinS - 1, tokenTtlMinS, tokenTtlMaxS, tokenTtlMaxS + 1];
    expect(lives.map((ttlSeconds) => checked(SUBJECT_INPUT.family, { ...family, ttlSeconds }).ok)).toEqual([false, true, true, false]);
    expect(checked(SUBJECT_INPUT.family, { ...family, secretHash: "Z".repeat(LIMITS.hashChars) }).ok).toBe(false);
    const cut = checked(SUBJECT_INPUT.family, { ...family, userAgent: chars(LIMITS.userAgentChars + 1) });
    expect(cut).toMatchObject({ ok: true, value: { userAgent: chars(LIMITS.userAgentChars) } });
  });

  it("[SU55] a refusal names the field and shows nothing of what was in it", () => {
    const refused = checked(SUBJECT_INPUT.password, { sub: "bob", passwordHash: chars(LIMITS.passwordHashChars + 1) });
    expect(refused).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/passwordHash" }] } });
    expect(JSON.stringify(refused)).not.toContain("aaa");
  });
});
