import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emailDigest, parseSubject, SUBJECT_LIMITS, subjectOf, subjectRef } from "./subject-id.ts";
import { issuerNameSchema, subSchema } from "./subjects.ts";

const subs = fc
  .string({ unit: fc.constantFrom("a", "|", "/", "%", ".", "~", "Z"), minLength: 1, maxLength: 12 })
  .filter((sub) => sub !== "." && sub !== "..");
const issuers = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/);

describe("a subject", () => {
  it("[SU21] is issuer and sub, and two pairs are never the same text", () => {
    fc.assert(
      fc.property(issuers, subs, issuers, subs, (issuer, sub, otherIssuer, otherSub) => {
        expect(parseSubject(subjectOf(issuer, sub))).toEqual({ issuer, sub });
        const same = issuer === otherIssuer && sub === otherSub;
        expect(subjectOf(issuer, sub) === subjectOf(otherIssuer, otherSub)).toBe(same);
      }),
      { seed: 5, numRuns: 1_000 },
    );
  });

  it.each([
    "",
    "|",
    "a|",
    "|a",
    "a",
    "A|b",
    "1a|b",
    "a|b c",
    "a|.",
    "a|..",
    "a|b\u00e9",
    "a|\u0000",
    `a|${"x".repeat(201)}`,
    `${"a".repeat(33)}|b`,
  ])("[SU21] is not any text: %j", (text) => {
    expect(parseSubject(text)).toBeUndefined();
  });

  it("[SU21] has an issuer and a sub so long and no longer", () => {
    for (const [schema, chars] of [
      [issuerNameSchema, SUBJECT_LIMITS.issuerChars],
      [subSchema, SUBJECT_LIMITS.subChars],
    ] as const) {
      expect(schema.safeParse("x".repeat(chars)).success).toBe(true);
      expect(schema.safeParse("x".repeat(chars + 1)).success).toBe(false);
    }
  });

  it("[SU21] is called by a digest that differs by tenant, issuer and sub", async () => {
    const refs = await Promise.all([
      subjectRef("t1", "a|x"),
      subjectRef("t2", "a|x"),
      subjectRef("t1", "b|x"),
      subjectRef("t1", "a|y"),
      subjectRef("t1\na", "|x"),
      emailDigest("t1", "a|x"),
    ]);
    expect(new Set(refs).size).toBe(refs.length);
    for (const ref of refs) expect(ref).toMatch(/^[\w-]{22}$/);
    expect(await subjectRef("t1", "a|x")).toBe(refs[0]);
  });

  it("[SU21] is found by an address whatever its case and the space around it", async () => {
    expect(await emailDigest("t1", " Ada@Example.com ")).toBe(await emailDigest("t1", "ada@example.com"));
    expect(await emailDigest("t2", "ada@example.com")).not.toBe(await emailDigest("t1", "ada@example.com"));
  });
});
