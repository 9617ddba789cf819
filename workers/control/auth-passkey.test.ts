import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../../contract/access.ts";
import type { Page } from "../../contract/pages.ts";
import { FACTOR_LIMITS } from "../../contract/factor-limits.ts";
import type { Passkey, WebAuthnOptions } from "../../contract/second-factors.ts";
import { Authenticator, type Lies } from "./auth-authenticator-testing.ts";
import { from, PASSWORD, seedPerson, seedProtected } from "./auth-factor-testing.ts";
import { relyingParty } from "./auth-passkey-party.ts";
import { ask, cookiesOf, edgeEnv, type SeededOperator } from "./testing.ts";

const ORIGIN = edgeEnv.PUBLIC_URL;
const begin = async (cookie: string, currentPassword = PASSWORD) =>
  await ask("/v1/auth/passkeys/options", { body: { currentPassword }, cookie });
const both = (person: Pick<SeededOperator, "cookie">, answer: Response) => `${person.cookie}; ${cookiesOf(answer)}`;

/** Makes a passkey of the person, as the browser's dialog would. */
async function register(person: SeededOperator, lies: Lies = {}, name?: string) {
  const authenticator = await Authenticator.make(ORIGIN);
  const begun = await begin(person.cookie);
  const options = await begun.json<WebAuthnOptions>();
  const response = await authenticator.create(options, lies);
  const body = { response, ...(name === undefined ? {} : { name }) };
  const answer = await ask("/v1/auth/passkeys", { body, cookie: both(person, begun), headers: { "user-agent": CHROME } });
  return { authenticator, answer, options, cookie: both(person, begun), body };
}
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36";

async function signIn(authenticator: Authenticator, lies: Lies = {}): Promise<Response> {
  const begun = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", headers: from() });
  const response = await authenticator.get(await begun.json<WebAuthnOptions>(), lies);
  return await ask("/v1/auth/sign-in/passkey", { body: { response }, cookie: cookiesOf(begun) });
}

const WRONG: Readonly<Record<string, Lies>> = {
  "another origin": { origin: "https://evil.example" },
  "another origin of the same host": { origin: "http://localhost:1" },
  "another host": { rpId: "evil.example" },
  "another challenge": { challenge: "AAAAAAAAAAAAAAAAAAAAAA" },
  "a key that was only touched": { touchedOnly: true },
};

