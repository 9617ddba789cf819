import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../../contract/access.ts";
import type { Page } from "../../contract/pages.ts";
import type { TwoFactorStarted } from "../../contract/second-factors.ts";
import { ATTEMPT_LIMITS, forgetAttempts, takeAttempt } from "./auth-attempts.ts";
import { firstStep, from, PASSWORD, seedPerson, seedProtected, totp } from "./auth-factor-testing.ts";
import { ask, cookiesOf, edgeEnv } from "./testing.ts";

const second = async (body: unknown, cookie: string) => await ask("/v1/auth/two-factor/sign-in", { body, cookie });
const change = async (what: string, body: unknown, cookie: string) => await ask(`/v1/auth/two-factor/${what}`, { body, cookie });
const proof = { currentPassword: PASSWORD };

describe("signing in with the second factor on", { timeout: 30_000 }, () => {
  it("[AC39] the right password opens no session; its cookie and a code do", async () => {
    const person = await seedProtected();
    const before = await env.DB.prepare("SELECT count(*) AS n FROM identity_session WHERE user_id = ?").bind(person.userId).first("n");
    const asked = await firstStep(person.email);
    expect(await asked.clone().json()).toEqual({ twoFactor: true });
    const lines = asked.headers.getSetCookie();
    expect(lines.find((line) => line.startsWith("meridian.session="))).toMatch(/^meridian\.session=;.*Max-Age=0/);
    expect(lines.find((line) => line.startsWith("meridian.two-factor="))).toMatch(/Max-Age=600;.*HttpOnly.*SameSite=Lax/i);
    expect(lines).toHaveLength(2);
    const step = cookiesOf(asked);
    expect((await ask("/v1/me", { cookie: step })).status).toBe(401);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM identity_session WHERE user_id = ?").bind(person.userId).first("n")).toBe(
      before,
    );

    const done = await second({ code: await totp(person.uri, 1) }, step);
    expect(await done.clone().json()).toEqual({ user: { id: person.userId, name: "The owner", email: person.email } });
    expect((await ask("/v1/me", { cookie: cookiesOf(done) })).status).toBe(200);
    // The challenge is used up.
    expect((await second({ backupCode: person.backupCodes[0] }, step)).status).toBe(401);
  });

  it("[AC37] [AC39] a sign-in that the old password began ends with that password", async () => {
    const person = await seedProtected();
    const step = cookiesOf(await firstStep(person.email));
    const body = { currentPassword: PASSWORD, newPassword: `${PASSWORD} of tomorrow` };
    expect((await ask("/v1/auth/change-password", { body, cookie: person.cookie })).status).toBe(200);
    expect((await second({ code: await totp(person.uri, 1) }, step)).status).toBe(401);
    expect((await second({ backupCode: person.backupCodes[0] }, step)).status).toBe(401);
  });

  it("[AC39] on https its cookie is __Host- and Secure as every other", async () => {
    const person = await seedProtected();
    const asked = await firstStep(person.email, { env: { PUBLIC_URL: "https://meridian.example" } });
    const line = asked.headers.getSetCookie().find((cookie) => cookie.includes("two-factor")) ?? "";
    expect(line).toMatch(/^__Host-meridian\.two-factor=/);
    for (const attribute of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]) expect(line).toContain(attribute);
  });

  it("[AC39] without the cookie of the first step no code is looked at, whoever one says one is", async () => {
    const person = await seedProtected();
    const code = await totp(person.uri, 1);
    const forged = "meridian.two-factor=2fa-aaaaaaaaaaaaaaaaaaaa.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D";
    for (const cookie of [forged, person.cookie, ""]) expect((await second({ code }, cookie)).status, cookie).toBe(401);
    // None of it took a try of the person's, and the code still counts.
    expect((await second({ code }, cookiesOf(await firstStep(person.email)))).status).toBe(200);
  });

  it("[AC40] each code of the app counts once, also the one that switched it on", async () => {
    const person = await seedProtected();
    const code = await totp(person.uri, 1);
    expect((await second({ code }, cookiesOf(await firstStep(person.email)))).status).toBe(200);
    const again = await second({ code }, cookiesOf(await firstStep(person.email)));
    expect(await again.json()).toMatchObject({ status: 401, type: "/problems/wrong-code" });
    const first = await second({ code: await totp(person.uri) }, cookiesOf(await firstStep(person.email)));
    expect(first.status).toBe(401);
  });

  it("[AC40] each backup code works once, and what is left is counted", async () => {
    const person = await seedProtected();
    expect(person.backupCodes).toHaveLength(10);
    const [backupCode] = person.backupCodes;
    const done = await second({ backupCode }, cookiesOf(await firstStep(person.email)));
    expect(done.status).toBe(200);
    const state = await ask("/v1/auth/two-factor", { cookie: cookiesOf(done) });
    expect(await state.json()).toEqual({ on: true, backupCodesLeft: 9 });
    const again = await second({ backupCode }, cookiesOf(await firstStep(person.email)));
    expect(await again.json()).toMatchObject({ type: "/problems/wrong-code" });
  });

  it("[AC40] wrong codes stop after five, across passwords, and the right one gives the tries back", async () => {
    const person = await seedProtected();
    const burst = ATTEMPT_LIMITS.code[0].burst;
    for (let n = 1; n < burst; n++) await takeAttempt(edgeEnv, "code", person.userId);
    const wrong = await second({ backupCode: "not-a-code" }, cookiesOf(await firstStep(person.email)));
    expect(wrong.status).toBe(401);
    const step = cookiesOf(await firstStep(person.email));
    const limited = await second({ code: await totp(person.uri, 1) }, step);
    expect([limited.status, Number(limited.headers.get("retry-after")) > 0]).toEqual([429, true]);
    // Who is in is not touched, and the password's own tries are not either.
    expect((await ask("/v1/me", { cookie: person.cookie })).status).toBe(200);
    expect((await firstStep(person.email)).status).toBe(200);
  });

  it("[AC40] a day has fifty tries, which the right code does not give back", async () => {
    const person = await seedProtected();
    let taken = 1; // when it was switched on
    for (; taken < 60; taken++) {
      if ((await takeAttempt(edgeEnv, "code", person.userId)).ok) continue;
      await forgetAttempts(edgeEnv, "code", person.userId);
      if (!(await takeAttempt(edgeEnv, "code", person.userId)).ok) break;
    }
    expect(taken).toBe(ATTEMPT_LIMITS.code[2].burst);
    const limited = await second({ code: await totp(person.uri, 1) }, cookiesOf(await firstStep(person.email)));
    expect(limited.status).toBe(429);
  });

  it("[AC39] a stranger without the password cannot keep the owner out: their tries are of the address and the password", async () => {
    const person = await seedProtected();
    const wrong = { email: person.email, password: "a wrong password" };
    for (let n = 0; n < 3; n++) expect((await ask("/v1/auth/sign-in/email", { body: wrong, headers: from() })).status).toBe(401);
    const row = await env.DB.prepare(
      "SELECT failed_verification_count AS n, locked_until AS until FROM identity_two_factor WHERE user_id = ?",
    )
      .bind(person.userId)
      .first();
    expect(row).toEqual({ n: 0, until: null });
    expect((await second({ code: await totp(person.uri, 1) }, cookiesOf(await firstStep(person.email)))).status).toBe(200);
  });
});

