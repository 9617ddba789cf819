import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { KeyRing } from "../../contract/key-ring.ts";
import { SUBJECT_LIMITS, subjectRef } from "../../contract/subject-id.ts";
import { seedTenant } from "../control/testing.ts";
import { accessOf, type TenantAccess } from "./access-cache.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { edgeEnv } from "./testing.ts";
import { asking, FakeTenant } from "./token-testing.ts";
import { mintToken, type TokenContent } from "./token-mint.ts";
import { verifyToken } from "./token-memo.ts";
import { makeRefreshHandle, readRefreshHandle } from "./token-refresh.ts";

const CTX = { waitUntil: () => undefined };
afterEach(() => void vi.restoreAllMocks());

const content = (tenantId: string, more: Partial<TokenContent> = {}): TokenContent => ({
  tenantId,
  issuer: "minted",
  sub: "ada",
  name: "Ada",
  avatarUrl: null,
  guest: false,
  grants: [{ kind: "metrics", name: "shop_*", actions: ["read"] }],
  familyId: "f1",
  keyId: "k1",
  ...more,
});

async function fake(): Promise<{ tenant: FakeTenant; access: TenantAccess }> {
  const tenant = await FakeTenant.make();
  const access = await accessOf({ ...edgeEnv, ...tenant.bindings }, CTX, tenant.tenantId, Date.now());
  return { tenant, access: access! }; // the fake exists
}

describe("a minted token", () => {
  it("[SU121] of a real tenant verifies with its published key and with us", async () => {
    const { tenantId } = await seedTenant();
    const now = Date.now();
    const access = (await accessOf(edgeEnv, CTX, tenantId, now))!;
    const { token, tokenId, expiresAt } = await mintToken(edgeEnv, access, content(tenantId), 600, now);
    const { jwk, keyId } = access.signingKeys.at(-1)!;
    const url = edgeEnv.PUBLIC_URL;
    const foreign = await jwtVerify(token, await importJWK({ ...jwk }, "ES256"), { audience: url, issuer: `${url}/p/${tenantId}/minted` });
    expect(foreign.protectedHeader).toEqual({ alg: "ES256", kid: `${tenantId}.${keyId}`, typ: "JWT" });
    const { checked } = await verifyToken(token, { env: edgeEnv, ctx: CTX, now, tenantId: undefined });
    expect(checked.ok && checked.value.principal).toMatchObject({
      issuer: "minted",
      sub: "ada",
      name: "Ada",
      grants: content(tenantId).grants,
      tokenId,
      familyId: "f1",
      issuedAt: now,
      credentialExpiresAt: expiresAt,
    });
    expect(expiresAt).toBe((Math.floor(now / 1_000) + 600) * 1_000);
  });

  it("[SU121] names its key, its family and the moment of its issue to the millisecond", async () => {
    const { tenant, access } = await fake();
    const now = 1_795_000_000_123;
    const { token, tokenId } = await mintToken(
      edgeEnv,
      access,
      content(tenant.tenantId, { issuer: "hosted", guest: true, keyId: null }),
      900,
      now,
    );
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", kid: tenant.kid, typ: "JWT" });
    const ref = await subjectRef(tenant.tenantId, "hosted|ada");
    expect(decodeJwt(token)).toEqual({
      iss: `${edgeEnv.PUBLIC_URL}/p/${tenant.tenantId}/hosted`,
      aud: edgeEnv.PUBLIC_URL,
      sub: "ada",
      iat: 1_795_000_000,
      exp: 1_795_000_900,
      jti: tokenId,
      mrd: {
        v: 1,
        iss: "hosted",
        name: "Ada",
        avatarUrl: null,
        guest: true,
        grants: content("").grants,
        at: now,
        fam: "f1",
        key: null,
        ref,
      },
    });
  });

  it("[SU121] costs the opening of its key once in an isolate", async () => {
    const { tenant, access } = await fake();
    const decrypt = vi.spyOn(KeyRing.prototype, "decrypt");
    for (let i = 0; i < 3; i++) await mintToken(edgeEnv, access, content(tenant.tenantId), 60, Date.now());
    expect(decrypt).toHaveBeenCalledTimes(1);
    clearIsolateCaches();
    await mintToken(edgeEnv, access, content(tenant.tenantId), 60, Date.now());
    expect(decrypt).toHaveBeenCalledTimes(2);
  });

  it("[SU121] is signed by the newest key; without one, or with one that the ring does not open, it is worth trying again", async () => {
    const { tenant, access } = await fake();
    const [key] = access.signingKeys;
    const mint = async (signingKeys: TenantAccess["signingKeys"]) =>
      await mintToken(edgeEnv, { ...access, signingKeys }, content(tenant.tenantId), 60, Date.now());
    for (const keys of [
      [],
      [{ ...key!, sealed: null }],
      [{ ...key!, until: Date.now() + 1_000 }],
      [{ ...key!, keyId: "other", sealed: "k9.AAAA" }],
    ])
      await expect(mint(keys)).rejects.toMatchObject({ retryable: true });
    expect(decodeProtectedHeader((await mint([{ ...key!, keyId: "old", sealed: null, until: 1 }, key!])).token).kid).toBe(tenant.kid);
  });

  it("[SU121] is 8 KiB at most; longer grants are refused, which the maker can mend", async () => {
    const { tenant, access } = await fake();
    const grants = (chars: number) => Array.from({ length: SUBJECT_LIMITS.grants }, (_, n) => ({ kind: "metrics", name: `${n}${"x".repeat(chars)}`, actions: ["read"] })); // prettier-ignore
    const { token } = await mintToken(edgeEnv, access, content(tenant.tenantId, { grants: grants(50) }), 60, Date.now());
    expect(await asking(tenant).whoIs(token)).toMatchObject({ sub: "ada" });
    await expect(mintToken(edgeEnv, access, content(tenant.tenantId, { grants: grants(150) }), 60, Date.now())).rejects.toMatchObject({
      problem: { slug: "limit-reached" },
    });
  });
});

describe("a refresh handle", () => {
  it("[SU122] is read as what it was made for, with the digest of its secret and not the secret", async () => {
    const at = { tenantId: "t-1", place: 7, familyId: "0192-ab" };
    const { handle, secretHash } = await makeRefreshHandle(at);
    expect(await readRefreshHandle(handle)).toEqual({ ...at, secretHash });
    expect(secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect((await makeRefreshHandle(at)).secretHash).not.toBe(secretHash);
  });

  it("[SU122] in any other form is none", async () => {
    const { handle } = await makeRefreshHandle({ tenantId: "t-1", place: 0, familyId: "f" });
    const secret = handle.slice(handle.lastIndexOf("_") + 1);
    const bad = [
      "",
      "mrr_",
      handle.toUpperCase(),
      `${handle}_x`,
      ` ${handle}`,
      `mrd_t_f_${secret}`,
      `mrr_t_8_f_${secret}`,
      `mrr_t_00_f_${secret}`,
      `mrr_t/../u_0_f_${secret}`,
      handle.slice(0, -20),
    ];
    for (const text of bad) expect([text, await readRefreshHandle(text)]).toEqual([text, undefined]);
  });
});
