import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { toBase64Url } from "../../contract/base64.ts";
import type { WebAuthnOptions } from "../../contract/second-factors.ts";
import { Authenticator } from "./auth-authenticator-testing.ts";
import { type CookieKind, readCookie } from "./auth-cookie.ts";
import { firstStep, from, seedProtected, totp } from "./auth-factor-testing.ts";
import { resealTwoFactor } from "./auth-reseal.ts";
import { ask, cookiesOf, edgeEnv, seedOperator } from "./testing.ts";

const old = JSON.parse(edgeEnv.KEY_RING) as { current: string; keys: Record<string, string> }; // as wrangler.toml has it
const fresh = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
const ring = (current: string, keys: Record<string, string>) => ({ KEY_RING: JSON.stringify({ current, keys }) });
/** The ring after `add` and `rotate`, and after the older key was retired. */
const rotated = ring("r-2", { ...old.keys, "r-2": fresh });
const retired = ring("r-2", { "r-2": fresh });

const second = async (body: unknown, cookie: string, changed: { KEY_RING: string }) =>
  await ask("/v1/auth/two-factor/sign-in", { body, cookie, env: changed });
const rowOf = async (userId: string) =>
  await env.DB.prepare("SELECT secret, backup_codes FROM identity_two_factor WHERE user_id = ?")
    .bind(userId)
    .first<Record<string, string>>();

describe("a rotated key ring", { timeout: 30_000 }, () => {
  it("[AC46] signs nobody out, and renews the cookie with the next look at the session", async () => {
    const { cookie } = await seedOperator("owner");
    expect((await ask("/v1/me", { cookie, env: rotated })).status).toBe(200);
    const looked = await ask("/v1/auth/get-session", { cookie, env: rotated });
    expect(await looked.clone().json()).not.toBeNull();
    const [line = "", ...more] = looked.headers.getSetCookie();
    expect(more).toEqual([]);
    expect(line).toMatch(/^meridian\.session=.*Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax/);
    const renewed = cookiesOf(looked);
    expect(renewed.split(".")[1]).toBe(cookie.split(".")[1]); // the same session
    expect(renewed).not.toBe(cookie);
    expect((await ask("/v1/auth/get-session", { cookie: renewed, env: rotated })).headers.get("set-cookie")).toBeNull();
    for (const [given, status] of [
      [renewed, 200],
      [cookie, 401],
    ] as const) {
      expect((await ask("/v1/me", { cookie: given, env: retired })).status).toBe(status);
    }
  });

  it("[AC46] an older cookie does everything that a new one does: the library gets it signed anew", async () => {
    const { cookie, tenantId } = await seedOperator("owner");
    const moved = await ask("/v1/auth/organization/set-active", { body: { organizationId: tenantId }, cookie, env: rotated });
    expect(moved.status).toBe(200);
    expect((await ask("/v1/auth/sign-out", { body: {}, cookie, env: rotated })).status).toBe(200);
    expect((await ask("/v1/me", { cookie, env: rotated })).status).toBe(401);
  });

  it("[AC46] between password and code, and between a passkey's challenge and its answer, nobody has to start again", async () => {
    const person = await seedProtected();
    const step = cookiesOf(await firstStep(person.email));
    expect((await second({ code: await totp(person.uri, 1) }, step, rotated)).status).toBe(200);
    const begun = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", headers: from() });
    const unknown = await (await Authenticator.make(edgeEnv.PUBLIC_URL)).get(await begun.json<WebAuthnOptions>());
    const answer = await ask("/v1/auth/sign-in/passkey", { body: { response: unknown }, cookie: cookiesOf(begun), env: rotated });
    expect(await answer.json()).toMatchObject({ type: "/problems/wrong-code" }); // it was looked at: the challenge was found
  });

  it("[AC46] a signature by a key that never was in the ring is none", async () => {
    const { cookie } = await seedOperator("owner");
    const other = ring("r-9", { "r-9": toBase64Url(crypto.getRandomValues(new Uint8Array(32))) });
    expect((await ask("/v1/me", { cookie, env: other })).status).toBe(401);
  });

  it("[AC48] no cookie of ours passes for another, and no other of the library's travels", async () => {
    const person = await seedProtected();
    const asked = await firstStep(person.email);
    const names = asked.headers.getSetCookie().map((line) => line.split("=", 1)[0]);
    expect(names).toEqual(["meridian.session", "meridian.two-factor"]);
    const step = /meridian\.two-factor=([^;]+)/.exec(cookiesOf(asked))?.[1] ?? "";
    const session = /meridian\.session=([^;]+)/.exec(person.cookie)?.[1] ?? "";
    const read = async (kind: CookieKind, cookie: string) =>
      await readCookie(new Request("http://x", { headers: { cookie } }), edgeEnv, kind);
    expect(await read("session", `meridian.session=${session}`)).toMatchObject({ outdated: false });
    expect(await read("session", `meridian.session=${step}`)).toBeUndefined();
    expect(await read("secondStep", `meridian.two-factor=${session}`)).toBeUndefined();
    expect((await ask("/v1/me", { cookie: `meridian.session=${step}` })).status).toBe(401);
    expect(
      (await second({ code: await totp(person.uri, 1) }, `meridian.two-factor=${session}`, { KEY_RING: edgeEnv.KEY_RING })).status,
    ).toBe(401);
    const body = { code: await totp(person.uri, 1), trustDevice: true };
    expect((await second(body, `meridian.two-factor=${step}`, { KEY_RING: edgeEnv.KEY_RING })).status).toBe(400);
  });
});

