import { describe, expect, it } from "vitest";
import type { SubjectSelf, TokenReply } from "../../contract/subjects.ts";
import { atDoor, linkToken, METRICS_GRANT, PASSWORD, seedAccount, seedDoor, seedGuest } from "./subject-testing.ts";

const DEMO = { env: { DEMO: "true" } };

async function selfOf(tenant: Parameters<typeof atDoor>[0], token: string): Promise<SubjectSelf> {
  const answer = await atDoor(tenant, "me", undefined, { key: token });
  expect([answer.status, answer.status === 200 ? "" : await answer.text()]).toEqual([200, ""]);
  return await answer.json<SubjectSelf>();
}

describe("a hosted account", () => {
  it("[SU60] is there once the mailed link was used, and gets the tenant's default grants", async () => {
    const tenant = await seedDoor();
    const asked = await atDoor(tenant, "register", { email: "Ada@Example.com", password: PASSWORD, name: "Ada" }, DEMO);
    expect(asked.status).toBe(202);
    expect((await atDoor(tenant, "login", { email: "ada@example.com", password: PASSWORD })).status).toBe(401);
    const verified = await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD });
    expect(verified.status).toBe(200);
    const first = await verified.json<TokenReply>();
    const login = await atDoor(tenant, "login", { email: "ada@example.com", password: PASSWORD });
    expect(login.status).toBe(200);
    const second = await login.json<TokenReply>();
    expect(second.subject).toEqual({ issuer: "hosted", sub: first.subject.sub, name: "Ada", guest: false });
    expect(await selfOf(tenant, second.token)).toMatchObject({
      issuer: "hosted",
      name: "Ada",
      email: "Ada@Example.com",
      guest: false,
      grants: [METRICS_GRANT],
    });
  });

  it("[SU61] of a guest keeps its sub when the guest upgrades", async () => {
    const tenant = await seedDoor();
    const guest = await seedGuest(tenant);
    expect(await selfOf(tenant, guest.token)).toMatchObject({ guest: true, email: null });
    const asked = await atDoor(
      tenant,
      "upgrade",
      { email: "bo@example.com", password: PASSWORD, name: "Bo" },
      { key: guest.token, ...DEMO },
    );
    expect(asked.status).toBe(202);
    const verified = await (await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD })).json<TokenReply>();
    expect(verified.subject).toEqual({ issuer: "hosted", sub: guest.subject.sub, name: "Bo", guest: false });
    const login = await (await atDoor(tenant, "login", { email: "bo@example.com", password: PASSWORD })).json<TokenReply>();
    expect(login.subject.sub).toBe(guest.subject.sub);
  });

  it("[SU61] of a guest keeps the name that the guest gave", async () => {
    const tenant = await seedDoor();
    const { token } = await (await atDoor(tenant, "guest", { name: "Cleo" })).json<TokenReply>();
    const asked = await atDoor(tenant, "upgrade", { email: "c@example.com", password: PASSWORD }, { key: token, ...DEMO });
    const verified = await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD });
    expect((await verified.json<TokenReply>()).subject.name).toBe("Cleo");
  });

  it("[SU62] renews its token by a handle that is good once, and ends with log-out", async () => {
    const tenant = await seedDoor();
    const { refreshHandle } = await seedAccount(tenant, "cy@example.com");
    const renewed = await atDoor(tenant, "refresh", { refreshHandle });
    expect(renewed.status).toBe(200);
    const next = await renewed.json<TokenReply>();
    expect(next.refreshHandle).not.toBe(refreshHandle);
    expect(await selfOf(tenant, next.token)).toMatchObject({ email: "cy@example.com" });
    expect((await atDoor(tenant, "logout", { refreshHandle: next.refreshHandle })).status).toBe(204);
    expect((await atDoor(tenant, "refresh", { refreshHandle: next.refreshHandle })).status).toBe(401);
  });
});