describe("adding a passkey", { timeout: 30_000 }, () => {
  it("[AC42] takes the password, and one from a verified person at our host and origin", async () => {
    const person = await seedPerson();
    const refused = await begin(person.cookie, "a wrong one");
    expect(await refused.json()).toMatchObject({ status: 400, errors: [{ pointer: "/currentPassword" }] });
    expect(refused.headers.get("set-cookie")).toBeNull();

    const { answer, options } = await register(person, {}, "Blue key");
    expect(options).toMatchObject({
      rp: { id: "localhost", name: edgeEnv.DEPLOYMENT_NAME },
      user: { name: person.email },
      attestation: "none",
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    expect(answer.status).toBe(201);
    const passkey = await answer.json<Passkey>();
    expect(passkey).toMatchObject({ name: "Blue key", synced: false, createdAt: expect.any(String) });
    expect(await (await ask("/v1/auth/passkeys", { cookie: person.cookie })).json()).toEqual({ items: [passkey] });
    const { items } = await (await ask("/v1/audit?action=passkey.create", { cookie: person.cookie })).json<Page<AuditEntry>>();
    expect(items.map(({ outcome }) => outcome)).toEqual(["done", "intent"]);
    // One that is there already is left out by the browser.
    const again = await (await begin(person.cookie)).json<WebAuthnOptions>();
    expect(again["excludeCredentials"]).toHaveLength(1);
  });

  it.each(Object.entries(WRONG))("[AC42] is refused with %s", async (_what, lies) => {
    const person = await seedPerson();
    const { answer } = await register(person, lies);
    expect([answer.status, (await answer.json<{ type: string }>()).type.split("/")[1]]).toEqual([expect.any(Number), "problems"]);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(await (await ask("/v1/auth/passkeys", { cookie: person.cookie })).json()).toEqual({ items: [] });
  });

  it("[AC42] has a challenge that counts once, and for nobody else", async () => {
    const [ada, bob] = [await seedPerson(), await seedPerson()];
    const { answer, body, cookie } = await register(ada);
    expect(answer.status).toBe(201);
    expect((await ask("/v1/auth/passkeys", { body, cookie })).status).toBe(401);
    const begun = await begin(ada.cookie);
    const response = await (await Authenticator.make(ORIGIN)).create(await begun.json<WebAuthnOptions>());
    const stolen = await ask("/v1/auth/passkeys", { body: { response }, cookie: both(bob, begun) });
    expect(stolen.status).toBe(401);
    expect(await (await ask("/v1/auth/passkeys", { cookie: bob.cookie })).json()).toEqual({ items: [] });
    // The challenge of a sign-in proves no password.
    const open = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", headers: from() });
    const options = { ...(await open.json<WebAuthnOptions>()), rp: { id: "localhost" } };
    const unproved = { response: await (await Authenticator.make(ORIGIN)).create(options) };
    expect((await ask("/v1/auth/passkeys", { body: unproved, cookie: both(ada, open) })).status).toBe(401);
  });

  it("[AC42] without a name is called after the device, and is renamed and removed by its owner only", async () => {
    const [ada, bob] = [await seedPerson(), await seedPerson()];
    const { answer, authenticator } = await register(ada);
    const { id, name } = await answer.json<Passkey>();
    expect(name).toBe("Chrome on Linux");
    const at = `/v1/auth/passkeys/${id}`;
    expect((await ask(at, { method: "PATCH", body: { name: "Mine" }, cookie: bob.cookie })).status).toBe(404);
    expect((await ask(at, { method: "DELETE", cookie: bob.cookie })).status).toBe(404);
    expect((await ask(at, { method: "PATCH", body: { name: " \u0007 " }, cookie: ada.cookie })).status).toBe(400);
    expect((await ask(at, { method: "PATCH", body: { name: "Desk" }, cookie: ada.cookie })).status).toBe(204);
    expect(await (await ask("/v1/auth/passkeys", { cookie: ada.cookie })).json()).toMatchObject({ items: [{ name: "Desk" }] });
    expect((await ask(at, { method: "DELETE", cookie: ada.cookie })).status).toBe(204);
    expect((await signIn(authenticator)).status).toBe(401);
    expect((await ask(at, { method: "DELETE" })).status).toBe(401);
  });

  it("[AC42] stops at twenty", async () => {
    const person = await seedPerson();
    const row = env.DB.prepare(
      "INSERT INTO identity_passkey (id, public_key, user_id, credential_id, counter, device_type, backed_up) VALUES (?1, '', ?2, ?1, 0, 'singleDevice', 0)",
    );
    const rows = Array.from({ length: FACTOR_LIMITS.passkeys - 1 }, (_, n) => row.bind(`${person.userId}-${n}`, person.userId));
    await env.DB.batch(rows);
    expect((await begin(person.cookie)).status).toBe(200);
    await row.bind(`${person.userId}-last`, person.userId).run();
    expect(await (await begin(person.cookie)).json()).toMatchObject({ status: 409, type: "/problems/limit-reached" });
  });

  it("[AC42] needs a host with a name: loopback by address has `localhost`, other addresses have none", async () => {
    const at = (PUBLIC_URL: string) => relyingParty({ PUBLIC_URL });
    expect(at("https://ops.example.com")).toEqual({ id: "ops.example.com", origin: "https://ops.example.com" });
    expect(at("http://127.0.0.1:8787")).toEqual({ id: "localhost", origin: "http://localhost:8787" });
    expect(at("http://[::1]:8787")).toEqual({ id: "localhost", origin: "http://localhost:8787" });
    for (const address of ["https://203.0.113.7", "https://[2001:db8::1]"]) expect(at(address)).toBeNull();
    expect(await (await ask("/v1/deployment")).json()).toMatchObject({ passkeyOrigin: ORIGIN });
    const none = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", env: { PUBLIC_URL: "https://203.0.113.7" } });
    expect(none.status).toBe(409);
  });
});

describe("signing in with a passkey", { timeout: 30_000 }, () => {
  it("[AC43] needs no name, and stands for both factors", async () => {
    const person = await seedProtected();
    const { authenticator } = await register(person);
    const begun = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", headers: from(), cookie: person.cookie });
    const options = await begun.json<WebAuthnOptions>();
    // Also for who is signed in: nobody learns by it which passkeys somebody has.
    expect(options).not.toHaveProperty("allowCredentials");
    expect(options).toMatchObject({ rpId: "localhost", userVerification: "required", challenge: expect.any(String) });
    const done = await signIn(authenticator);
    expect(await done.clone().json()).toEqual({ user: { id: person.userId, name: "The owner", email: person.email } });
    expect(await (await ask("/v1/me", { cookie: cookiesOf(done) })).json()).toMatchObject({ tenant: { id: person.tenantId } });
  });

  it.each(Object.entries(WRONG))("[AC43] is refused with %s, in the words of an unknown one", async (_what, lies) => {
    const { authenticator } = await register(await seedPerson());
    const words = async (response: Response) => {
      const { type, detail, status } = await response.json<{ type: string; detail: string; status: number }>();
      return { type, detail, status };
    };
    const refused = await signIn(authenticator, lies);
    expect(refused.headers.get("set-cookie")).toBeNull();
    const unknown = await words(await signIn(await Authenticator.make(ORIGIN)));
    expect(await words(refused)).toEqual(unknown);
    expect(unknown).toMatchObject({ status: 401, type: "/problems/wrong-code" });
  });

  it("[AC43] has a challenge that counts once, and a counter that does not go back", async () => {
    const { authenticator } = await register(await seedPerson());
    const begun = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", headers: from() });
    const response = await authenticator.get(await begun.json<WebAuthnOptions>(), { counter: 9 });
    const send = async () => await ask("/v1/auth/sign-in/passkey", { body: { response }, cookie: cookiesOf(begun) });
    expect((await send()).status).toBe(200);
    expect((await send()).status).toBe(401);
    expect((await signIn(authenticator, { counter: 9 })).status).toBe(401);
    expect((await signIn(authenticator, { counter: 10 })).status).toBe(200);
  });

  it("[AC43] refuses parts that are too long or no base64url, before any is read", async () => {
    const { authenticator } = await register(await seedPerson());
    const begun = await ask("/v1/auth/sign-in/passkey/options", { method: "POST", headers: from() });
    const good = await authenticator.get(await begun.json<WebAuthnOptions>());
    for (const signature of ["A".repeat(FACTOR_LIMITS.credentialChars + 1), "not base64", ""]) {
      const body = { response: { ...good, response: { ...good.response, signature } } };
      expect((await ask("/v1/auth/sign-in/passkey", { body, cookie: cookiesOf(begun) })).status).toBe(400);
    }
    const long = { ...good, response: { ...good.response, signature: "A".repeat(FACTOR_LIMITS.credentialChars) } };
    expect((await ask("/v1/auth/sign-in/passkey", { body: { response: long }, cookie: cookiesOf(begun) })).status).toBe(401);
  });
});
