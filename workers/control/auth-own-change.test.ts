import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AuditEntry, Invitation } from "../../contract/access.ts";
import { cryptoRandom, randomText, uuidv7 } from "../../contract/ids.ts";
import type { Page } from "../../contract/pages.ts";
import { ATTEMPT_LIMITS, takeAttempt } from "./auth-attempts.ts";
import { hashPassword } from "./auth-password.ts";
import { ask, cookiesOf, edgeEnv, seedOperator, type SeededOperator } from "./testing.ts";

const OLD = "correct horse battery";
const NEW = "staple of another kind";
/** Hashed once: on a busy machine each hash takes half a second. */
let stored = "";
const from = () => ({ "cf-connecting-ip": `203.0.113.9-${randomText(8, cryptoRandom)}` });

async function withPassword(owner?: SeededOperator): Promise<SeededOperator> {
  const person = await seedOperator("owner", owner);
  await env.DB.prepare(
    `INSERT INTO identity_account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     VALUES (?1, ?2, 'credential', ?2, ?3, ?4, ?4)`,
  )
    .bind(uuidv7(Date.now(), cryptoRandom), person.userId, (stored ||= hashPassword(OLD)), Date.now())
    .run();
  return person;
}

const signIn = async (email: string, password: string) =>
  await ask("/v1/auth/sign-in/email", { body: { email, password }, headers: from() });
const change = async (cookie: string, currentPassword: string) =>
  await ask("/v1/auth/change-password", { body: { currentPassword, newPassword: NEW }, cookie });
const logOf = async (cookie: string, action: string) =>
  (await (await ask(`/v1/audit?action=${action}`, { cookie })).json<Page<AuditEntry>>()).items.map(({ outcome }) => outcome);

describe("what people change of their own", { timeout: 30_000 }, () => {
  it("[AC37] a password needs the current one, ends every other session and is noted", async () => {
    const person = await withPassword();
    const here = cookiesOf(await signIn(person.email, OLD));
    expect(await (await change(here, "a wrong one")).json()).toMatchObject({ status: 400, errors: [{ pointer: "/currentPassword" }] });
    const changed = await change(here, OLD);
    expect(await changed.clone().json()).toEqual({ user: { id: person.userId, name: "The owner", email: person.email } });
    const fresh = cookiesOf(changed);
    for (const ended of [here, person.cookie]) expect((await ask("/v1/me", { cookie: ended })).status).toBe(401);
    expect((await ask("/v1/me", { cookie: fresh })).status).toBe(200);
    expect((await signIn(person.email, OLD)).status).toBe(401);
    expect((await signIn(person.email, NEW)).status).toBe(200);
    expect(await logOf(fresh, "password.change")).toEqual(["done", "intent", "failed", "intent"]);
  });

  it("[AC37] trying the current password is limited per person, with tries of its own", async () => {
    const person = await withPassword();
    const burst = ATTEMPT_LIMITS.passwordChange[0].burst;
    for (let n = 1; n < burst; n++) await takeAttempt(edgeEnv, "passwordChange", person.userId);
    expect((await change(person.cookie, "a wrong one")).status).toBe(400);
    expect((await change(person.cookie, OLD)).status).toBe(429);
    expect((await signIn(person.email, OLD)).status).toBe(200);
  });

  it("[AC37] all sessions but this one end together, and each end is noted", async () => {
    const person = await withPassword();
    const other = cookiesOf(await signIn(person.email, OLD));
    const ended = await ask("/v1/auth/sessions", { method: "DELETE", cookie: person.cookie });
    expect(await ended.json()).toEqual({ ended: 1 });
    expect((await ask("/v1/me", { cookie: other })).status).toBe(401);
    expect((await ask("/v1/me", { cookie: person.cookie })).status).toBe(200);
    expect(await logOf(person.cookie, "session.revoke")).toEqual(["done", "intent"]);
  });

  it("[AC27] a person who was removed everywhere comes back by a link: signs in, belongs nowhere, and joins", async () => {
    const owner = await seedOperator("owner");
    const person = await withPassword(owner);
    await ask(`/v1/members/${person.memberId}`, { method: "DELETE", cookie: owner.cookie });
    const invited = await ask("/v1/invitations", { body: { email: person.email, role: "viewer" }, cookie: owner.cookie });
    const token = new URL((await invited.json<Invitation>()).url ?? "").searchParams.get("token");
    const cookie = cookiesOf(await signIn(person.email, OLD));
    expect((await ask("/v1/me", { cookie })).status).toBe(401);
    expect((await ask("/v1/invitations/accept", { body: { token }, cookie, headers: from() })).status).toBe(200);
    expect(await (await ask("/v1/me", { cookie })).json()).toMatchObject({ role: "viewer", tenant: { id: owner.tenantId } });
  });
});
