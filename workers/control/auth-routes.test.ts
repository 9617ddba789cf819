import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "../edge.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { specsOf } from "../http/route-table.ts";
import type { ProblemBody } from "../http/testing.ts";
import { authOf } from "./auth-library.ts";
import { ask, cookiesOf, edgeEnv, seedOperator, seedTenant } from "./testing.ts";

const REACHABLE = [
  "POST /v1/auth/sign-in/email",
  "POST /v1/auth/sign-up/email",
  "POST /v1/auth/sign-out",
  "GET /v1/auth/get-session",
  "POST /v1/auth/organization/set-active",
  "POST /v1/auth/change-password",
  "GET /v1/auth/sessions",
  "DELETE /v1/auth/sessions",
  "DELETE /v1/auth/sessions/{sessionId}",
  "GET /v1/auth/two-factor",
  "POST /v1/auth/two-factor/enable",
  "POST /v1/auth/two-factor/verify",
  "POST /v1/auth/two-factor/disable",
  "POST /v1/auth/two-factor/backup-codes",
  "POST /v1/auth/two-factor/sign-in",
  "GET /v1/auth/passkeys",
  "POST /v1/auth/passkeys",
  "POST /v1/auth/passkeys/options",
  "PATCH /v1/auth/passkeys/{passkeyId}",
  "DELETE /v1/auth/passkeys/{passkeyId}",
  "POST /v1/auth/sign-in/passkey/options",
  "POST /v1/auth/sign-in/passkey",
];
const token = "0".repeat(40);
const proof = { currentPassword: "x" };
const passkey = { id: "AA", rawId: "AA", type: "public-key" };
const DOORS: Readonly<Record<string, unknown>> = {
  "POST /v1/auth/sign-in/email": { email: "a@example.com", password: "a password" },
  "POST /v1/auth/sign-up/email": { name: "A", email: "a@example.com", password: "a password" },
  "POST /v1/auth/sign-out": {},
  "POST /v1/auth/organization/set-active": { organizationId: "x" },
  "POST /v1/auth/change-password": { currentPassword: "x", newPassword: "a new password" },
  "DELETE /v1/auth/sessions": undefined,
  "DELETE /v1/auth/sessions/{sessionId}": undefined,
  "POST /v1/auth/two-factor/enable": proof,
  "POST /v1/auth/two-factor/verify": { code: "000000" },
  "POST /v1/auth/two-factor/disable": proof,
  "POST /v1/auth/two-factor/backup-codes": proof,
  "POST /v1/auth/two-factor/sign-in": { code: "000000" },
  "POST /v1/auth/passkeys": { response: { ...passkey, response: { clientDataJSON: "AA", attestationObject: "AA" } } },
  "POST /v1/auth/passkeys/options": proof,
  "PATCH /v1/auth/passkeys/{passkeyId}": { name: "x" },
  "DELETE /v1/auth/passkeys/{passkeyId}": undefined,
  "POST /v1/auth/sign-in/passkey/options": {},
  "POST /v1/auth/sign-in/passkey": {
    response: { ...passkey, response: { clientDataJSON: "AA", authenticatorData: "AA", signature: "AA" } },
  },
  "POST /v1/invitations/preview": { token },
  "POST /v1/invitations/accept": { token },
};

afterEach(() => {
  vi.useRealTimers();
});

