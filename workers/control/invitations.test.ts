import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ACCESS_LIMITS, type AuditEntry, type Invitation, type InvitationAccepted, type InvitationPreview } from "../../contract/access.ts";
import type { Page } from "../../contract/pages.ts";
import { PLANS } from "../../contract/plans.ts";
import type { Role } from "../../contract/permissions.ts";
import { cryptoRandom, randomText } from "../../contract/ids.ts";
import { ask, cookiesOf, seedOperator, seedTenant, type SeededOperator } from "./testing.ts";

const PASSWORD = "correct horse battery";
const freshEmail = () => `${randomText(10, cryptoRandom)}@example.com`;
const from = () => ({ "cf-connecting-ip": `198.51.100.7-${randomText(8, cryptoRandom)}` });

async function invite(by: SeededOperator, email: string, role: Role = "viewer"): Promise<Invitation & { readonly token: string }> {
  const answer = await ask("/v1/invitations", { body: { email, role }, cookie: by.cookie });
  expect(answer.status).toBe(201);
  const invitation = await answer.json<Invitation>();
  return { ...invitation, token: new URL(invitation.url ?? "").searchParams.get("token") ?? "" };
}

const preview = async (token: string) => await ask("/v1/invitations/preview", { body: { token } });
const join = async (body: object, cookie?: string) =>
  await ask("/v1/invitations/accept", { body, headers: from(), ...(cookie === undefined ? {} : { cookie }) });

afterEach(() => {
  vi.useRealTimers();
});