describe("the second factor", { timeout: 30_000 }, () => {
  it("[AC41] is on when a code of it came back, and not before", async () => {
    const person = await seedPerson();
    expect(await (await change("enable", { currentPassword: "a wrong one" }, person.cookie)).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: "/currentPassword" }],
    });
    const { uri, backupCodes } = await (await change("enable", proof, person.cookie)).json<TwoFactorStarted>();
    expect(uri).toMatch(/^otpauth:\/\/totp\/.*secret=[A-Z2-7]{40,}/);
    expect(new URL(uri).searchParams.get("issuer")).toBe(edgeEnv.DEPLOYMENT_NAME);
    expect(backupCodes[0]).toMatch(/^[A-Za-z0-9]{5}-[A-Za-z0-9]{5}$/);
    expect(await (await ask("/v1/auth/two-factor", { cookie: person.cookie })).json()).toEqual({ on: false, backupCodesLeft: null });
    expect(await (await firstStep(person.email)).json()).toMatchObject({ user: { id: person.userId } });

    const wrong = await change("verify", { code: "000000" }, person.cookie);
    expect(await wrong.json()).toMatchObject({ status: 400, errors: [{ pointer: "/code" }] });
    const on = await change("verify", { code: await totp(uri) }, person.cookie);
    expect(on.status).toBe(200);
    // Another session took this one's place, in the same tenant.
    expect((await ask("/v1/me", { cookie: person.cookie })).status).toBe(401);
    const cookie = cookiesOf(on);
    expect(await (await ask("/v1/me", { cookie })).json()).toMatchObject({ tenant: { id: person.tenantId } });
    const { items } = await (await ask("/v1/audit?action=two-factor.enable", { cookie })).json<Page<AuditEntry>>();
    expect(items.map(({ outcome }) => outcome)).toEqual(["done", "intent", "failed", "intent"]);
  });

  it("[AC41] that is on is not replaced by one that nobody proved, and its codes cannot be tried here", async () => {
    const person = await seedProtected();
    expect((await change("enable", proof, person.cookie)).status).toBe(409);
    expect((await change("verify", { code: await totp(person.uri, 1) }, person.cookie)).status).toBe(409);
    expect((await second({ code: await totp(person.uri, 1) }, cookiesOf(await firstStep(person.email)))).status).toBe(200);
  });

  it("[AC41] goes off with the password only, and then asks for nothing", async () => {
    const person = await seedProtected();
    expect((await change("disable", { currentPassword: "a wrong one" }, person.cookie)).status).toBe(400);
    const off = await change("disable", proof, person.cookie);
    expect(off.status).toBe(200);
    expect((await ask("/v1/me", { cookie: person.cookie })).status).toBe(401);
    expect(await (await ask("/v1/auth/two-factor", { cookie: cookiesOf(off) })).json()).toEqual({ on: false, backupCodesLeft: null });
    expect((await change("disable", proof, cookiesOf(off))).status).toBe(409);
    expect(await (await firstStep(person.email)).json()).toMatchObject({ user: { id: person.userId } });
  });

  it("[AC41] new backup codes need the password and end the old ones", async () => {
    const person = await seedProtected();
    expect((await change("backup-codes", { currentPassword: "a wrong one" }, person.cookie)).status).toBe(400);
    const { backupCodes } = await (await change("backup-codes", proof, person.cookie)).json<{ backupCodes: string[] }>();
    const [old, fresh] = [person.backupCodes[0], backupCodes[0]];
    expect((await second({ backupCode: old }, cookiesOf(await firstStep(person.email)))).status).toBe(401);
    expect((await second({ backupCode: fresh }, cookiesOf(await firstStep(person.email)))).status).toBe(200);
  });

  it("[AC41] is nobody's without a session, and tries of the password are limited by person", async () => {
    for (const what of ["enable", "disable", "backup-codes"]) expect((await change(what, proof, "")).status).toBe(401);
    expect((await ask("/v1/auth/two-factor")).status).toBe(401);
    const person = await seedPerson();
    for (let n = 0; n < ATTEMPT_LIMITS.passwordChange[0].burst; n++) await takeAttempt(edgeEnv, "passwordChange", person.userId);
    expect((await change("enable", proof, person.cookie)).status).toBe(429);
  });
});
