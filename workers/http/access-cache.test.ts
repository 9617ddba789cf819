import { describe, expect, it } from "vitest";
import type { AccessKnown, AccessSnapshot, Revocation } from "../../contract/rpc/access.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { ACCESS_CACHE_LIMITS, accessOf, keysVersionOf, noteKeysVersion } from "./access-cache.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { edgeEnv } from "./testing.ts";
import { asking, FakeTenant, NOBODYS_CONFIG } from "./token-testing.ts";

const CTX = { waitUntil: () => undefined };
const FRESH = ACCESS_CACHE_LIMITS.freshMs;
let made = 0;

/** A tenant whose object answers from a script, one answer a call. */
function scripted(...answers: (Partial<AccessSnapshot> | null)[]) {
  const asked: (AccessKnown | null)[] = [];
  const first: AccessSnapshot = {
    keysVersion: 1,
    configVersion: 1,
    config: NOBODYS_CONFIG,
    revocations: [],
    revocationSeq: 0,
    more: false,
  };
  const object: Partial<TenantRpc> = {
    async access(known) {
      asked.push(known);
      const answer = answers.shift();
      if (answer === undefined) throw new Error("asked too often");
      return answer === null ? null : { ...first, ...answer };
    },
  };
  const env = { ...edgeEnv, TENANT: { getByName: () => object as TenantRpc } }; // the one method that is called
  const tenantId = `scripted-${++made}`;
  return { asked, at: async (now: number) => await accessOf(env, CTX, tenantId, now), tenantId, env };
}

const revocation = (seq: number, kind: Revocation["kind"], id: string, before: number, until = 1e15): Revocation => ({
  seq,
  kind,
  id,
  before,
  until,
});
const token = { tokenId: "j1", ref: "r1", issuer: "minted", issuedAt: 1_000 };