describe("what of /v1/auth is reachable", () => {
  it("[AC17] is exactly this list", () => {
    const routes = specsOf(app).filter(({ path }) => path.startsWith("/v1/auth"));
    expect(routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual([...REACHABLE].sort());
  });

  it("[AC17] leaves every other endpoint of the library unfound, signed in or not", async () => {
    const { cookie } = await seedOperator("owner");
    const endpoints = Object.values((await authOf(edgeEnv, "passkeys")).api as Record<string, { path?: string }>);
    const paths = endpoints.flatMap(({ path }) => (path === undefined ? [] : [`/v1/auth${path.replace(/:\w+/g, "x")}`]));
    const hidden = paths.filter((path) => !REACHABLE.some((route) => route.endsWith(` ${path}`)));
    expect(hidden.length).toBeGreaterThan(40);
    for (const path of hidden) {
      for (const method of ["GET", "POST"]) {
        const response = await ask(path, { method, cookie, ...(method === "POST" ? { body: {} } : {}) });
        expect(response.status, `${method} ${path}`).toBe(404);
        expect(response.headers.get("content-type")).toBe("application/problem+json");
      }
    }
  });

  it("[AC18] refuses every unsafe one from another origin, without one, and with a body that a form could send", async () => {
    const { cookie } = await seedOperator("owner");
    expect(Object.keys(DOORS)).toEqual(expect.arrayContaining(REACHABLE.filter((route) => !route.startsWith("GET "))));
    for (const [name, body] of Object.entries(DOORS)) {
      const [method = "", pattern = ""] = name.split(" ");
      const path = pattern.replace(/\{\w+\}/, "x");
      for (const origin of [null, "null", "https://evil.example", `${env.PUBLIC_URL}.evil.example`, `${env.PUBLIC_URL}/`]) {
        const response = await ask(path, { method, origin, cookie, body });
        expect(await response.json(), `${name} from ${String(origin)}`).toMatchObject({
          type: "/problems/origin-not-allowed",
          status: 403,
        });
        expect(response.headers.get("set-cookie")).toBeNull();
      }
      const form = await ask(path, { method, cookie, headers: { "content-type": "text/plain" } });
      expect(form.status, name).toBe(415);
    }
    expect((await ask("/v1/me", { cookie })).status).toBe(200);
  });
});

describe("the session's cookie", { timeout: 30_000 }, () => {
  const person = { name: "First", email: "first@example.com", password: "correct horse battery" };

  it("[AC16] is HttpOnly, SameSite=Lax, and on https __Host- and Secure", async () => {
    await env.DB.prepare("DELETE FROM identity_user").run();
    const https = await ask("/v1/auth/sign-up/email", { body: person, env: { PUBLIC_URL: "https://meridian.example" } });
    expect(https.status).toBe(200);
    const lines = https.headers.getSetCookie();
    expect(lines.map((line) => line.split("=", 1)[0])).toEqual(["__Host-meridian.session", "__Host-meridian.device"]);
    for (const line of lines) {
      const attributes = line
        .split("; ")
        .slice(1)
        .map((part) => part.toLowerCase());
      expect(attributes).toEqual(expect.arrayContaining(["path=/", "httponly", "secure", "samesite=lax"]));
      expect(attributes.some((part) => part.startsWith("domain"))).toBe(false);
    }

    const { email, password } = person;
    const plain = await ask("/v1/auth/sign-in/email", { body: { email, password } });
    expect(plain.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^meridian\.session=.*HttpOnly/),
      expect.stringMatching(/^meridian\.device=.*HttpOnly/),
    ]);
    expect(plain.headers.getSetCookie().join()).not.toContain("Secure");
  });

  it("[AC16] is neither set nor read where PUBLIC_URL is plain http and not this machine", async () => {
    const { cookie } = await seedOperator("owner");
    const open = { PUBLIC_URL: "http://meridian.example" };
    const signIn = await ask("/v1/auth/sign-in/email", { body: { email: "a@example.com", password: "x" }, env: open });
    expect(signIn.status).toBeGreaterThanOrEqual(500);
    expect(signIn.headers.get("set-cookie")).toBeNull();
    expect((await ask("/v1/me", { cookie, env: open })).status).toBeGreaterThanOrEqual(401);
  });
});

