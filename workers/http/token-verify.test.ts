import { exportJWK, exportSPKI, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { toBase64Url } from "../../contract/base64.ts";
import { SUBJECT_LIMITS, subjectRef } from "../../contract/subject-id.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { edgeEnv, type ProblemBody } from "./testing.ts";
import { asking, failingCheck, FakeTenant, signed } from "./token-testing.ts";
import { TOKEN_CHECKS } from "./token-checks.ts";
import { inspectToken } from "./token-inspect.ts";

const SECOND = 1_000;
const encode = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
const now = () => Math.floor(Date.now() / SECOND);

let tenant: FakeTenant;
let other: FakeTenant;
beforeAll(async () => {
  tenant = await FakeTenant.make();
  other = await FakeTenant.make();
});

/** The answer to a token that has to be refused, and the check that the tenant's own test of it names. */
async function refusal(token: string): Promise<{ status: number; check: string | undefined }> {
  return { status: (await asking(tenant).who(token)).status, check: await failingCheck(tenant, token) };
}

describe("a token of ours", () => {
  it("[SU100] stands for its subject with what it carries, at the public address and at its tenant's door", async () => {
    const grants = [{ kind: "metrics", name: "shop_*", actions: ["read"] }];
    const at = Date.now() - 5_000;
    const mrd = { v: 1, iss: "hosted", name: "Ada L.", avatarUrl: "https://a.test/a.png", guest: true, grants, at, fam: "f1", key: null };
    const claims: Record<string, unknown> = {
      ...tenant.claims(at),
      iss: `${edgeEnv.PUBLIC_URL}/p/${tenant.tenantId}/hosted`,
      jti: "j1",
      mrd,
    };
    const token = await tenant.sign(claims);
    const expected = {
      kind: "subject",
      tenantId: tenant.tenantId,
      issuer: "hosted",
      sub: "ada",
      ref: await subjectRef(tenant.tenantId, "hosted|ada"),
      name: "Ada L.",
      avatarUrl: "https://a.test/a.png",
      grants,
      tokenId: "j1",
      familyId: "f1",
      issuedAt: at,
      credentialExpiresAt: Number(claims.exp) * SECOND,
    };
    expect(await asking(tenant).whoIs(token)).toEqual(expected);
    expect(await asking(tenant).whoIs(token, { door: true })).toEqual(expected);
  });

  it("[SU100] counts as a Bearer only, and not beside another tenant's door", async () => {
    const token = await tenant.sign();
    for (const headers of [{ "x-api-key": token }, { authorization: `Basic ${btoa(`u:${token}`)}` }, { authorization: `Token ${token}` }])
      expect((await asking(tenant).ask("/v1/who", { headers })).status).toBe(401);
    const foreign = await other.sign();
    expect((await asking(tenant).who(foreign, { door: true })).status).toBe(401);
    const scene = {
      env: { ...edgeEnv, ...tenant.bindings },
      ctx: { waitUntil: () => undefined },
      now: Date.now(),
      tenantId: tenant.tenantId,
    };
    expect((await inspectToken(foreign, scene)).checks.at(-1)).toEqual({ check: "issuer", ok: false, detail: "It is another tenant's." });
  });

  it("[SU101] is tested check by check, up to the first that fails", async () => {
    const scene = {
      env: { ...edgeEnv, ...tenant.bindings },
      ctx: { waitUntil: () => undefined },
      now: Date.now(),
      tenantId: tenant.tenantId,
    };
    const good = await inspectToken(await tenant.sign(), scene);
    expect(good.checks.map(({ check, ok }) => [check, ok])).toEqual(TOKEN_CHECKS.map((check) => [check, true]));
    expect(good.principal?.sub).toBe("ada");
    const late = await inspectToken(await tenant.sign({ iat: now() - 1_000, exp: now() - 100 }), scene);
    expect(late.checks.map(({ check, ok }) => [check, ok])).toEqual(
      TOKEN_CHECKS.slice(0, TOKEN_CHECKS.indexOf("time") + 1).map((check) => [check, check !== "time"]),
    );
    expect(late.checks.at(-1)?.detail).toMatch(/^It expired at 20/);
    expect(late.principal).toBeNull();
  });

  it("[SU101] is held to 8 KiB before anything of it is read", async () => {
    const token = await tenant.sign();
    const room = SUBJECT_LIMITS.tokenBytes - token.length;
    // Further characters of the signature make it a wrong one, so what is told apart is which check it fails.
    expect(await refusal(token + "A".repeat(room))).toEqual({ status: 401, check: "signature" });
    expect(await refusal(token + "A".repeat(room + 1))).toEqual({ status: 401, check: "size" });
  });

  it.each([
    ["two parts", "a.b"],
    ["four parts", "a.b.c.d"],
    ["an empty signature", `${encode({ alg: "ES256" })}.${encode({})}.`],
    ["no base64url", `${encode({ alg: "ES256" })}.${encode({})}.a+b`],
    ["a header that is no JSON", `abcd.${encode({})}.abcd`],
    ["a header that is a list", `${encode([])}.${encode({})}.abcd`],
    ["claims that are text", `${encode({ alg: "ES256" })}.${encode("claims")}.abcd`],
  ])("[SU101] is refused for its form: %s", async (_what, token) => {
    expect(await refusal(token)).toEqual({ status: 401, check: "form" });
  });

  it.each([
    ["crit", { crit: ["exp"] }],
    ["b64", { b64: false }],
    ["no alg", { alg: undefined }],
    ["alg is a list", { alg: ["ES256"] }],
    ["another typ", { typ: "logout+jwt" }],
  ])("[SU101] is refused for its header: %s", async (_what, changed) => {
    const [, body, signature] = (await tenant.sign()).split(".");
    expect(await refusal(`${encode({ alg: "ES256", kid: tenant.kid, ...changed })}.${body}.${signature}`)).toEqual({
      status: 401,
      check: "header",
    });
  });

  it("[SU102] is no token with alg none, in any spelling", async () => {
    for (const alg of ["none", "None", "NONE", ""]) {
      const head = encode({ alg, kid: tenant.kid, typ: "JWT" });
      expect(await refusal(`${head}.${encode(tenant.claims())}.AA`)).toEqual({ status: 401, check: "algorithm" });
      expect((await asking(tenant).who(`${head}.${encode(tenant.claims())}.`)).status).toBe(401);
    }
  });

  it("[SU102] is not verified with its public key as an HMAC secret", async () => {
    const { jwk } = tenant.config.signingKeys.at(-1)!;
    const publicKey = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
    const raw = new Uint8Array((await crypto.subtle.exportKey("raw", publicKey)) as ArrayBuffer); // raw is bytes
    for (const secret of [new TextEncoder().encode(await exportSPKI(publicKey)), new TextEncoder().encode(JSON.stringify(jwk)), raw]) {
      for (const [alg, hash] of [
        ["HS256", "SHA-256"],
        ["HS512", "SHA-512"],
      ] as const) {
        // prettier-ignore
        const key = await crypto.subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, { name: "HMAC", hash }, false, ["sign"]); // no shared buffer
        const forged = await signed(key, tenant.claims(), { alg, kid: tenant.kid });
        expect(await refusal(forged)).toEqual({ status: 401, check: "algorithm" });
      }
    }
  });

  it("[SU102] is not another algorithm's, whoever signed it", async () => {
    for (const alg of ["RS256", "EdDSA", "ES384", "PS256"]) {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      expect(await refusal(await signed(privateKey, tenant.claims(), { alg, kid: tenant.kid }))).toEqual({
        status: 401,
        check: "algorithm",
      });
    }
  });

  it("[SU102] is refused when another key signed it, or one bit of it is another", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    expect(await refusal(await signed(privateKey, tenant.claims(), { alg: "ES256", kid: tenant.kid }))).toEqual({
      status: 401,
      check: "signature",
    });
    const token = await tenant.sign();
    const [head, body, signature = ""] = token.split(".");
    const richer = encode({ ...tenant.claims(), sub: "eve" });
    expect(await refusal(`${head}.${richer}.${signature}`)).toEqual({ status: 401, check: "signature" });
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    expect(await refusal(`${head}.${body}.${flipped}`)).toEqual({ status: 401, check: "signature" });
  });

  it("[SU103] names its key by a text that only we can make: any other costs no lookup", async () => {
    clearIsolateCaches();
    const good = tenant.kid;
    const keyId = good.slice(tenant.tenantId.length + 1);
    const before = { ...tenant.calls };
    const kids = [
      `../${good}`, `${good}/../x`, `${tenant.tenantId}/${keyId}`, `${tenant.tenantId}.`, `.${keyId}`, `${good}\u0000`, `${good} `, good.toUpperCase(),
      `${other.tenantId}.${keyId}`, good.slice(0, -1), `${good.slice(0, -1)}${good.endsWith("0") ? "1" : "0"}`, "", "constructor", "https://evil.test/key", undefined,
    ]; // prettier-ignore
    for (const kid of kids) {
      const token = await tenant.sign({}, { kid });
      expect([kid, (await asking(tenant).who(token)).status]).toEqual([kid, 401]);
    }
    expect(tenant.calls).toEqual(before);
  });

  it("[SU104] never brings its own key along", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const { kty, crv, x, y } = await exportJWK(pair.publicKey);
    for (const own of [
      { jwk: { kty, crv, x, y } },
      { jku: "https://evil.test/jwks.json" },
      { x5u: "https://evil.test/cert.pem" },
      { x5c: ["MII"] },
    ]) {
      const token = await signed(pair.privateKey, tenant.claims(), { alg: "ES256", kid: tenant.kid, ...own });
      expect(await refusal(token)).toEqual({ status: 401, check: "signature" });
      const nameless = await signed(pair.privateKey, tenant.claims(), { alg: "ES256", ...own });
      expect(await refusal(nameless)).toEqual({ status: 401, check: "issuer" });
    }
  });

  it("[SU106] has exactly our iss and aud", async () => {
    const url = edgeEnv.PUBLIC_URL;
    for (const iss of [
      `${url}/p/${tenant.tenantId}/minted/`,
      `${url}/p/${other.tenantId}/minted`,
      `${url}/p/${tenant.tenantId}/none`,
      url,
      undefined,
    ])
      expect(await refusal(await tenant.sign({ iss }))).toEqual({ status: 401, check: "issuer" });
    for (const aud of [`${url}/`, url.toUpperCase(), "https://elsewhere.test", ""])
      expect(await refusal(await tenant.sign({ aud }))).toEqual({ status: 401, check: "audience" });
    for (const aud of [[url], undefined]) expect(await refusal(await tenant.sign({ aud }))).toEqual({ status: 401, check: "claims" });
  });

  it("[SU101] has claims of our form, with an issuer that is the one of its iss", async () => {
    const { mrd } = tenant.claims() as { mrd: object };
    for (const claims of [
      { sub: "" },
      { sub: "a b" },
      { sub: "a".repeat(201) },
      { sub: 7 },
      { jti: undefined },
      { exp: "soon" },
      { iat: -1 },
      { mrd: null },
      { mrd: { ...mrd, v: 2 } },
      { mrd: { ...mrd, iss: "hosted" } },
      { mrd: { ...mrd, grants: {} } },
    ])
      expect([claims, await refusal(await tenant.sign(claims))]).toEqual([claims, { status: 401, check: "claims" }]);
    expect(await failingCheck(tenant, await tenant.sign({ sub: "~".repeat(SUBJECT_LIMITS.subChars) }))).toBeUndefined();
  });
});