describe("what an isolate knows of a tenant", () => {
  it("[SU111] valid tokens cost one call to the tenant's object in 1.5 s and no query", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const tokens = await Promise.all(Array.from({ length: 10 }, async (_, n) => await tenant.sign({ sub: `s${n}` })));
    await Promise.all([...tokens, ...tokens].map(async (text) => expect(await whoIs(text)).toMatchObject({ kind: "subject" })));
    expect([tenant.calls.access, tenant.calls.queries]).toEqual([1, 0]);
    for (let at = 0; at < 6_000; at += 500) for (const text of tokens) await whoIs(text, { at });
    expect(tenant.calls.access).toBeLessThanOrEqual(1 + 6_000 / FRESH);
    expect(tenant.calls.queries).toBe(0);
  });

  it("[SU112] forged tokens cost no more than good ones", async () => {
    const tenant = await FakeTenant.make();
    const { whoIs } = asking(tenant);
    const good = await tenant.sign();
    for (let i = 0; i < 30; i++) expect(await whoIs(good.slice(0, -6) + String(i).padStart(6, "A"))).toBe(401);
    expect([tenant.calls.access, tenant.calls.queries, tenant.notes.length]).toEqual([1, 0, 0]);
  });

  it("[SU111] is asked for what changed since, and the parts of a long answer at once", async () => {
    const { at, asked } = scripted(
      { keysVersion: 5, configVersion: 3, revocations: [revocation(1, "token", "a", 0)], revocationSeq: 1, more: true },
      { keysVersion: 6, configVersion: 3, config: null, revocations: [revocation(2, "token", "b", 0)], revocationSeq: 2 },
      { keysVersion: 7, configVersion: 3, config: null, revocations: [revocation(3, "token", "c", 0)], revocationSeq: 3 },
    );
    const first = await at(0);
    expect([first?.keysVersion, first?.config]).toEqual([6, NOBODYS_CONFIG]);
    expect(await at(FRESH - 1)).toBe(first);
    const second = await at(FRESH);
    expect(asked).toEqual([null, { configVersion: 3, revocationSeq: 1 }, { configVersion: 3, revocationSeq: 2 }]);
    expect(["a", "b", "c", "d"].map((tokenId) => second?.revokedBy({ ...token, tokenId }))).toEqual(["token", "token", "token", undefined]);
    expect(second?.config).toBe(first?.config);
  });

  it("[SU107] an issue up to the moment of a revocation is stopped, a later one is not; a token for good", async () => {
    const list = [revocation(1, "subject", "r1", 1_000), revocation(2, "issuer", "hosted", 2_000), revocation(3, "token", "j9", 0)];
    const { at } = scripted(
      { revocations: list, revocationSeq: 3 },
      { config: null, revocations: [revocation(4, "tenant", "", 5_000)], revocationSeq: 4 },
    );
    const first = await at(0);
    expect(first?.revokedBy(token)).toBe("subject");
    expect(first?.revokedBy({ ...token, issuedAt: 1_001 })).toBeUndefined();
    expect(first?.revokedBy({ ...token, ref: "r2" })).toBeUndefined();
    expect(first?.revokedBy({ ...token, ref: "r2", issuer: "hosted", issuedAt: 2_000 })).toBe("issuer");
    expect(first?.revokedBy({ ...token, tokenId: "j9", issuedAt: 9_000 })).toBe("token");
    const second = await at(FRESH);
    expect(second?.revokedBy({ ...token, ref: "r2", issuedAt: 5_000 })).toBe("tenant");
    expect(second?.revokedBy({ ...token, issuedAt: 5_001 })).toBeUndefined();
  });

  it("[SU111] a later moment for the same thing wins, an earlier one does not, and what ended is forgotten", async () => {
    const { at } = scripted(
      {
        revocations: [
          revocation(1, "subject", "r1", 2_000),
          revocation(2, "subject", "r1", 1_500),
          revocation(3, "subject", "r2", 9_000, 100),
        ],
        revocationSeq: 3,
      },
      { config: null, revocations: [revocation(4, "token", "x", 0)], revocationSeq: 4 },
    );
    expect((await at(0))?.revokedBy({ ...token, issuedAt: 2_000 })).toBe("subject");
    expect((await at(1))?.revokedBy({ ...token, ref: "r2" })).toBe("subject");
    expect((await at(FRESH))?.revokedBy({ ...token, ref: "r2" })).toBeUndefined();
  });

  it("[SU111] is asked again by a clock that was set back, and not because a request began a little before the read", async () => {
    const hour = 3_600_000;
    const { at, asked, env, tenantId } = scripted({}, { config: null, revocations: [revocation(1, "token", "j1", 0)], revocationSeq: 1 });
    await at(hour);
    expect(await at(hour - ACCESS_CACHE_LIMITS.earlierMs)).toBeDefined();
    expect(asked).toHaveLength(1);
    expect((await at(hour - ACCESS_CACHE_LIMITS.earlierMs - 1))?.revokedBy(token)).toBe("token");
    noteKeysVersion(tenantId, 1, hour);
    await expect((async () => await keysVersionOf(env, CTX, tenantId, 1))()).rejects.toThrow("asked too often");
  });

  it("[SU111] an object that went back, as after a restore, is read from the beginning", async () => {
    const { at, asked } = scripted(
      { configVersion: 9, revocations: [revocation(8, "token", "j1", 0)], revocationSeq: 8 },
      { configVersion: 2, revocationSeq: 1 },
      { configVersion: 2, revocationSeq: 1 },
    );
    expect((await at(0))?.revokedBy(token)).toBe("token");
    expect((await at(FRESH))?.revokedBy(token)).toBeUndefined();
    expect(asked).toEqual([null, { configVersion: 9, revocationSeq: 8 }, null]);
  });

  it("[SU110] an answer without its config, or without an end, is no answer", async () => {
    const lacking = scripted({ config: null });
    await expect(lacking.at(0)).rejects.toThrow("lacks its config");
    const endless = scripted(...Array.from({ length: ACCESS_CACHE_LIMITS.parts }, () => ({ more: true })));
    await expect(endless.at(0)).rejects.toThrow("has no end");
    expect(endless.asked).toHaveLength(ACCESS_CACHE_LIMITS.parts);
  });

  it("[SU129] more revocations than a tenant may have are refused, not forgotten", async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => revocation(n + 1, "token", `j${n}`, 0));
    const most = SUBJECT_LIMITS.revocations + 1_000;
    expect((await scripted({ revocations: many(most), revocationSeq: most }).at(0))?.revokedBy({ ...token, tokenId: "j0" })).toBe("token");
    await expect(scripted({ revocations: many(most + 1), revocationSeq: most + 1 }).at(0)).rejects.toThrow("more revocations");
  });

  it("[SU129] large tenants push the least recently asked out, by their bytes", async () => {
    clearIsolateCaches();
    const large = { ...NOBODYS_CONFIG, slug: "x".repeat(ACCESS_CACHE_LIMITS.bytes / 2 - 1_000) };
    const [one, two, three] = [1, 2, 3].map(() => scripted({ config: large }, { config: large }));
    for (const tenant of [one!, two!, three!]) await tenant.at(0);
    for (const tenant of [two!, three!, one!]) await tenant.at(FRESH);
    // The second and third were held and told only what changed; the first was forgotten.
    expect([one!, two!, three!].map(({ asked }) => asked[1])).toEqual([null, expect.anything(), expect.anything()]);
    clearIsolateCaches();
  });

  it("[SU111] a version that another read brought vouches for what is held, or says that it is old", async () => {
    const { at, asked, tenantId, env } = scripted({ keysVersion: 4 }, { keysVersion: 5, config: null });
    const first = await at(0);
    noteKeysVersion(tenantId, 4, 1_000);
    expect(await at(1_000 + FRESH - 1)).toBe(first);
    noteKeysVersion(tenantId, 5, 2_000);
    expect(await keysVersionOf(env, CTX, tenantId, 2_100)).toBe(5);
    expect(asked).toHaveLength(1);
    expect((await at(2_100))?.keysVersion).toBe(5);
    expect(asked).toHaveLength(2);
  });

  it("[SU111] a tenant that is not there is asked for again as seldom", async () => {
    const { at, asked, env, tenantId } = scripted(null, { keysVersion: 1 });
    expect([await at(0), await at(FRESH - 1), await keysVersionOf(env, CTX, tenantId, 1)]).toEqual([null, null, 0]);
    expect(asked).toHaveLength(1);
    expect((await at(FRESH))?.keysVersion).toBe(1);
  });
});

describe("tokens whose tenant cannot be read", () => {
  it("[SU110] are 503 with Retry-After, remembered ones too, and count again when it can", async () => {
    const tenant = await FakeTenant.make();
    const { who } = asking(tenant);
    const text = await tenant.sign();
    expect((await who(text)).status).toBe(200);
    tenant.broken = true;
    expect((await who(text, { at: 1_000 })).status).toBe(200);
    for (const door of [false, true]) {
      const response = await who(text, { at: 2_000, door });
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    }
    expect((await who(await tenant.sign(), { at: 2_000 })).status).toBe(503);
    tenant.broken = false;
    expect((await who(text, { at: 4_000 })).status).toBe(200);
    tenant.exists = false;
    expect((await who(text, { at: 6_000 })).status).toBe(401);
  });
});