describe("sessions", () => {
  it("[AC19] of others are noticed as ended within two seconds, though an isolate remembers them", async () => {
    const { cookie, sessionId } = await seedOperator("owner");
    expect((await ask("/v1/me", { cookie })).status).toBe(200);
    await env.DB.prepare("DELETE FROM identity_session WHERE id = ?").bind(sessionId).run();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await ask("/v1/me", { cookie })).status).toBe(401);
  });

  it("[AC19] end with sign-out, at once in the isolate that was told", async () => {
    const { cookie } = await seedOperator("owner");
    expect((await ask("/v1/me", { cookie })).status).toBe(200);
    const response = await ask("/v1/auth/sign-out", { body: {}, cookie });
    expect(await response.json()).toEqual({ success: true });
    expect(response.headers.getSetCookie().join()).toMatch(/meridian\.session=;.*Max-Age=0/);
    expect((await ask("/v1/me", { cookie })).status).toBe(401);
    expect(await (await ask("/v1/auth/get-session", { cookie })).json()).toBeNull();
  });

  it("[AC19] are listed without their tokens and ended by id, one's own only", async () => {
    const [ada, bob] = [await seedOperator("owner"), await seedOperator("owner")];
    const listed = await ask("/v1/auth/sessions", { cookie: ada.cookie });
    const token = await env.DB.prepare("SELECT token FROM identity_session WHERE id = ?").bind(ada.sessionId).first<string>("token");
    const text = await listed.text();
    expect(text).not.toContain(token);
    expect(JSON.parse(text)).toMatchObject({ items: [{ id: ada.sessionId, current: true, tenantId: ada.tenantId }] });
    const end = async (id: string) => await ask(`/v1/auth/sessions/${id}`, { method: "DELETE", cookie: ada.cookie });
    expect((await end(bob.sessionId)).status).toBe(404);
    expect((await ask("/v1/me", { cookie: bob.cookie })).status).toBe(200);
    expect((await end(ada.sessionId)).status).toBe(204);
    expect((await ask("/v1/me", { cookie: ada.cookie })).status).toBe(401);
    expect((await ask("/v1/auth/sessions")).status).toBe(401);
  });

  it("[AC20] answer in problem details when something is wrong, in our words", async () => {
    const { cookie } = await seedOperator("owner");
    const wrong = await ask("/v1/auth/change-password", {
      body: { currentPassword: "x", newPassword: "a new password" },
      cookie,
    });
    const problem = await wrong.json<ProblemBody>();
    expect(wrong.headers.get("content-type")).toBe("application/problem+json");
    expect(problem).toMatchObject({ status: 400, type: "/problems/invalid-body", requestId: expect.any(String) });
    const short = await ask("/v1/auth/change-password", { body: { currentPassword: "x", newPassword: "short" }, cookie });
    expect(await short.json()).toMatchObject({ status: 400, errors: [{ pointer: "/newPassword" }] });
    expect((await ask("/v1/auth/change-password", { body: { currentPassword: "x", newPassword: "a new password" } })).status).toBe(401);
  });

  it("[AC35] move between the tenants of their person, and to no other", async () => {
    const ada = await seedOperator("owner");
    const [second, foreign] = [await seedTenant(), await seedTenant()];
    await env.DB.prepare("INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'viewer', ?)")
      .bind(`m-${second.tenantId}`, second.tenantId, ada.userId, Date.now())
      .run();
    const move = async (organizationId: string) =>
      await ask("/v1/auth/organization/set-active", { body: { organizationId }, cookie: ada.cookie });
    expect((await move(second.tenantId)).status).toBe(200);
    expect(await (await ask("/v1/me", { cookie: ada.cookie })).json()).toMatchObject({ role: "viewer", tenant: { id: second.tenantId } });
    for (const id of [foreign.tenantId, "nothing"]) {
      const refused = await move(id);
      expect(await refused.json()).toMatchObject({ status: 404, type: "/problems/not-found" });
    }
    clearIsolateCaches(); // what the isolate remembers is not what a refusal left behind
    expect(await (await ask("/v1/me", { cookie: ada.cookie })).json()).toMatchObject({ tenant: { id: second.tenantId } });
    expect(cookiesOf(await move(ada.tenantId))).toBe("");
  });
});
