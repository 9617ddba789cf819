import { describe, expect, it } from "vitest";
import { type IssuerPut, issuerPutSchema, jwksSchema } from "./issuers.ts";
import { SUBJECT_LIMITS } from "./subject-id.ts";

const bare = { iss: "https://login.example.com", audiences: ["game"] };
const issuer = { ...bare, jwksUrl: "https://login.example.com/jwks.json" };
const key = { kty: "EC", crv: "P-256", x: "x", y: "y", kid: "1" };
const parses = (wish: unknown) => issuerPutSchema.safeParse(wish).success;

describe("an issuer on the wire", () => {
  it("[SU22] takes the safe algorithms when nobody says, and never a shared secret or none", () => {
    const parsed: IssuerPut = issuerPutSchema.parse(issuer);
    expect(parsed.algorithms).toEqual(["ES256", "EdDSA", "RS256"]);
    expect(parsed.mapping).toEqual({ grants: [], rules: [] });
    for (const algorithm of ["HS256", "none", "None", "RS512", "PS256", "es256"])
      expect(parses({ ...issuer, algorithms: [algorithm] }), algorithm).toBe(false);
    expect(parses({ ...issuer, algorithms: [] })).toBe(false);
  });

  it("[SU22] has either an https address of its keys or the keys", () => {
    expect(parses({ ...bare, jwks: { keys: [key] } })).toBe(true);
    expect(parses(bare)).toBe(false);
    expect(parses({ ...issuer, jwks: { keys: [key] } })).toBe(false);
    for (const url of [
      "http://login.example.com/jwks",
      "file:///etc/passwd",
      "data:,x",
      "login.example.com",
      "https://me:word@login.example.com/",
      "",
    ])
      expect(parses({ ...bare, jwksUrl: url }), url).toBe(false);
  });

  it("[SU22] refuses a private key, and keeps nothing of a key that it does not know", () => {
    expect(jwksSchema.safeParse({ keys: [{ ...key, d: "secret" }] }).success).toBe(false);
    expect(jwksSchema.safeParse({ keys: [{ kty: "oct", k: "secret" }] }).success).toBe(false);
    expect(jwksSchema.parse({ keys: [{ ...key, k: "?", x5c: ["?"] }] })).toEqual({ keys: [key] });
  });

  it("[SU22] has so many keys and audiences and not one more", () => {
    const keys = Array.from({ length: SUBJECT_LIMITS.jwksKeys }, () => key);
    expect(jwksSchema.safeParse({ keys }).success).toBe(true);
    expect(jwksSchema.safeParse({ keys: [...keys, key] }).success).toBe(false);
    const audiences = ["a", "b", "c", "d", "e"];
    expect(parses({ ...issuer, audiences })).toBe(true);
    expect(parses({ ...issuer, audiences: [...audiences, "f"] })).toBe(false);
    expect(parses({ ...issuer, audiences: [] })).toBe(false);
  });
});
