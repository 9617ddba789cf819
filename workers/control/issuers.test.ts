import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Explained, TokenReply } from "../../contract/subjects.ts";
import type { ProblemBody } from "../http/testing.ts";
import { atDoor, METRICS_GRANT, seedDoor } from "./subject-testing.ts";
import { ask, seedKey, seedOperator, type SeededOperator } from "./testing.ts";

const AUDIENCE = "meridian-test";
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let jwk: Awaited<ReturnType<typeof exportJWK>>;
beforeAll(async () => {
  keys = await generateKeyPair("ES256", { extractable: true });
  jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1" };
});
afterEach(() => vi.useRealTimers());

const issuerOf = (name: string) => ({
  iss: `https://${name}.example.com/`,
  audiences: [AUDIENCE],
  jwks: { keys: [jwk] },
  mapping: { name: "nickname", grants: [METRICS_GRANT] },
});

async function sign(iss: string, more: { readonly aud?: string; readonly ageS?: number } = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000) - (more.ageS ?? 0);
  return await new SignJWT({ nickname: "Bea" })
    .setProtectedHeader({ alg: "ES256", kid: "k1" })
    .setIssuer(iss)
    .setAudience(more.aud ?? AUDIENCE)
    .setSubject("user|1")
    .setIssuedAt(iat)
    .setExpirationTime(iat + 600)
    .sign(keys.privateKey);
}

async function seedIssuer(name = "acme"): Promise<SeededOperator & { readonly iss: string }> {
  const owner = await seedOperator("owner");
  await seedDoor({}, owner);
  const put = await ask(`/v1/issuers/${name}`, { method: "PUT", body: issuerOf(name), cookie: owner.cookie });
  expect([put.status, put.status === 200 ? "" : await put.text()]).toEqual([200, ""]);
  return { ...owner, iss: `https://${name}.example.com/` };
}