describe("second factors that an older key sealed", { timeout: 30_000 }, () => {
  it("[AC47] are made anew in slices, and count with either ring until the old key is gone", async () => {
    await env.DB.prepare("DELETE FROM identity_two_factor").run();
    const people = [await seedProtected(), await seedProtected(), await seedProtected()];
    const world = { ...edgeEnv, ...rotated };
    expect(await resealTwoFactor(edgeEnv, 10)).toEqual({ resealed: 0, more: false });
    expect(await resealTwoFactor(world, 2)).toEqual({ resealed: 2, more: true });
    expect(await resealTwoFactor(world, 2)).toEqual({ resealed: 1, more: false });
    expect(await resealTwoFactor(world, 2)).toEqual({ resealed: 0, more: false });
    const [ada, bob] = people;
    expect(ada && bob).toBeTruthy();
    if (!ada || !bob) return;
    const step = async (email: string) => cookiesOf(await firstStep(email, { env: retired }));
    expect((await second({ code: await totp(ada.uri, 1) }, await step(ada.email), retired)).status).toBe(200);
    expect((await second({ backupCode: bob.backupCodes[3] }, await step(bob.email), retired)).status).toBe(200);
  });

  it("[AC47] of which one changes meanwhile lose nothing: the change stays", async () => {
    await env.DB.prepare("DELETE FROM identity_two_factor").run();
    const person = await seedProtected();
    const before = await rowOf(person.userId);
    // The row changes after it was read and before it is put back: a code was used.
    const used = "UPDATE identity_two_factor SET backup_codes = 'as it is after a use' WHERE user_id = ?";
    const changing = {
      prepare: (sql: string) => {
        if (!sql.startsWith("UPDATE")) return env.DB.prepare(sql);
        const bind = (...values: unknown[]) => ({
          run: async () => {
            await env.DB.prepare(used).bind(person.userId).run();
            return await env.DB.prepare(sql)
              .bind(...values)
              .run();
          },
        });
        return { bind };
      },
    } as unknown as D1Database; // as much of it as the walk uses
    expect(await resealTwoFactor({ ...edgeEnv, ...rotated, DB: changing }, 10)).toEqual({ resealed: 0, more: false });
    expect(await rowOf(person.userId)).toEqual({ ...before, backup_codes: "as it is after a use" });
  });

  it("[AC47] that nothing opens are reported and left, and the others are not kept waiting for ever", async () => {
    await env.DB.prepare("DELETE FROM identity_two_factor").run();
    const [broken, whole] = [await seedProtected(), await seedProtected()];
    await env.DB.prepare("UPDATE identity_two_factor SET secret = substr(secret, 1, length(secret) - 2) || '00' WHERE user_id = ?")
      .bind(broken.userId)
      .run();
    const world = { ...edgeEnv, ...rotated };
    expect(await resealTwoFactor(world, 2)).toEqual({ resealed: 1, more: true });
    expect(await resealTwoFactor(world, 2)).toEqual({ resealed: 0, more: false });
    const step = cookiesOf(await firstStep(whole.email, { env: retired }));
    expect((await second({ code: await totp(whole.uri, 1) }, step, retired)).status).toBe(200);
  });
});
