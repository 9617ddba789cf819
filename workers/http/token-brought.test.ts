import { exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { Issuer, Jwks } from "../../contract/issuers.ts";
import { SUBJECT_LIMITS, subjectRef } from "../../contract/subject-id.ts";
import { SEEN_LIMITS } from "./subject-seen.ts";
import { edgeEnv } from "./testing.ts";
import { asking, failingCheck, FakeTenant, signed } from "./token-testing.ts";

const now = () => Math.floor(Date.now() / 1_000);
type Key = Awaited<ReturnType<typeof generateKeyPair>>;
type Alg = Issuer["algorithms"][number];

const ISSUER: Issuer = {
  name: "shop",
  iss: "https://id.shop.test/",
  audiences: ["meridian", "https://api.shop.test"],
  jwksUrl: null,
  jwks: { keys: [] },
  algorithms: ["ES256", "EdDSA", "RS256"],
  mapping: { name: null, avatarUrl: null, grants: [], rules: [] },
  createdAt: "2026-11-20T00:00:00.000Z",
  changedAt: "2026-11-20T00:00:00.000Z",
};

const keys = new Map<Alg, Key>();
let jwks: Jwks;
let tenant: FakeTenant;

beforeAll(async () => {
  for (const alg of ["ES256", "EdDSA", "RS256"] as const) keys.set(alg, await generateKeyPair(alg, { extractable: true }));
  const set = await Promise.all(
    [...keys].map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid: alg.toLowerCase() })),
  );
  jwks = { keys: set } as unknown as Jwks; // what jose exports of a public key
  tenant = await FakeTenant.make({ issuers: [{ ...ISSUER, jwks }] });
});

const claims = (more: object = {}) => ({ iss: ISSUER.iss, aud: "meridian", sub: "ada", iat: now(), exp: now() + 600, ...more });

async function token(more: object = {}, alg: Alg = "ES256", header: object = {}): Promise<string> {
  return await signed(keys.get(alg)!.privateKey, claims(more), { alg, kid: alg.toLowerCase(), ...header });
}

