import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Me } from "../../contract/access.ts";
import { ask, cookiesOf } from "./testing.ts";

const person = (n: number) => ({
  name: `Person ${n}`,
  email: `Person${n}@Example.com`,
  password: "correct horse battery",
  tenantName: "Ärzte & Söhne",
});

describe("the first sign-up", { timeout: 30_000 }, () => {
  it("[AC10] lets one of two simultaneous first operators in, with a tenant of their own, and nobody after them", async () => {
    expect(await (await ask("/v1/deployment")).json()).toMatchObject({ signUpOpen: true });
    const answers = await Promise.all([1, 2].map(async (n) => await ask("/v1/auth/sign-up/email", { body: person(n) })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403]);
    const counts = await env.DB.prepare(
      `SELECT (SELECT count(*) FROM identity_user) AS users, (SELECT count(*) FROM identity_account) AS accounts,
        (SELECT count(*) FROM identity_organization) AS tenants, (SELECT count(*) FROM identity_member) AS members`,
    ).first();
    expect(counts).toEqual({ users: 1, accounts: 1, tenants: 1, members: 1 });

    const winner = answers.find(({ status }) => status === 200);
    expect(winner).toBeDefined();
    const cookie = cookiesOf(winner ?? new Response());
    const me = await (await ask("/v1/me", { cookie })).json<Me>();
    expect(me).toMatchObject({ kind: "operator", role: "owner", tenant: { slug: "arzte-sohne", name: "Ärzte & Söhne" } });
    expect(me.tenants).toEqual([{ id: me.tenant.id, slug: "arzte-sohne", name: "Ärzte & Söhne", role: "owner" }]);

    expect((await ask("/v1/auth/sign-up/email", { body: person(3) })).status).toBe(403);
    expect(await (await ask("/v1/deployment")).json()).toMatchObject({ signUpOpen: false });
  });
});
