import { describe, expect, it } from "vitest";
import { issuerPutSchema } from "../../contract/issuers.ts";
import { decideIssuer, type IssuerBinding, issuerContent, ISSUER_LIMITS } from "./issuers.ts";

const put = (iss: string, more: object = {}) =>
  issuerContent(issuerPutSchema.parse({ iss, audiences: ["game"], jwksUrl: "https://login.example.com/keys", ...more }));
const google = put("https://accounts.example.com");
const bound = (n: number, active: boolean): IssuerBinding => ({ name: `i${n}`, iss: `https://i${n}.example.com`, active });
const refusal = (name: string, content: typeof google, bindings: readonly IssuerBinding[] = []) => {
  const decided = decideIssuer(name, content, bindings);
  return decided.ok ? "accepted" : decided.problem.slug;
};

describe("an issuer's name", () => {
  it("[SU14] stays with its iss for ever, also after it was deleted", () => {
    for (const active of [true, false]) {
      const bindings = [{ name: "google", iss: google.iss, active }];
      expect(refusal("google", google, bindings)).toBe("accepted");
      expect(refusal("google", put("https://other.example.com"), bindings)).toBe("conflict");
    }
    const decided = decideIssuer("google", put("https://other.example.com"), [{ name: "google", iss: google.iss, active: false }]);
    expect(decided.ok ? "" : decided.problem.detail).toContain("Choose another name");
  });

  it("[SU14] is never one of Meridian's own", () => {
    expect([refusal("minted", google), refusal("hosted", google), refusal("minted2", google)]).toEqual([
      "conflict",
      "conflict",
      "accepted",
    ]);
  });
});

describe("an issuer", () => {
  it("[SU15] has an iss that no other of the tenant's has, unless that one was deleted", () => {
    expect(refusal("b", google, [{ name: "a", iss: google.iss, active: true }])).toBe("conflict");
    expect(refusal("b", google, [{ name: "a", iss: google.iss, active: false }])).toBe("accepted");
  });

  it("[SU15] is never one of this deployment, however its iss is written", () => {
    const ours = ["https://m.example/p/t1/minted", "https://m.example/p/t1/hosted", "https://m.example/p/t1/HOSTED/", "//m/p/t1/minted"];
    for (const iss of [...ours, "https://m.example/base/p/t1/minted?x#y", "p/p/t1/minted"])
      expect(refusal("a", put(iss)), iss).toBe("invalid-body");
    for (const iss of [
      "https://m.example/p/t1/minted/keys",
      "https://m.example/minted",
      "accounts.example.com",
      "https://m.example/p/hosted",
    ])
      expect(refusal("a", put(iss)), iss).toBe("accepted");
  });

  it("[SU15] is one of so many and not one more; one that exists may be changed, one that was deleted needs a place", () => {
    const full = Array.from({ length: ISSUER_LIMITS.active }, (_, n) => bound(n, true));
    expect(refusal("more", google, full.slice(1))).toBe("accepted");
    expect(refusal("more", google, full)).toBe("limit-reached");
    expect(refusal("i3", put("https://i3.example.com", { audiences: ["other"] }), full)).toBe("accepted");
    expect(refusal("i99", put("https://i99.example.com"), [...full, bound(99, false)])).toBe("limit-reached");
  });

  it("[SU15] takes a name of which so many are remembered and not one more", () => {
    const names = Array.from({ length: ISSUER_LIMITS.names }, (_, n) => bound(n, false));
    expect(refusal("more", google, names.slice(1))).toBe("accepted");
    expect(refusal("more", google, names)).toBe("limit-reached");
    expect(refusal("i3", put("https://i3.example.com"), names)).toBe("accepted");
  });

  it("[SU15] takes so many bytes and not one more", () => {
    const withBytes = (bytes: number) => {
      const rule = { claim: "c", value: "x", grants: [] };
      const bare = put("https://big.example.com", { mapping: { rules: [rule] } });
      const missing = bytes - JSON.stringify(bare).length;
      return { ...bare, mapping: { ...bare.mapping, rules: [{ ...rule, value: "x".repeat(missing + 1) }] } };
    };
    expect(refusal("big", withBytes(ISSUER_LIMITS.bytes))).toBe("accepted");
    expect(refusal("big", withBytes(ISSUER_LIMITS.bytes + 1))).toBe("payload-too-large");
  });

  it("[SU15] is the same text when the same was wished for", () => {
    expect(JSON.stringify(put("https://a.example", { audiences: ["x", "x"], algorithms: ["RS256", "RS256"] }))).toBe(
      JSON.stringify(put("https://a.example", { algorithms: ["RS256"], audiences: ["x"] })),
    );
    expect(put("https://a.example").jwks).toBeNull();
  });
});