describe("a token of a tenant's own issuer", () => {
  it.each(["ES256", "EdDSA", "RS256"] as const)("[SU114] stands for its subject at the tenant's door: %s", async (alg) => {
    const text = await token({ jti: "j7" }, alg, { typ: "JWT" });
    expect(await asking(tenant).whoIs(text, { door: true })).toMatchObject({
      kind: "subject",
      tenantId: tenant.tenantId,
      issuer: "shop",
      sub: "ada",
      ref: await subjectRef(tenant.tenantId, "shop|ada"),
      name: "ada",
      tokenId: "j7",
      familyId: null,
    });
  });

  it("[SU114] counts nowhere but there, and costs nothing elsewhere", async () => {
    const before = { ...tenant.calls };
    expect(await asking(tenant).whoIs(await token())).toBe(401);
    expect(tenant.calls).toEqual(before);
    const other = await FakeTenant.make();
    expect(await asking(other).whoIs(await token(), { door: true })).toBe(401);
  });

  it("[SU108] is another person than the same sub of any other issuer", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const rival: Issuer = {
      ...ISSUER,
      name: "rival",
      iss: "https://rival.test",
      jwks: { keys: [(await exportJWK(pair.publicKey)) as never] },
    }; // a public key
    const both = await FakeTenant.make({ issuers: [{ ...ISSUER, jwks }, rival] });
    const texts = [await token(), await signed(pair.privateKey, claims({ iss: rival.iss }), { alg: "ES256" }), await both.sign()];
    const found = await Promise.all(texts.map(async (text) => await asking(both).whoIs(text, { door: true })));
    expect(found).toMatchObject([
      { issuer: "shop", sub: "ada" },
      { issuer: "rival", sub: "ada" },
      { issuer: "minted", sub: "ada" },
    ]);
    expect(new Set(found.map((who) => typeof who === "object" && who.ref)).size).toBe(3);
    // A rival that signs with its own key in the shop's name is nobody.
    expect(await failingCheck(both, await signed(pair.privateKey, claims(), { alg: "ES256", kid: "es256" }))).toBe("signature");
  });

  it("[SU102] is verified with a key of its own algorithm only, and one that the issuer is set to use", async () => {
    const rsa = keys.get("RS256")!;
    const es = keys.get("ES256")!;
    const cases = [
      await signed(rsa.privateKey, claims(), { alg: "RS256", kid: "es256" }), // an ES256 key meant by a token of RS256
      await signed(es.privateKey, claims(), { alg: "ES256", kid: "rs256" }), // ES256 over an RSA key
    ];
    for (const text of cases) expect(await failingCheck(tenant, text)).toBe("key");
    const secret = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(JSON.stringify(jwks.keys[0])),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    expect(await failingCheck(tenant, await signed(secret, claims(), { alg: "HS256", kid: "es256" }))).toBe("algorithm");
    const strict = await FakeTenant.make({ issuers: [{ ...ISSUER, jwks, algorithms: ["ES256"] }] });
    expect(await failingCheck(strict, await token({}, "RS256"))).toBe("algorithm");
    expect(await failingCheck(strict, await token())).toBeUndefined();
  });

  it("[SU102] is not verified with an RSA key below 2,048 bits, or one that is for encryption or another algorithm", async () => {
    const weak = await crypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 1_024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]) as CryptoKeyPair; // prettier-ignore
    const [es] = jwks.keys;
    const of = async (key: object) => await FakeTenant.make({ issuers: [{ ...ISSUER, jwks: { keys: [key as never] } }] }); // a key as it could be pasted
    expect(await failingCheck(await of({ ...(await exportJWK(weak.publicKey)), kid: "rs256" }), await token({}, "RS256"))).toBe("key");
    expect(await failingCheck(await of({ ...es, use: "enc" }), await token())).toBe("key");
    expect(await failingCheck(await of({ ...es, alg: "ES384" }), await token())).toBe("key");
    expect(await failingCheck(await of({ ...es, x: "AAAA" }), await token())).toBe("key");
    expect(await failingCheck(await of({ ...es, use: "sig", alg: "ES256" }), await token())).toBeUndefined();
  });

  it("[SU103] names its key, unless exactly one fits", async () => {
    const [es] = jwks.keys;
    const nameless = { ...es, kid: undefined };
    const of = async (...set: object[]) => await FakeTenant.make({ issuers: [{ ...ISSUER, jwks: { keys: set as never } }] }); // keys as they could be pasted
    const text = await token();
    const without = await token({}, "ES256", { kid: undefined });
    expect(await failingCheck(await of(es!), without)).toBeUndefined();
    expect(await failingCheck(await of(nameless), text)).toBeUndefined();
    expect(await failingCheck(await of(es!, { ...es, kid: "second" }), without)).toBe("key");
    expect(await failingCheck(await of(es!, { ...es, kid: "second" }), text)).toBeUndefined();
    expect(await failingCheck(await of({ ...es, kid: "../es256" }), text)).toBe("key");
  });

  it("[SU106] has exactly the issuer's iss, and one of its audiences, alone or among others", async () => {
    for (const iss of ["https://id.shop.test", "https://id.shop.test/x", "HTTPS://ID.SHOP.TEST/", undefined])
      expect(await failingCheck(tenant, await token({ iss }))).toBe("issuer");
    for (const aud of ["meridian2", "MERIDIAN", ["a", "b"], []]) expect(await failingCheck(tenant, await token({ aud }))).toBe("audience");
    for (const aud of [undefined, 7, [7]]) expect(await failingCheck(tenant, await token({ aud }))).toBe("claims");
    for (const aud of ["https://api.shop.test", ["a", "meridian"]])
      expect(await failingCheck(tenant, await token({ aud }))).toBeUndefined();
  });

  it("[SU105] lives a day at most, says when it was issued, and has begun", async () => {
    const day = SUBJECT_LIMITS.broughtTtlMaxS;
    expect(await failingCheck(tenant, await token({ iat: now(), exp: now() + day }))).toBeUndefined();
    expect(await failingCheck(tenant, await token({ iat: now(), exp: now() + day + 2 }))).toBe("time");
    expect(await failingCheck(tenant, await token({ iat: undefined }))).toBe("claims");
    expect(await failingCheck(tenant, await token({ exp: undefined }))).toBe("claims");
    expect(await failingCheck(tenant, await token({ nbf: now() + SUBJECT_LIMITS.clockSkewS - 2 }))).toBeUndefined();
    expect(await failingCheck(tenant, await token({ nbf: now() + SUBJECT_LIMITS.clockSkewS + 2 }))).toBe("time");
    expect(await failingCheck(tenant, await token({ exp: 1e12 }))).toBe("time");
  });

  it("[SU101] has a sub of OpenID Connect's characters", async () => {
    for (const sub of [undefined, "", "a b", "ü", "a".repeat(SUBJECT_LIMITS.subChars + 1), 7])
      expect(await failingCheck(tenant, await token({ sub }))).toBe("claims");
    for (const sub of ["auth0|5f7c", "a".repeat(SUBJECT_LIMITS.subChars)])
      expect(await failingCheck(tenant, await token({ sub }))).toBeUndefined();
  });

  it("[SU119] is named by a digest of itself when it has no jti that could be named", async () => {
    for (const jti of [undefined, "", "a b", "j".repeat(101)]) {
      const text = await token({ jti });
      const who = await asking(tenant).whoIs(text, { door: true });
      expect(who).toMatchObject({ tokenId: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
      expect(await asking(tenant).whoIs(text, { door: true })).toEqual(who);
    }
  });

  it("[SU119] keeps that name when its signature is written in another way", async () => {
    const text = await token();
    const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".indexOf(text.slice(-1));
    // 64 bytes leave four bits of the last digit unused: sixteen texts are one signature.
    const other = text.slice(0, -1) + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".charAt(last ^ 1);
    const [one, two] = [await asking(tenant).whoIs(text, { door: true }), await asking(tenant).whoIs(other, { door: true })];
    expect(one).toMatchObject({ sub: "ada" });
    expect(two).toEqual(one);
  });

  it.each(["ES256", "EdDSA", "RS256"] as const)("[SU102] is refused with a signature of another length: %s", async (alg) => {
    const text = await token({}, alg);
    const [head, body, signature = ""] = text.split(".");
    for (const cut of [signature.slice(0, -4), `${signature}AAAA`, "A", "AAAA", signature.slice(0, 1)])
      expect(await failingCheck(tenant, `${head}.${body}.${cut}`)).toBe("signature");
  });

  it("[SU116] is refused, and not cut, when its mapping gives more than fifty grants", async () => {
    const grant = (n: number) => ({ kind: "metrics", name: `m${n}`, actions: ["read"] });
    const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => grant(from + n));
    const rules = [{ claim: "roles", value: "staff", grants: many(40, 10) }, { claim: "vip", value: true, grants: many(50, 1) }]; // prettier-ignore
    const generous = await FakeTenant.make({ issuers: [{ ...ISSUER, jwks, mapping: { ...ISSUER.mapping, grants: many(0, 40), rules } }] });
    const fifty = await asking(generous).whoIs(await token({ roles: ["staff"] }), { door: true });
    expect(typeof fifty === "object" && fifty.grants.length).toBe(SUBJECT_LIMITS.grants);
    expect(await failingCheck(generous, await token({ roles: ["staff"], vip: true }))).toBe("grants");
  });

  it("[SU120] is told to the list of subjects after the answer, once in ten minutes; one of ours is not", async () => {
    const fresh = await FakeTenant.make({ issuers: [{ ...ISSUER, jwks, mapping: { ...ISSUER.mapping, name: "nick" } }] });
    const text = await token({ nick: "Ada L.", exp: now() + 7_200 });
    const { whoIs } = asking(fresh);
    for (let i = 0; i < 3; i++) await whoIs(text, { door: true });
    await whoIs(await fresh.sign(), { door: true });
    await whoIs(await token({ aud: "x", sub: "eve" }), { door: true });
    expect(fresh.seen).toEqual([{ object: expect.stringMatching(`^${fresh.tenantId}/subjects/[0-7]$`) as string, issuer: "shop", sub: "ada", name: "Ada L.", avatarUrl: null }]); // prettier-ignore
    await whoIs(text, { door: true, at: SEEN_LIMITS.everyMs + 1_000 });
    expect(fresh.seen).toHaveLength(2);
  });

  it("[SU107] stops with its issuer, by revocation or when the tenant removes it", async () => {
    const here = await FakeTenant.make({ issuers: [{ ...ISSUER, jwks }] });
    const text = await token();
    here.revoke("issuer", "shop", Date.now() - 5_000);
    expect(await failingCheck(here, text)).toBeUndefined();
    here.revoke("issuer", "shop", Date.now());
    expect(await asking(here).whoIs(text, { door: true, at: 2_000 })).toBe(401);
    expect(await failingCheck(here, await token({ iat: now() + 2 }), 4_000)).toBeUndefined();
    here.change({ issuers: [] });
    expect(await failingCheck(here, await token({ iat: now() + 2 }), 6_000)).toBe("issuer");
  });

  it("[SU104] never takes its keys from an address of its own", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    for (const header of [{ jwk }, { jku: `${edgeEnv.PUBLIC_URL}/jwks` }]) {
      expect(await failingCheck(tenant, await signed(pair.privateKey, claims(), { alg: "ES256", kid: "es256", ...header }))).toBe(
        "signature",
      );
      expect(await failingCheck(tenant, await signed(pair.privateKey, claims(), { alg: "ES256", kid: "other", ...header }))).toBe("key");
    }
  });
});
