import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { placeOfSubject } from "../http/objects.ts";
import { objectName } from "../../contract/address.ts";
import type { Page } from "../../contract/pages.ts";
import type { Subject, SubjectSummary } from "../../contract/subjects.ts";
import { deliver, eventOf } from "../consumers/testing.ts";
import { ask, seedKey, seedOperator, type SeededTenant } from "./testing.ts";

let seq = 0;
/** A subject as its event makes it known. */
async function seedRow(
  tenant: SeededTenant,
  personal: { sub: string; name: string; email?: string; issuer?: string },
  createdAt = ++seq,
): Promise<void> {
  const { issuer = "hosted", sub } = personal;
  const source = objectName({ tenantId: tenant.tenantId, kind: "subjects", name: String(placeOfSubject(issuer, sub)) });
  const data = {
    ref: `ref-${sub.replaceAll(/\W/g, "")}`,
    guest: false,
    createdAt,
    lastSeenAt: createdAt,
    personal: { email: null, issuer, ...personal },
  };
  await deliver([{ body: eventOf(tenant.tenantId, ++seq, { type: "meridian.subject.registered", source, data }) }]);
}

async function found(cookie: string, query: string): Promise<Page<SubjectSummary>> {
  const answer = await ask(`/v1/subjects?${query}`, { cookie });
  expect([answer.status, answer.status === 200 ? "" : await answer.text()]).toEqual([200, ""]);
  return await answer.json<Page<SubjectSummary>>();
}
const subs = (page: Page<SubjectSummary>) => page.items.map(({ sub }) => sub);

describe("the list of end users", () => {
  it("[SU88] finds the beginning of a name, an address or a sub, without case, and nothing by wildcard", async () => {
    const owner = await seedOperator("viewer");
    await seedRow(owner, { sub: "s-1", name: "Ada Lovelace", email: "ada@example.com" });
    await seedRow(owner, { sub: "s-2", name: "Grace", email: "Lovely@example.com" });
    await seedRow(owner, { sub: "LOVE|3", name: "Bo%b_", issuer: "acme" });
    const by = async (text: string) => subs(await found(owner.cookie, `search=${encodeURIComponent(text)}`)).sort();
    expect(await by("ada")).toEqual(["s-1"]);
    expect(await by("LOVE")).toEqual(["LOVE|3", "s-2"]);
    expect(await by("lovelace")).toEqual([]);
    expect(await by("s-")).toEqual(["s-1", "s-2"]);
    for (const wild of ["%", "_", "\\", "*"]) expect(await by(wild)).toEqual([]);
    expect(await by("bo%b_")).toEqual(["LOVE|3"]);
    expect(await by("a".repeat(100))).toEqual([]);
    expect((await ask(`/v1/subjects?search=${"a".repeat(101)}`, { cookie: owner.cookie })).status).toBe(400);
    expect(subs(await found(owner.cookie, "issuer=acme"))).toEqual(["LOVE|3"]);
  });

  it("[SU88] pages from the newest; people who come meanwhile neither repeat nor hide one", async () => {
    const owner = await seedOperator("owner");
    for (let n = 0; n < 5; n++) await seedRow(owner, { sub: `p-${n}`, name: "P" }, 1_000 + Math.floor(n / 2));
    const first = await found(owner.cookie, "limit=2");
    await seedRow(owner, { sub: "p-new", name: "P" }, 2_000);
    const second = await found(owner.cookie, `limit=2&cursor=${first.nextCursor}`);
    const third = await found(owner.cookie, `limit=2&cursor=${second.nextCursor}`);
    expect([...subs(first), ...subs(second), ...subs(third)].sort()).toEqual(["p-0", "p-1", "p-2", "p-3", "p-4"]);
    expect(third.nextCursor).toBeNull();
    expect((await ask("/v1/subjects?cursor=nonsense", { cookie: owner.cookie })).status).toBe(400);
  });

  it("[SU88] shows one tenant's to nobody of another", async () => {
    const [mine, other] = [await seedOperator("owner"), await seedOperator("owner")];
    await seedRow(other, { sub: "theirs", name: "Theirs" });
    expect(subs(await found(mine.cookie, "search=theirs"))).toEqual([]);
    expect((await ask("/v1/subjects/hosted/theirs", { cookie: mine.cookie })).status).toBe(404);
  });
});

describe("one end user", () => {
  it.each(["plain", "a/b", "auth0|5f7c8e", "100%", "a%2Fb", "~!*'()", "x?y#z&=+", "s".repeat(200)])(
    "[SU89] is found by whatever sub it has, percent-encoded in the path: %s",
    async (sub) => {
      const owner = await seedOperator("owner");
      const key = await seedKey(owner, ["tokens:mint", "subjects:read"]);
      expect((await ask("/v1/tokens", { body: { sub, name: "N" }, key: key.secret })).status).toBe(201);
      const answer = await ask(`/v1/subjects/minted/${encodeURIComponent(sub)}`, { key: key.secret });
      expect(answer.status).toBe(200);
      expect(await answer.json<Subject>()).toMatchObject({ issuer: "minted", sub, sessions: [{ keyId: key.id }] });
      expect((await ask(`/v1/subjects/minted/${encodeURIComponent(sub)}`, { method: "DELETE", key: key.secret })).status).toBe(403);
    },
  );

  it.each([".", ".."])("[SU89] is never called what a path takes for a place: %s", async (sub) => {
    const key = await seedKey(await seedOperator("owner"), ["tokens:mint"]);
    const answer = await ask("/v1/tokens", { body: { sub }, key: key.secret });
    expect([answer.status, await answer.json()]).toMatchObject([400, { errors: [{ pointer: "/sub" }] }]);
    expect((await ask("/v1/tokens", { body: { sub: `.${sub}.` }, key: key.secret })).status).toBe(201);
  });

  it("[SU89] is described without any secret", async () => {
    const owner = await seedOperator("owner");
    const key = await seedKey(owner, ["tokens:mint"]);
    await ask("/v1/tokens", { body: { sub: "s" }, key: key.secret });
    const text = await (await ask("/v1/subjects/minted/s", { cookie: owner.cookie })).text();
    expect(text).not.toMatch(/mrr_|hash|secret/i);
    expect(await env.DB.prepare("SELECT 1 FROM identity_subject WHERE search LIKE '%mrr_%'").first()).toBeNull();
  });
});
