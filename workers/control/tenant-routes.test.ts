import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { slugOf } from "./tenant-create.ts";
import { ask, seedKey, seedOperator } from "./testing.ts";

describe("the tenant's routes", () => {
  it("[AC30] heal a tenant that D1 lists and whose object was never told", async () => {
    const owner = await seedOperator("owner");
    const halfway = "halfway0tenant";
    await env.DB.batch([
      env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?, 'Halfway', 'halfway', 1)").bind(halfway),
      env.DB.prepare("INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES ('hm', ?, ?, 'owner', 1)").bind(
        halfway,
        owner.userId,
      ),
      env.DB.prepare("UPDATE identity_session SET active_organization_id = ? WHERE id = ?").bind(halfway, owner.sessionId),
    ]);
    expect((await ask("/v1/tenant", { cookie: owner.cookie })).status).toBe(404);
    expect(await (await ask("/v1/me", { cookie: owner.cookie })).json()).toMatchObject({
      tenant: { id: halfway, name: "Halfway", slug: "halfway" },
    });
    expect((await ask("/v1/tenant", { cookie: owner.cookie })).status).toBe(200);
  });

  it("[AC34] name tenants in addresses by a slug of lower-case letters, digits and dashes", () => {
    expect(slugOf("Ärzte & Söhne GmbH")).toBe("arzte-sohne-gmbh");
    expect(slugOf("  --Hello--  World!! ")).toBe("hello-world");
    expect(slugOf("株式会社")).toBe("tenant");
    expect(slugOf(`${"a".repeat(39)} b`)).toBe("a".repeat(39));
  });

  it("[AC8] verify the log by operator and by key", async () => {
    const owner = await seedOperator("owner");
    const { secret } = await seedKey(owner, ["audit:read"]);
    for (const who of [{ cookie: owner.cookie }, { key: secret }]) {
      const answer = await ask("/v1/audit/verify", { body: {}, ...who });
      expect(await answer.json()).toMatchObject({
        checked: 4,
        firstBroken: null,
        headSeq: 4,
        headHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    }
  });
});