describe("a tenant's own issuer", () => {
  it("[SU84] is listed, changed and taken away; its name stays with its iss", async () => {
    const owner = await seedIssuer();
    const list = async () => (await (await ask("/v1/issuers", { cookie: owner.cookie })).json<{ items: { name: string }[] }>()).items;
    expect((await list()).map(({ name }) => name)).toEqual(["acme"]);
    expect((await ask("/v1/issuers/acme", { method: "DELETE", cookie: owner.cookie })).status).toBe(204);
    expect(await list()).toEqual([]);
    expect((await ask("/v1/issuers/acme", { method: "DELETE", cookie: owner.cookie })).status).toBe(404);
    const other = await ask("/v1/issuers/acme", { method: "PUT", body: issuerOf("evil"), cookie: owner.cookie });
    expect(other.status).toBe(409);
    for (const name of ["minted", "hosted"]) {
      const reserved = await ask(`/v1/issuers/${name}`, { method: "PUT", body: issuerOf(name), cookie: owner.cookie });
      expect([name, reserved.status >= 400 && reserved.status < 500]).toEqual([name, true]);
    }
  });

  it("[SU84] brings its people to the door, and only there", async () => {
    const owner = await seedIssuer();
    const token = await sign(owner.iss);
    expect(await (await atDoor(owner, "me", undefined, { key: token })).json()).toMatchObject({
      issuer: "acme",
      sub: "user|1",
      name: "Bea",
      grants: [METRICS_GRANT],
    });
    expect((await ask("/v1/me", { key: token })).status).toBe(401);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    await ask("/v1/issuers/acme", { method: "DELETE", cookie: owner.cookie });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await atDoor(owner, "me", undefined, { key: token })).status).toBe(401);
  });

  it("[SU85] with a sub that another issuer knows speaks for another person", async () => {
    const owner = await seedIssuer();
    const key = await seedKey(owner, ["tokens:mint"]);
    const minted = await (await ask("/v1/tokens", { body: { sub: "user|1", name: "Ada" }, key: key.secret })).json<TokenReply>();
    const brought = await sign(owner.iss);
    const who = async (token: string) =>
      await (await atDoor(owner, "me", undefined, { key: token })).json<{ issuer: string; grants: unknown[] }>();
    expect(await who(minted.token)).toMatchObject({ issuer: "minted", sub: "user|1", name: "Ada", grants: [] });
    expect(await who(brought)).toMatchObject({ issuer: "acme", sub: "user|1", name: "Bea", grants: [METRICS_GRANT] });
    // What is done to the one leaves the other alone.
    const path = `/v1/subjects/minted/${encodeURIComponent("user|1")}`;
    expect((await ask(path, { method: "DELETE", cookie: owner.cookie })).status).toBe(204);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await atDoor(owner, "me", undefined, { key: minted.token })).status).toBe(401);
    expect((await atDoor(owner, "me", undefined, { key: brought })).status).toBe(200);
  });

  it("[SU86] can be tested: the checks stand in order, up to the first that fails", async () => {
    const owner = await seedIssuer();
    const tested = async (token: string, name = "acme") => await ask(`/v1/issuers/${name}/test`, { body: { token }, cookie: owner.cookie });
    const checksOf = async (token: string) => await (await tested(token)).json<Pick<Explained, "checks"> & { subject: unknown }>();
    // Known to this isolate before it was changed: the test asks the object.
    await ask(`/p/${owner.slug}/v1/jwks.json`);
    await ask("/v1/issuers/acme", { method: "PUT", body: { ...issuerOf("acme"), audiences: ["other"] }, cookie: owner.cookie });
    expect((await checksOf(await sign(owner.iss))).checks.at(-1)).toMatchObject({ check: "audience", ok: false });
    await ask("/v1/issuers/acme", { method: "PUT", body: issuerOf("acme"), cookie: owner.cookie });
    const good = await checksOf(await sign(owner.iss));
    expect(good.subject).toEqual({ issuer: "acme", sub: "user|1", name: "Bea" });
    expect(good.checks.every(({ ok }) => ok)).toBe(true);
    const failing: [what: string, token: string, check: string][] = [
      ["garbage", "garbage", "form"],
      ["another iss", await sign("https://other.example.com/"), "issuer"],
      ["expired", await sign(owner.iss, { ageS: 3_600 }), "time"],
      ["another aud", await sign(owner.iss, { aud: "x" }), "audience"],
    ];
    for (const [what, token, check] of failing) {
      const { checks, subject } = await checksOf(token);
      expect([what, checks.at(-1)?.check, checks.at(-1)?.ok, subject]).toEqual([what, check, false, null]);
      expect(checks.slice(0, -1).every(({ ok }) => ok)).toBe(true);
    }
    const key = await seedKey(owner, ["tokens:mint"]);
    const minted = await (await ask("/v1/tokens", { body: { sub: "m" }, key: key.secret })).json<TokenReply>();
    expect((await checksOf(minted.token)).checks.at(-1)).toMatchObject({ check: "issuer", ok: false });
    expect((await tested("x", "nobody")).status).toBe(404);
  });

  it("[SU84] takes no private key and no list without an address or a set", async () => {
    const owner = await seedOperator("owner");
    const put = async (body: unknown) => await ask("/v1/issuers/acme", { method: "PUT", body, cookie: owner.cookie });
    const secret = await exportJWK(keys.privateKey);
    const answer = await put({ ...issuerOf("acme"), jwks: { keys: [{ ...secret, kid: "k1" }] } });
    expect(answer.status).toBe(400);
    expect(JSON.stringify((await answer.json<ProblemBody>()).errors)).toContain("/jwks/keys/0/d");
    const { jwks: _, ...without } = issuerOf("acme");
    expect((await put(without)).status).toBe(400);
    expect((await put({ ...without, jwksUrl: "http://plain.example.com/jwks" })).status).toBe(400);
  });
});