describe("a token's time", () => {
  const check = async (iat: number, exp: number, at = 0) =>
    await failingCheck(tenant, await tenant.sign({ iat: now() + iat, exp: now() + exp }), at);

  it("[SU105] is over at its end, which clocks may see 60 s later", async () => {
    expect(await check(-900, -SUBJECT_LIMITS.clockSkewS + 2)).toBeUndefined();
    expect(await check(-900, -SUBJECT_LIMITS.clockSkewS - 1)).toBe("time");
  });

  it("[SU105] has to have come, for its issue and for where it says to begin", async () => {
    expect(await check(SUBJECT_LIMITS.clockSkewS - 2, 900)).toBeUndefined();
    expect(await check(SUBJECT_LIMITS.clockSkewS + 2, 900)).toBe("time");
  });

  it("[SU105] is an hour at most, and no negative one", async () => {
    expect(await check(-10, SUBJECT_LIMITS.tokenTtlMaxS - 10)).toBeUndefined();
    expect(await check(-10, SUBJECT_LIMITS.tokenTtlMaxS - 9)).toBe("time");
    expect(await check(10, 10)).toBe("time");
  });

  it("[SU125] refusals look alike from outside, but for a good token that expired: its holder is told", async () => {
    const refusals = [
      await other.sign({}, { kid: tenant.kid }),
      "a.b.c",
      await tenant.sign({ aud: "x" }),
      await tenant.sign({ iat: now() + 100, exp: now() + 200 }),
    ];
    const answers = await Promise.all(
      refusals.map(async (token) => {
        const response = await asking(tenant).who(token);
        const { requestId, ...body } = await response.json<ProblemBody>();
        expect(requestId).toBeTruthy();
        return [response.status, body, response.headers.get("www-authenticate")];
      }),
    );
    for (const answer of answers) expect(answer).toEqual([401, answers[0]?.[1], 'Bearer realm="meridian", error="invalid_token"']);
    const expired = await asking(tenant).who(await tenant.sign(), { at: 3_600_000 });
    expect((await expired.json<ProblemBody>()).detail).toContain("expired");
    expect(expired.headers.get("www-authenticate")).toContain('error="invalid_token", error_description="expired"');
    const forgedAndLate = await other.sign({ ...tenant.claims(), iat: now() - 900, exp: now() - 500 }, { kid: tenant.kid });
    expect((await (await asking(tenant).who(forgedAndLate)).json<ProblemBody>()).detail).not.toContain("expired");
  });

  it("[SU125] the log says which check failed, and nothing of the token", async () => {
    const { who, lines } = asking(tenant);
    const token = await tenant.sign({ aud: "x" });
    await who(token);
    expect(lines).toMatchObject([{ status: 401, denial: "token-audience", tenant: tenant.tenantId }]);
    expect(JSON.stringify(lines)).not.toContain(token.slice(0, 40));
  });
});
