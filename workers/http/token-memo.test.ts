import { exportJWK, generateKeyPair } from "jose";
import { toBase64Url } from "../../contract/base64.ts";
import { edgeEnv } from "./testing.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { asking, FakeTenant } from "./token-testing.ts";
import { TOKEN_MEMO_LIMITS } from "./token-memo.ts";

afterEach(() => void vi.restoreAllMocks());

/** How often a signature is computed over while `work` runs. */
async function verifications(work: () => Promise<unknown>): Promise<number> {
  const verify = vi.spyOn(crypto.subtle, "verify");
  verify.mockClear();
  await work();
  return verify.mock.calls.length;
}

const WAYS = [
  ["token", (tenant: FakeTenant, claims: { jti: string }) => tenant.revoke("token", claims.jti, Date.now())],
  ["subject", (tenant: FakeTenant, _claims: object, ref: string) => tenant.revoke("subject", ref, Date.now())],
  ["issuer", (tenant: FakeTenant) => tenant.revoke("issuer", "minted", Date.now())],
  ["tenant", (tenant: FakeTenant) => tenant.revoke("tenant", "", Date.now())],
] as const;

describe("a token that comes again", () => {
  it("[SU113] is verified once, as long as its tenant's configuration is the same", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const text = await tenant.sign();
    expect(await verifications(async () => await whoIs(text))).toBe(1);
    const first = await whoIs(text);
    expect(await verifications(async () => expect(await whoIs(text)).toEqual(first))).toBe(0);
    expect(await verifications(async () => await whoIs(text, { at: 60_000 }))).toBe(0);
    tenant.change({ publicThings: [] });
    expect(await verifications(async () => await whoIs(text, { at: 120_000 }))).toBe(1);
  });

  it("[SU113] expires at its time all the same", async () => {
    const tenant = await FakeTenant.make();
    const { who } = asking(tenant);
    const iat = Math.floor(Date.now() / 1_000);
    const text = await tenant.sign({ iat, exp: iat + 30 });
    expect((await who(text)).status).toBe(200);
    expect((await who(text, { at: 85_000 })).status).toBe(200);
    const late = await who(text, { at: 95_000 });
    expect([late.status, late.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining("expired")]);
  });

  it.each(WAYS)("[SU107] is 401 within 2 s of a revocation of its %s, and one issued later is good", async (kind, revoke) => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const claims = tenant.claims(Date.now() - 1_000) as { jti: string };
    const text = await tenant.sign(claims);
    const who = await whoIs(text);
    const other = await tenant.sign({ ...tenant.claims(Date.now() - 1_000), sub: "bob" });
    expect(await whoIs(other)).toMatchObject({ sub: "bob" });
    revoke(tenant, claims, typeof who === "object" ? who.ref : "");
    expect(await whoIs(text, { at: 1_600 })).toBe(401);
    expect(typeof (await whoIs(other, { at: 1_600 }))).toBe(kind === "token" || kind === "subject" ? "object" : "number");
    expect(await whoIs(await tenant.sign(tenant.claims(Date.now() + 1_000)), { at: 1_700 })).toMatchObject({ sub: "ada" });
  });

  it("[SU126] a revoked token leaves a note under its subject's digest, and no name", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const who = await whoIs(await tenant.sign());
    tenant.revoke("tenant", "", Date.now() + 1_000);
    for (let i = 0; i < 3; i++) expect(await whoIs(await tenant.sign(), { at: 2_000 })).toBe(401);
    const actor = `subject:${typeof who === "object" ? who.ref : ""}`;
    expect(tenant.notes).toMatchObject([{ actor, actorName: "end user", note: { detail: { reason: "revoked-token" } } }]);
    expect(JSON.stringify(tenant.notes)).not.toMatch(/ada/i);
  });

  it("[SU109] is good through a rotation of the tenant's key, until the old one leaves", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const before = await tenant.sign();
    await whoIs(before);
    await tenant.addSigningKey();
    expect(await whoIs(before, { at: 2_000 })).toMatchObject({ sub: "ada" });
    expect(await whoIs(await tenant.sign(), { at: 2_000 })).toMatchObject({ sub: "ada" });
    tenant.change({ signingKeys: tenant.config.signingKeys.slice(1) });
    expect(await whoIs(before, { at: 4_000 })).toBe(401);
    expect(await whoIs(await tenant.sign(), { at: 4_000 })).toMatchObject({ sub: "ada" });
  });

  it("[SU109] is not verified with a key of another value under the same name", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const text = await tenant.sign();
    expect(await whoIs(text)).toMatchObject({ sub: "ada" });
    const { x = "", y = "" } = await exportJWK((await generateKeyPair("ES256", { extractable: true })).publicKey);
    tenant.change({ signingKeys: tenant.config.signingKeys.map((key) => ({ ...key, jwk: { ...key.jwk, x, y } })) });
    expect(await whoIs(text, { at: 2_000 })).toBe(401);
  });

  it("[SU109] stops when the key that made its kid leaves the deployment's ring, and goes on through a rotation", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const text = await tenant.sign();
    const ring = JSON.parse(edgeEnv.KEY_RING) as { current: string; keys: Record<string, string> }; // the test's own variable
    const fresh = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
    const rotated = JSON.stringify({ current: "fresh", keys: { ...ring.keys, fresh } });
    const retired = JSON.stringify({ current: "fresh", keys: { fresh } });
    expect(await whoIs(text)).toMatchObject({ sub: "ada" });
    expect(await whoIs(text, { env: { KEY_RING: rotated } })).toMatchObject({ sub: "ada" });
    expect(await whoIs(text, { env: { KEY_RING: retired } })).toBe(401);
    expect(await whoIs(text)).toMatchObject({ sub: "ada" });
  });

  it("[SU113] is not remembered when it is long", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const withPad = async (chars: number) => await tenant.sign({ pad: "x".repeat(chars) });
    const base = (await withPad(0)).length;
    const fits = await withPad(Math.floor(((TOKEN_MEMO_LIMITS.tokenChars - base) * 3) / 4) - 3);
    expect(fits.length).toBeLessThanOrEqual(TOKEN_MEMO_LIMITS.tokenChars);
    const long = await withPad(Math.ceil(((TOKEN_MEMO_LIMITS.tokenChars - base) * 3) / 4) + 3);
    expect(long.length).toBeGreaterThan(TOKEN_MEMO_LIMITS.tokenChars);
    const thrice = async (text: string) => { for (let i = 0; i < 3; i++) await whoIs(text); }; // prettier-ignore
    expect(await verifications(async () => await thrice(fits))).toBe(1);
    expect(await verifications(async () => await thrice(long))).toBe(3);
  });
});