describe("an invitation", { timeout: 30_000 }, () => {
  it("[AC27] brings a new person in by its link, signed in and with the role, and works once", async () => {
    const owner = await seedOperator("owner");
    const email = freshEmail();
    const { token, url, id } = await invite(owner, email.toUpperCase(), "developer");
    expect(url).toBe(`${env.PUBLIC_URL}/console/join?token=${token}`);
    expect(await (await preview(token)).json<InvitationPreview>()).toMatchObject({ email, role: "developer", needsSignIn: false });

    const incomplete = await join({ token });
    expect(await incomplete.json()).toMatchObject({ status: 400, errors: [{ pointer: "/name" }, { pointer: "/password" }] });
    const joined = await join({ token, name: "New", password: PASSWORD });
    expect(await joined.clone().json<InvitationAccepted>()).toMatchObject({ tenantId: owner.tenantId, role: "developer", user: { email } });
    expect(await (await ask("/v1/me", { cookie: cookiesOf(joined) })).json()).toMatchObject({
      role: "developer",
      tenant: { id: owner.tenantId },
    });

    for (const again of [await preview(token), await join({ token, name: "Thief", password: PASSWORD })]) {
      expect(await again.json()).toMatchObject({ status: 410, type: "/problems/gone" });
    }
    const { items } = await (await ask("/v1/invitations", { cookie: owner.cookie })).json<Page<Invitation>>();
    expect(items).toMatchObject([{ id, state: "accepted", url: null }]);
    const log = await (await ask("/v1/audit?action=invitation.accept", { cookie: owner.cookie })).json<Page<AuditEntry>>();
    expect(log.items.map(({ outcome }) => outcome)).toEqual(["done", "intent"]);
  });

  it("[AC27] lets one of two who open it at once in", async () => {
    const owner = await seedOperator("owner");
    const { token } = await invite(owner, freshEmail());
    const race = await Promise.all([1, 2].map(async (n) => await join({ token, name: `N${n}`, password: PASSWORD })));
    expect(race.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM identity_member WHERE organization_id = ?").bind(owner.tenantId).first("n"),
    ).toBe(2);
  });

  it("[AC27] keeps its token as a hash only", async () => {
    const { token } = await invite(await seedOperator("owner"), freshEmail());
    const tables = ["identity_invitation", "control_outbox", "control_idempotency"];
    for (const table of tables) expect(JSON.stringify((await env.DB.prepare(`SELECT * FROM ${table}`).all()).results)).not.toContain(token);
  });

  it("[AC27] expires, is cancelled, and is replaced by a newer one of the same address", async () => {
    const owner = await seedOperator("owner");
    const email = freshEmail();
    const first = await invite(owner, email);
    const second = await invite(owner, email);
    expect((await preview(first.token)).status).toBe(410);
    expect((await preview(second.token)).status).toBe(200);
    const cancelled = await ask(`/v1/invitations/${second.id}`, { method: "DELETE", cookie: owner.cookie });
    expect(await cancelled.json()).toMatchObject({ state: "cancelled" });
    expect((await preview(second.token)).status).toBe(410);
    expect((await ask(`/v1/invitations/${second.id}`, { method: "DELETE", cookie: owner.cookie })).status).toBe(409);
    expect((await ask("/v1/invitations/nothing", { method: "DELETE", cookie: owner.cookie })).status).toBe(404);

    const third = await invite(owner, email);
    const end = Date.parse(third.createdAt) + ACCESS_LIMITS.invitationTtlS * 1_000;
    vi.useFakeTimers({ toFake: ["Date"], now: end - 1 });
    expect((await preview(third.token)).status).toBe(200);
    vi.setSystemTime(end);
    expect((await preview(third.token)).status).toBe(410);
    expect((await join({ token: third.token, name: "Late", password: PASSWORD })).status).toBe(410);
  });

  it("[AC27] joins a signed-in person to another tenant, and only the one it is for", async () => {
    const [owner, guest, stranger] = [await seedOperator("owner"), await seedOperator("owner"), await seedOperator("owner")];
    const { token } = await invite(owner, guest.email, "auditor");
    expect(await (await preview(token)).json()).toMatchObject({ needsSignIn: true });
    expect((await join({ token, name: "X", password: PASSWORD })).status).toBe(409);
    expect((await join({ token }, stranger.cookie)).status).toBe(403);
    const joined = await join({ token }, guest.cookie);
    expect(await joined.json()).toMatchObject({ tenantId: owner.tenantId, role: "auditor", user: { id: guest.userId } });
    const me = await (await ask("/v1/me", { cookie: guest.cookie })).json<{ tenant: { id: string }; tenants: unknown[] }>();
    expect(me.tenant.id).toBe(owner.tenantId);
    expect(me.tenants).toHaveLength(2);
  });

  it("[AC27] is not for members, and fills the plan's places together with them, not one more", async () => {
    const tenant = await seedTenant("free");
    const owner = await seedOperator("owner", tenant);
    const own = await ask("/v1/invitations", { body: { email: owner.email, role: "viewer" }, cookie: owner.cookie });
    expect(await own.json()).toMatchObject({ status: 409, type: "/problems/conflict" });
    const invitations = [];
    for (let n = 1; n < PLANS.free.members; n++) invitations.push(await invite(owner, freshEmail()));
    const over = await ask("/v1/invitations", { body: { email: freshEmail(), role: "viewer" }, cookie: owner.cookie });
    expect(await over.json()).toMatchObject({ status: 409, type: "/problems/limit-reached" });
    await invite(owner, invitations[0]?.email ?? ""); // the same address again takes no further place
  });

  it("[AC27] does not let a person in for whom the plan has no place any more", async () => {
    const tenant = await seedTenant("free");
    const owner = await seedOperator("owner", tenant);
    const { token } = await invite(owner, freshEmail());
    for (let n = 1; n < PLANS.free.members; n++) await seedOperator("viewer", tenant);
    const full = await join({ token, name: "Late", password: PASSWORD });
    expect(await full.json()).toMatchObject({ status: 409, type: "/problems/limit-reached" });
  });

  it("[AC27] for a deployment admin's address comes from a deployment admin only", async () => {
    const owner = await seedOperator("owner");
    const boss = freshEmail();
    const admins = (more = "") => ({ DEPLOYMENT_ADMINS: `${boss},${more}` });
    const body = { email: boss.toUpperCase(), role: "viewer" };
    expect((await ask("/v1/invitations", { body, cookie: owner.cookie, env: admins() })).status).toBe(403);
    expect((await ask("/v1/invitations", { body, cookie: owner.cookie, env: admins(owner.email) })).status).toBe(201);
  });
});
