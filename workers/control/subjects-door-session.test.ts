import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenReply } from "../../contract/subjects.ts";
import type { ProblemBody } from "../http/testing.ts";
import { atDoor, auditOf, PASSWORD, seedAccount, seedDoor, seedGuest } from "./subject-testing.ts";
import { ask, seedKey } from "./testing.ts";

afterEach(() => vi.useRealTimers());

const later = (ms = 1_500) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
const login = async (tenant: Parameters<typeof atDoor>[0], email: string, more: object = {}) =>
  await atDoor(tenant, "login", { email, password: PASSWORD, ...more });

describe("a session in a cookie", () => {
  it("[SU80] is HttpOnly, SameSite=Strict and of this tenant; over https also Secure and __Host-", async () => {
    const tenant = await seedDoor();
    await seedAccount(tenant, "cookie@example.com");
    const answer = await login(tenant, "cookie@example.com", { keep: "cookie" });
    expect((await answer.json<TokenReply>()).refreshHandle).toBeNull();
    const [line = ""] = answer.headers.getSetCookie();
    expect(line).toMatch(new RegExp(`^meridian\\.refresh\\.${tenant.slug}=mrr_`));
    for (const part of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"]) expect(line).toContain(part);
    expect(line).not.toContain("Secure");
    const env = { PUBLIC_URL: "https://meridian.example" };
    const secure = await atDoor(tenant, "login", { email: "cookie@example.com", password: PASSWORD, keep: "cookie" }, { env });
    expect(secure.headers.getSetCookie()[0]).toMatch(new RegExp(`^__Host-meridian\\.refresh\\.${tenant.slug}=mrr_.*; Secure`));
  });

  it("[SU80] is renewed and ended from pages of the door's own site only", async () => {
    const tenant = await seedDoor();
    await seedAccount(tenant, "own@example.com");
    const began = await login(tenant, "own@example.com", { keep: "cookie" });
    const cookie = began.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    for (const origin of ["https://evil.example", null]) {
      expect((await atDoor(tenant, "refresh", {}, { cookie, origin })).status).toBe(403);
      expect((await atDoor(tenant, "logout", {}, { cookie, origin })).status).toBe(403);
      expect((await atDoor(tenant, "login", { email: "own@example.com", password: PASSWORD, keep: "cookie" }, { origin })).status).toBe(
        403,
      );
    }
    const renewed = await atDoor(tenant, "refresh", {}, { cookie });
    expect(renewed.status).toBe(200);
    expect((await renewed.json<TokenReply>()).refreshHandle).toBeNull();
    const next = renewed.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    expect(next).not.toBe(cookie);
    const ended = await atDoor(tenant, "logout", {}, { cookie: next });
    expect(ended.status).toBe(204);
    expect(ended.headers.getSetCookie()[0]).toMatch(/=; Max-Age=0/);
    expect((await atDoor(tenant, "refresh", {}, { cookie: next })).status).toBe(401);
  });

  it("[SU91] that is not there is no error: nobody is signed in; one that is no handle of ours is", async () => {
    const tenant = await seedDoor();
    const nobody = await atDoor(tenant, "refresh", {});
    expect([nobody.status, await nobody.text(), nobody.headers.getSetCookie()]).toEqual([204, "", []]);
    const [{ refreshHandle }, other] = [await seedGuest(tenant), await seedDoor()];
    expect((await atDoor(tenant, "refresh", {}, { cookie: `meridian.refresh.${other.slug}=${refreshHandle}` })).status).toBe(204);
    expect((await atDoor(tenant, "refresh", {}, { cookie: `meridian.refresh.${tenant.slug}=made-up` })).status).toBe(401);
    expect((await atDoor(tenant, "refresh", { refreshHandle: "mrr_t_1_f_00000000000000000000000000000000" })).status).toBe(401);
    expect((await atDoor(tenant, "refresh", {}, { origin: "https://evil.example" })).status).toBe(403);
  });

  it("[SU80] of one tenant is nothing at another's door", async () => {
    const [tenant, other] = [await seedDoor(), await seedDoor()];
    const { refreshHandle } = await seedGuest(tenant);
    expect((await atDoor(other, "refresh", { refreshHandle })).status).toBe(401);
    expect((await atDoor(other, "logout", { refreshHandle })).status).toBe(204);
    expect((await atDoor(tenant, "refresh", { refreshHandle })).status).toBe(200);
  });
});

describe("leaving", () => {
  it("[SU81] everywhere ends every session and every token at once; coming back works", async () => {
    const tenant = await seedDoor();
    const first = await seedAccount(tenant, "every@example.com");
    const second = await (await login(tenant, "every@example.com")).json<TokenReply>();
    expect((await atDoor(tenant, "logout", { everywhere: true })).status).toBe(401);
    expect((await atDoor(tenant, "logout", { everywhere: true }, { key: first.token })).status).toBe(204);
    later();
    for (const { token, refreshHandle } of [first, second]) {
      expect((await atDoor(tenant, "me", undefined, { key: token })).status).toBe(401);
      expect((await atDoor(tenant, "refresh", { refreshHandle })).status).toBe(401);
    }
    const again = await (await login(tenant, "every@example.com")).json<TokenReply>();
    expect((await atDoor(tenant, "me", undefined, { key: again.token })).status).toBe(200);
  });

  it("[SU81] everywhere acts once for one token, however often it comes before isolates know that it is over", async () => {
    const tenant = await seedDoor();
    const { token } = await seedGuest(tenant);
    for (let i = 0; i < 5; i++) expect((await atDoor(tenant, "logout", { everywhere: true }, { key: token })).status).toBeLessThan(402);
    const revocations = (await auditOf(tenant)).filter(({ action }) => action === "token.revoke");
    expect(revocations.map(({ outcome }) => outcome)).toEqual(["done", "intent"]);
  });

  it("[SU81] here ends this session and no other, by token or by handle", async () => {
    const tenant = await seedDoor();
    const first = await seedAccount(tenant, "here@example.com");
    const second = await (await login(tenant, "here@example.com")).json<TokenReply>();
    const third = await (await login(tenant, "here@example.com")).json<TokenReply>();
    expect((await atDoor(tenant, "logout", {}, { key: first.token })).status).toBe(204);
    expect((await atDoor(tenant, "logout", { refreshHandle: second.refreshHandle })).status).toBe(204);
    const statuses = [];
    for (const { refreshHandle } of [first, second, third]) statuses.push((await atDoor(tenant, "refresh", { refreshHandle })).status);
    expect(statuses).toEqual([401, 401, 200]);
  });
});

describe("changing the password", () => {
  const change = async (tenant: Parameters<typeof atDoor>[0], key: string, currentPassword: string, newPassword: string) =>
    await atDoor(tenant, "password", { currentPassword, newPassword }, { key });

  it("[SU82] ends every other session; this one renews its token and goes on", async () => {
    const tenant = await seedDoor();
    const other = await seedAccount(tenant, "change@example.com");
    const mine = await (await login(tenant, "change@example.com")).json<TokenReply>();
    expect((await change(tenant, mine.token, PASSWORD, "another long phrase")).status).toBe(204);
    later();
    expect((await atDoor(tenant, "me", undefined, { key: other.token })).status).toBe(401);
    expect((await atDoor(tenant, "refresh", { refreshHandle: other.refreshHandle })).status).toBe(401);
    const renewed = await (await atDoor(tenant, "refresh", { refreshHandle: mine.refreshHandle })).json<TokenReply>();
    expect((await atDoor(tenant, "me", undefined, { key: renewed.token })).status).toBe(200);
    expect((await login(tenant, "change@example.com")).status).toBe(401);
    expect((await atDoor(tenant, "login", { email: "change@example.com", password: "another long phrase" })).status).toBe(200);
  });

  it("[SU82] needs the current one, takes no common one, and is tried five times", async () => {
    const tenant = await seedDoor();
    const { token } = await seedAccount(tenant, "tries@example.com");
    const pointers = async (answer: Response) => (await answer.json<ProblemBody>()).errors?.map(({ pointer }) => pointer);
    expect(await pointers(await change(tenant, token, "wrong one", "another long phrase"))).toEqual(["/currentPassword"]);
    expect(await pointers(await change(tenant, token, PASSWORD, "password1"))).toEqual(["/newPassword"]);
    for (let n = 2; n < 5; n++) expect((await change(tenant, token, "wrong one", "another long phrase")).status).toBe(400);
    expect((await change(tenant, token, PASSWORD, "another long phrase")).status).toBe(429);
  });

  it("[SU83] like upgrading and deleting oneself is for hosted accounts; others are told so", async () => {
    const tenant = await seedDoor();
    const key = await seedKey(tenant, ["tokens:mint"]);
    const minted = await (await ask("/v1/tokens", { body: { sub: "m" }, key: key.secret })).json<TokenReply>();
    const body = { email: "m@example.com", password: PASSWORD };
    expect((await change(tenant, minted.token, PASSWORD, "another long phrase")).status).toBe(403);
    expect((await atDoor(tenant, "upgrade", body, { key: minted.token })).status).toBe(403);
    expect((await atDoor(tenant, "me", undefined, { method: "DELETE", key: minted.token })).status).toBe(403);
    expect(await (await atDoor(tenant, "me", undefined, { key: minted.token })).json()).toMatchObject({
      issuer: "minted",
      sub: "m",
      email: null,
    });
    const guest = await seedGuest(tenant);
    expect((await change(tenant, guest.token, PASSWORD, "another long phrase")).status).toBe(409);
    const account = await seedAccount(tenant, "already@example.com");
    expect((await atDoor(tenant, "upgrade", body, { key: account.token })).status).toBe(409);
  });
});
