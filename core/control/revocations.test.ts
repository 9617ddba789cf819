import { describe, expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { decideRevocation, REVOCATION_LIMITS, type RevocationState, revokedName } from "./revocations.ts";

const none: RevocationState = {
  countSingle: () => 0,
  former: () => undefined,
  latestBefore: () => 0,
  isIssuer: () => false,
  byEndUser: false,
};
const full: RevocationState = { ...none, countSingle: () => REVOCATION_LIMITS.remembered };

describe("a revocation", () => {
  it("[SU7] [SU9] counts from now, and is remembered until what it stops has certainly ended", () => {
    const decided = decideRevocation({ kind: "token", id: "t" }, none, 1_000);
    expect(decided).toEqual({ ok: true, value: { kind: "token", id: "t", before: 1_000, until: 1_000 + 86_520_000 } });
    // The longest-lived token that can be revoked at 1 s says that it was issued a minute later, and is taken a minute past its end.
    const { clockSkewS, broughtTtlMaxS } = SUBJECT_LIMITS;
    const longest = { iat: 1 + clockSkewS, exp: 1 + clockSkewS + broughtTtlMaxS };
    expect(decided.ok && decided.value.until).toBeGreaterThanOrEqual((longest.exp + clockSkewS) * 1_000);
  });

  it("[SU7] never counts from an earlier moment than before, even if the clock went back", () => {
    const former = { ...none, former: () => ({ before: 5_000 }) };
    expect(decideRevocation({ kind: "subject", id: "s" }, former, 1_000)).toMatchObject({ value: { before: 5_000 } });
    expect(decideRevocation({ kind: "tenant", id: "" }, { ...none, latestBefore: () => 7_000 }, 1_000)).toMatchObject({
      value: { before: 7_000 },
    });
  });

  it("[SU7] of an issuer needs one that there is or was", () => {
    for (const id of ["minted", "hosted", "google"])
      expect(decideRevocation({ kind: "issuer", id }, { ...none, isIssuer: (name) => name === "google" }, 1).ok, id).toBe(true);
    expect(decideRevocation({ kind: "issuer", id: "other" }, none, 1)).toMatchObject({ problem: { slug: "not-found" } });
  });

  it("[SU8] of a token or subject is one of so many and not one more, unless it replaces one; wider ones always find room", () => {
    const almost = { ...full, countSingle: () => REVOCATION_LIMITS.remembered - 1 };
    for (const kind of ["token", "subject"] as const) {
      expect(decideRevocation({ kind, id: "x" }, almost, 1).ok).toBe(true);
      const refused = decideRevocation({ kind, id: "x" }, full, 1);
      expect(refused).toMatchObject({ problem: { slug: "limit-reached" } });
      expect(refused.ok ? "" : refused.problem.detail).toContain("Revoke the issuer, or everyone");
      expect(decideRevocation({ kind, id: "x" }, { ...full, former: () => ({ before: 0 }) }, 1).ok).toBe(true);
    }
    expect(decideRevocation({ kind: "issuer", id: "minted" }, full, 1).ok).toBe(true);
    expect(decideRevocation({ kind: "tenant", id: "" }, full, 1).ok).toBe(true);
  });

  it("[SU7] is called by what it stops", () => {
    expect([revokedName({ kind: "tenant", id: "" }), revokedName({ kind: "subject", id: "r" })]).toEqual(["tenant", "subject/r"]);
  });

  it("[SU90] that end users make by themselves leaves half of the room to the tenant", () => {
    const { ofEndUsers } = REVOCATION_LIMITS;
    const at = (count: number, byEndUser: boolean) =>
      decideRevocation({ kind: "subject", id: "x" }, { ...none, countSingle: () => count, byEndUser }, 1).ok;
    expect([at(ofEndUsers - 1, true), at(ofEndUsers, true), at(ofEndUsers, false)]).toEqual([true, false, true]);
  });
});
