import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import type { ProblemBody } from "../http/testing.ts";
import { authOf } from "./auth-library.ts";
import { hashPassword } from "./auth-password.ts";
import { clientAddress } from "../http/client-address.ts";
import { ATTEMPT_LIMITS } from "./auth-attempts.ts";
import { ask, cookiesOf, edgeEnv, seedOperator, seedTenant } from "./testing.ts";

const PASSWORD = "correct horse battery";
const path = "/v1/auth/sign-in/email";
let stored = "";

/** A member with a password; hashed once for the whole file. */
async function account(): Promise<string> {
  const { userId, email } = await seedOperator("owner", await seedTenant());
  await env.DB.prepare(
    `INSERT INTO identity_account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     VALUES (?1, ?2, 'credential', ?2, ?3, ?4, ?4)`,
  )
    .bind(uuidv7(Date.now(), cryptoRandom), userId, stored, Date.now())
    .run();
  return email;
}

/** A fresh address for each test, so that none uses up another's tries. */
const from = (address = `192.0.2.${1 + Math.floor(Math.random() * 250)}-${randomText(6, cryptoRandom)}`) => ({
  "cf-connecting-ip": address,
});

async function tryIt(email: string, password: string, headers = from()) {
  return await ask(path, { body: { email, password }, headers });
}

beforeAll(() => {
  stored = hashPassword(PASSWORD);
});

describe("signing in", { timeout: 30_000 }, () => {
  it("[AC14] answers a wrong password and an unknown account alike, with the same queries and one hash each", async () => {
    const email = await account();
    const { password } = await (await authOf(edgeEnv)).$context;
    const [hash, verify] = [vi.spyOn(password, "hash"), vi.spyOn(password, "verify")];
    const prepare = vi.spyOn(env.DB, "prepare");
    const seen: { answer: unknown; hashed: number; asked: number }[] = [];
    for (const who of [email, "nobody@example.com"]) {
      for (const spy of [hash, verify, prepare]) spy.mockClear();
      const response = await tryIt(who, "wrong password");
      const { requestId: _, ...answer } = await response.json<ProblemBody>();
      const hashed = hash.mock.calls.length + verify.mock.calls.length;
      const asked = prepare.mock.calls.filter(([query]) => query.includes('"identity_')).length; // the library's own
      seen.push({ answer, hashed, asked });
    }
    vi.restoreAllMocks();
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toMatchObject({ answer: { status: 401, type: "/problems/wrong-credentials" }, hashed: 1, asked: 1 });
  });

  it("[AC14] opens a session whose token is in the cookie only", async () => {
    const email = await account();
    const response = await tryIt(email.toUpperCase(), PASSWORD);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ user: { id: expect.any(String), name: "The owner", email } });
    const row = await env.DB.prepare(
      "SELECT token FROM identity_session s JOIN identity_user u ON u.id = s.user_id WHERE u.email = ? ORDER BY s.created_at DESC",
    )
      .bind(email)
      .first<string>("token");
    expect(text).not.toContain(row);
    const cookie = cookiesOf(response);
    expect(cookie).toContain(row);
    expect((await ask("/v1/me", { cookie })).status).toBe(200);
    expect((await ask("/v1/me", { cookie: cookie.replace(/.{6}(?=;)/, "AAAAA%") })).status).toBe(401);
    expect((await ask("/v1/me", { cookie: `meridian.session=${row}` })).status).toBe(401);
  });

  it("[AC14] is noted in the audit log of the person's tenant, a failed try as denied", async () => {
    const email = await account();
    await tryIt(email, "wrong password");
    const cookie = cookiesOf(await tryIt(email, PASSWORD));
    const { items } = await (await ask("/v1/audit?action=session.open", { cookie })).json<{ items: { outcome: string }[] }>();
    expect(items.map(({ outcome }) => outcome)).toEqual(["done", "denied"]);
  });

  it("[AC15] stops after five wrong tries on an account, with the right password too, and touches nobody else", async () => {
    const [email, other] = [await account(), await account()];
    const before = cookiesOf(await tryIt(email, PASSWORD));
    for (let n = 0; n < ATTEMPT_LIMITS.account[0].burst; n++) expect((await tryIt(email, "wrong password")).status).toBe(401);
    const limited = await tryIt(email, PASSWORD);
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await limited.json()).toMatchObject({ type: "/problems/rate-limited" });
    expect((await tryIt(other, PASSWORD)).status).toBe(200);
    // Whoever is signed in goes on working, whatever strangers do at the door.
    expect((await ask("/v1/me", { cookie: before })).status).toBe(200);
  });

  it("[AC15] gives an account its tries back after the right password", async () => {
    const email = await account();
    for (let round = 0; round < 2; round++) {
      for (let n = 1; n < ATTEMPT_LIMITS.account[0].burst; n++) expect((await tryIt(email, "wrong password")).status).toBe(401);
      expect((await tryIt(email, PASSWORD)).status).toBe(200);
    }
  });

  it("[AC15] stops an address after thirty tries of any kind, and no other address", async () => {
    const here = from();
    const body = { token: "0".repeat(40) };
    for (let n = 0; n < ATTEMPT_LIMITS.address[0].burst; n++) {
      expect((await ask("/v1/invitations/accept", { body, headers: here })).status).toBe(410);
    }
    expect((await ask("/v1/invitations/accept", { body, headers: here })).status).toBe(429);
    expect((await tryIt("nobody@example.com", PASSWORD, here)).status).toBe(429);
    expect((await ask("/v1/invitations/accept", { body, headers: from() })).status).toBe(410);
  });

  it("[AC15] counts IPv6 by /64 and takes the address from the platform only", () => {
    const of = (headers: Record<string, string>) => clientAddress(new Request("http://x", { headers }));
    expect(of({ "cf-connecting-ip": "2001:db8:1:2:3:4:5:6" })).toBe(of({ "cf-connecting-ip": "2001:DB8:1:2::9" }));
    expect(of({ "cf-connecting-ip": "2001:db8::1" })).toBe("2001:db8:0:0");
    expect(of({ "cf-connecting-ip": "2001:db8:1:3::9" })).not.toBe(of({ "cf-connecting-ip": "2001:db8:1:2::9" }));
    expect(of({ "cf-connecting-ip": "2001:db8::3:0:0:0:9" })).toBe("2001:db8:0:3");
    expect(of({ "cf-connecting-ip": "2001::3:4:5:6:7" })).toBe(of({ "cf-connecting-ip": "2001:0:0:3:4:5:6:8" }));
    expect(of({ "cf-connecting-ip": "::ffff:192.0.2.7" })).toBe("192.0.2.7");
    expect(of({ "x-forwarded-for": "192.0.2.7", "x-real-ip": "192.0.2.7" })).toBe("unknown");
  });

  it("[AC15] is refused while the limiter cannot be asked", async () => {
    const broken = { getByName: () => ({ take: async () => await Promise.reject(new Error("unreachable")) }) };
    const response = await ask(path, {
      body: { email: "a@example.com", password: PASSWORD },
      headers: from(),
      env: { ATTEMPTS: broken as never },
    });
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(response.headers.get("set-cookie")).toBeNull();
  });
});
