import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { toBase64Url } from "../../contract/base64.ts";
import { installKeyRing, KeyRing, keyRing } from "../../contract/key-ring.ts";
import { readKid } from "../../contract/token-kid.ts";
import { ringOf } from "./tenant-signing.ts";
import { accessOf, createdTenant, meta, rowsOf, rowsWritten } from "./tenant-testing.ts";

const fill = (byte: number) => toBase64Url(new Uint8Array(32).fill(byte));
const text = (current: string, keys: Record<string, string>) => JSON.stringify({ current, keys });
const DEV = new KeyRing(env.KEY_RING).current;
/** The ring of the tests' deployment with a second key, which is the current one. */
const rotated = () => text("next", { ...(JSON.parse(env.KEY_RING) as { keys: Record<string, string> }).keys, next: fill(2) }); // wrangler.toml's own

afterEach(() => {
  installKeyRing(env, null);
});

async function unseal(sealed: string | null): Promise<CryptoKey> {
  const plain = await keyRing(env).decrypt("signing-key", sealed ?? "");
  const jwk = JSON.parse(new TextDecoder().decode(plain)) as JsonWebKey; // what the object exported
  return await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

describe("a tenant's signing key", () => {
  it("[SU5] is made at the first need, once, also by many at once, and survives an eviction", async () => {
    const stub = await createdTenant("signing-once");
    // From inside, so that they really interleave: calls from outside are each done before the next one begins.
    const seen = await runInDurableObject(stub, async (tenant) => {
      const snapshots = await Promise.all(Array.from({ length: 8 }, async () => await tenant.access(null)));
      return snapshots.map((snapshot) => snapshot?.config?.signingKeys);
    });
    expect(new Set(seen.map((keys) => JSON.stringify(keys))).size).toBe(1);
    expect(seen[0]).toHaveLength(1);
    expect(await rowsOf(stub, "SELECT serial FROM tenant_signing_key")).toEqual([{ serial: 1 }]);
    await evictDurableObject(stub);
    expect((await accessOf(stub)).config?.signingKeys).toEqual(seen[0]);
    expect(await rowsWritten(stub, async () => await stub.access(null))).toBe(0);
  });

  it("[SU5] keeps its private half sealed only, and signs what its public half verifies", async () => {
    const stub = await createdTenant("signing-seal");
    const key = (await accessOf(stub)).config?.signingKeys[0];
    if (!key) throw new Error("a signing key was expected");
    expect(Object.keys(key.jwk).sort()).toEqual(["crv", "kty", "x", "y"]);
    expect(await readKid(keyRing(env), `signing-seal.${key.keyId}`)).toEqual({ tenantId: "signing-seal", keyId: key.keyId });
    expect(key.sealed?.startsWith(`${DEV}.`)).toBe(true);
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const message = new TextEncoder().encode("message");
    const signature = await crypto.subtle.sign(algorithm, await unseal(key.sealed), message);
    const verifier = await crypto.subtle.importKey("jwk", key.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
    expect(await crypto.subtle.verify(algorithm, verifier, signature, message)).toBe(true);
    expect(JSON.stringify(await rowsOf(stub, "SELECT * FROM tenant_signing_key"))).not.toContain('\\"d\\"');
  });

  it("[SU5] is not made where the objects were given no key ring, and the error says so", () => {
    expect(() => ringOf({})).toThrow("KEY_RING is not set for the objects script");
  });

  it("[SU6] has a successor once the ring has another current key; the old one verifies an hour more and then goes", async () => {
    const stub = await createdTenant("signing-rotate");
    const before = await accessOf(stub);
    const former = before.config?.signingKeys[0];
    const next = installKeyRing(env, rotated());
    const at = Date.now();
    const both = await runInDurableObject(stub, async (tenant) => await Promise.all([tenant.access(null), tenant.access(null)]));
    const after = await accessOf(stub);
    expect(both).toEqual([after, after]);
    expect(after.configVersion).toBe(before.configVersion + 1);
    const [current, old, ...more] = after.config?.signingKeys ?? [];
    expect(more).toEqual([]);
    expect(current?.keyId).toMatch(/^next-2-/);
    expect(await readKid(next, `signing-rotate.${current?.keyId}`)).toBeDefined();
    expect(old).toEqual({ ...former, sealed: null, until: expect.any(Number) });
    expect((old?.until ?? 0) - at).toBeGreaterThanOrEqual(3_660_000);
    expect((old?.until ?? 0) - at).toBeLessThan(3_720_000);
    // The private half of the old one is gone for good.
    expect(await rowsOf(stub, "SELECT count(*) AS n FROM tenant_signing_key WHERE sealed IS NOT NULL")).toEqual([{ n: 1 }]);

    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE tenant_signing_key SET until = until - 3720000 WHERE until IS NOT NULL");
      state.storage.sql.exec("UPDATE kit_timer SET due_at = due_at - 3720000 WHERE name = 'signing-keys'");
    });
    await evictDurableObject(stub);
    expect((await accessOf(stub)).config?.signingKeys, "out of use before the alarm comes").toEqual([current]);
    await runDurableObjectAlarm(stub);
    expect(await rowsOf(stub, "SELECT serial FROM tenant_signing_key")).toEqual([{ serial: 2 }]);
  });

  it("[SU6] is made anew where a ring of another deployment calls its key by the same name", async () => {
    const stub = await createdTenant("signing-foreign");
    const before = (await accessOf(stub)).config?.signingKeys[0];
    installKeyRing(env, text(DEV, { [DEV]: fill(9) }));
    const [current, old] = (await accessOf(stub)).config?.signingKeys ?? [];
    expect(old?.keyId).toBe(before?.keyId);
    expect(current?.keyId).toMatch(new RegExp(`^${DEV}-2-`));
    expect(await unseal(current?.sealed ?? null)).toBeDefined();
  });

  it("[SU18] and what else is sealed are made anew by reseal, counted, and once", async () => {
    const stub = await createdTenant("signing-reseal");
    const made = await stub.newMailSecret(meta);
    if (!made.ok) throw new Error(made.problem.detail);
    await stub.access(null);
    expect(await stub.maintain({ type: "reseal" })).toEqual({ resealed: 0, more: false });
    const ring = installKeyRing(env, rotated());
    expect(await stub.maintain({ type: "reseal" })).toEqual({ resealed: 2, more: false });
    expect(await stub.maintain({ type: "reseal" })).toEqual({ resealed: 0, more: false });
    // Without the old key everything that is still of use can be read.
    const alone = installKeyRing(env, text("next", { next: fill(2) }));
    expect(alone.ids).toEqual(["next"]);
    expect(ring.ids).toHaveLength(2);
    const secret = await alone.decrypt("mail-secret", (await stub.mailSecret()) ?? "");
    expect(new TextDecoder().decode(secret)).toBe(made.value.secret);
    await unseal((await accessOf(stub)).config?.signingKeys[0]?.sealed ?? null);
  });

  it("[SU18] are left alone by reseal where nothing was ever sealed, and where the old key is gone", async () => {
    const bare = await createdTenant("signing-bare");
    installKeyRing(env, rotated());
    expect(await bare.maintain({ type: "reseal" })).toEqual({ resealed: 0, more: false });
    expect(await rowsOf(bare, "SELECT serial FROM tenant_signing_key")).toEqual([]);

    const stub = await createdTenant("signing-lost");
    await stub.newMailSecret(meta);
    const sealed = await stub.mailSecret();
    installKeyRing(env, null);
    installKeyRing(env, text("next", { next: fill(3) }));
    expect(await stub.maintain({ type: "reseal" })).toEqual({ resealed: 0, more: false });
    expect(await stub.mailSecret()).toBe(sealed);
  });
});
