import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { createKit } from "../kit/object-kit.ts";
import { TENANT_MIGRATIONS } from "./tenant-schema.ts";
import { accessOf, meta, rowsOf, rpcOf, tenantAt } from "./tenant-testing.ts";

type Stub = ReturnType<typeof tenantAt>;

/** Lets the object's storage be opened by the release before end users. */
async function asBefore(stub: Stub, work: (sql: SqlStorage) => void): Promise<void> {
  await runInDurableObject(stub, async (_, state) => {
    const kit = createKit(state, env, { kind: "tenant", migrations: TENANT_MIGRATIONS.slice(0, 1), registered: true });
    await kit.read(() => work(kit.sql));
  });
  await evictDurableObject(stub);
}

const INSERT = `INSERT INTO tenant_profile (one, slug, name, plan, settings, keys_version, created_at)
  VALUES (1, 'old', 'Old', 'team', '{"origins":["https://a.example"]}', 7, 1790000000000)`;

it("[SU19] a tenant of the release before keeps its settings and keys, and everything new starts empty", async () => {
  const stub = tenantAt("upgraded");
  await asBefore(stub, (sql) => {
    sql.exec(INSERT);
    sql.exec(`INSERT INTO tenant_key (key_id, name, hint, secret_hash, scopes, created_at, created_by)
      VALUES ('k', 'Key', 'mrd_', 'hash', '["metrics:read"]', 1, 'user:ada')`);
  });
  const settings = { ...FIRST_SETTINGS, origins: ["https://a.example"] };
  expect(await stub.settings()).toEqual({ ok: true, value: { view: { settings, hosts: [], mailSecretSet: false }, version: 1 } });
  expect(await stub.keysVersion()).toBe(7);
  expect(await rpcOf(stub).findKey("k")).toMatchObject({ key: { keyId: "k" }, origins: settings.origins });
  const { config, ...rest } = await accessOf(stub);
  expect(config).toMatchObject({ slug: "old", settings, issuers: [], publicThings: [], signingKeys: [{ until: null }] });
  expect(rest).toMatchObject({ revocations: [], revocationSeq: 0, more: false });
  expect((await stub.putSettings({ ...settings, hosts: ["a.example.com"] }, 1, meta)).ok).toBe(true);
});

it("[SU19] a tenant still works when the release before comes back for a while, and after it has gone again", async () => {
  const stub = tenantAt("downgraded");
  expect((await stub.create({ slug: "downgraded", name: "Down", plan: "team" }, meta)).ok).toBe(true);
  expect((await stub.revoke({ kind: "token", id: "t" }, meta)).ok).toBe(true);
  await evictDurableObject(stub);
  await asBefore(stub, (sql) => {
    sql.exec(`UPDATE tenant_profile SET keys_version = keys_version + 1, settings = '{"origins":["https://b.example"]}'`);
  });
  expect((await accessOf(stub)).config?.settings).toEqual({ ...FIRST_SETTINGS, origins: ["https://b.example"] });
  expect((await accessOf(stub)).revocations).toMatchObject([{ id: "t" }]);
  const created = tenantAt("created-before");
  await created.keysVersion();
  await asBefore(created, (sql) => void sql.exec(INSERT));
  expect(await rowsOf(created, "SELECT slug FROM tenant_profile")).toEqual([{ slug: "old" }]);
});
