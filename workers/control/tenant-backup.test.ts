import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { toBase64Url } from "../../contract/base64.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { Page } from "../../contract/pages.ts";
import type { Backup, RestoreStatus } from "../../contract/platform.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { REGISTRY, runTenantBackups } from "./tenant-backup-run.ts";
import { ask, edgeEnv, seedKey, type SeededOperator, seedOperator, seedTenant } from "./testing.ts";

const ADMIN = "nd66@example.com";

beforeEach(() => {
  REGISTRY.lagMs = 0;
  clearIsolateCaches();
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

/** A tenant with people, keys, a file in the archive and an event in the history, and its owner's cookie. */
async function seedBusy(mark: string): Promise<SeededOperator> {
  const owner = await seedOperator("owner", await seedTenant(), `${mark}@example.com`);
  await seedOperator("viewer", owner, `${mark}-viewer@example.com`);
  await seedKey(owner, ["metrics:read"]);
  const { tenantId } = owner;
  await env.ARCHIVE.put(`history/events/${tenantId}/a_b.ndjson`, new Uint8Array(3_000_000).fill(65));
  await env.ARCHIVE.put(`leaderboards/${tenantId}/arena/daily.ndjson`, "{}");
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO leaderboard_board (tenant_id, board, config, version, state, created_at, updated_at)
       VALUES (?, 'arena', '{}', 7, 'live', 1, 1)`,
    ).bind(tenantId),
    env.DB.prepare("INSERT INTO leaderboard_mode (tenant_id, mode, defaults, updated_at) VALUES (?, 'raid', NULL, 1)").bind(tenantId),
  ]);
  await env.DB.prepare(
    "INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES (?, 'tenant', 'main', 1) ON CONFLICT DO NOTHING",
  )
    .bind(tenantId)
    .run();
  await env.HISTORY.prepare(
    "INSERT INTO control_event (tenant_id, id, source, seq, type, subject, at, data) VALUES (?, ?, 's', 1, 't', 'x', 1, '{}')",
  )
    .bind(tenantId, crypto.randomUUID())
    .run();
  return owner;
}

async function saved(cookie: string): Promise<Backup> {
  const started = await ask("/v1/tenant/backups", { method: "POST", cookie });
  expect(started.status).toBe(202);
  const { items } = await (await ask("/v1/tenant/backups", { cookie })).json<Page<Backup>>();
  const [newest] = items;
  if (!newest) throw new Error("no backup");
  return newest;
}

async function fileOf(cookie: string, id: string, name: string): Promise<Response> {
  return await ask(`/v1/tenant/backups/${id}/files/${name}`, { cookie });
}

/** Sends the files of a backup as an operator of the deployment would, and restores to the end. */
async function restored(backup: Backup, admin: string, admins = ADMIN): Promise<Response> {
  const { objects } = await env.ARCHIVE.list({ prefix: `${backup.target}/` });
  for (const { key } of objects) {
    const data = toBase64Url(new Uint8Array((await (await env.ARCHIVE.get(key))?.arrayBuffer()) ?? new ArrayBuffer(0)));
    const path = `/v1/platform/restores/${backup.id}/files/${key.slice(backup.target.length + 1)}`;
    const sent = await ask(path, { method: "PUT", body: { data }, cookie: admin, env: { DEPLOYMENT_ADMINS: admins } });
    expect(sent.status).toBe(204);
  }
  for (let calls = 0; calls < 20; calls++) {
    const answer = await ask(`/v1/platform/restores/${backup.id}`, { method: "POST", cookie: admin, env: { DEPLOYMENT_ADMINS: admins } });
    if (answer.status !== 200 || (await answer.clone().json<RestoreStatus>()).state === "done") return answer;
  }
  throw new Error("the restore does not end");
}

/** As if the tenant had never been on this deployment. */
async function forget(tenantId: string): Promise<void> {
  await runInDurableObject(env.TENANT.getByName(`${tenantId}/tenant/main`), async (_instance, state) => {
    await state.storage.deleteAlarm();
    await state.storage.deleteAll();
  });
  await evictDurableObject(env.TENANT.getByName(`${tenantId}/tenant/main`));
  for (const table of ["control_tenant", "control_key", "control_object", "leaderboard_board", "leaderboard_mode"])
    await env.DB.prepare(`DELETE FROM ${table} WHERE tenant_id = ?`).bind(tenantId).run();
  await env.DB.prepare("DELETE FROM identity_organization WHERE id = ?").bind(tenantId).run();
  await env.HISTORY.prepare("DELETE FROM control_event WHERE tenant_id = ?").bind(tenantId).run();
  await env.ARCHIVE.delete([`history/events/${tenantId}/a_b.ndjson`, `leaderboards/${tenantId}/arena/daily.ndjson`]);
  clearIsolateCaches();
}

describe("a tenant's backup", () => {
  it("[ND65] is made by its owner, sealed, and its files are handed out to its tenant alone", async () => {
    const owner = await seedBusy("nd65");
    const backup = await saved(owner.cookie);
    expect(backup).toMatchObject({ scope: owner.tenantId, state: "done", objects: 1, problem: null });
    expect(backup.rows).toBeGreaterThan(5);
    const head = await fileOf(owner.cookie, backup.id, "backup.json");
    expect(await head.json()).toMatchObject({ id: backup.id, scope: owner.tenantId, checksum: backup.checksum });
    const first = await fileOf(owner.cookie, backup.id, "000001");
    const text = new TextDecoder("latin1").decode(await first.arrayBuffer());
    expect(text.startsWith("MRBK")).toBe(true);
    expect(text).not.toContain(owner.slug);
    const stranger = await seedOperator("owner");
    expect((await fileOf(stranger.cookie, backup.id, "000001")).status).toBe(404);
    expect((await fileOf(owner.cookie, backup.id, "000999")).status).toBe(404);
    expect((await (await ask("/v1/tenant/backups", { cookie: stranger.cookie })).json<Page<Backup>>()).items).toEqual([]);
    const viewer = await seedOperator("viewer", owner);
    expect((await ask("/v1/tenant/backups", { method: "POST", cookie: viewer.cookie })).status).toBe(403);
    const audit = await (await ask("/v1/audit", { cookie: owner.cookie })).json<Page<{ action: string; outcome: string }>>();
    expect(audit.items.filter(({ action }) => action.startsWith("backup.")).map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
      expect.arrayContaining(["backup.start intent", "backup.start done", "backup.complete done"]),
    );
  });

  it("[ND65] is made one at a time, and goes on where a slice was broken off", async () => {
    const owner = await seedBusy("nd65-slices");
    const away = { ...edgeEnv, TENANT: { getByName: () => ({ maintain: async () => await Promise.reject(new Error("away")) }) } };
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { beginTenantBackup, runTenantBackup } = await import("./tenant-backup-run.ts");
    const begun = await beginTenantBackup(edgeEnv, owner.tenantId, crypto.randomUUID(), Date.now());
    expect((await ask("/v1/tenant/backups", { method: "POST", cookie: owner.cookie })).status).toBe(409);
    await runTenantBackup(away as unknown as typeof edgeEnv, begun, Date.now());
    // Its lease stands: nobody else works on it meanwhile.
    await runTenantBackups(edgeEnv, Date.now());
    const list = async () => (await (await ask("/v1/tenant/backups", { cookie: owner.cookie })).json<Page<Backup>>()).items[0];
    expect(await list()).toMatchObject({ id: begun.id, state: "running" });
    await runTenantBackups(edgeEnv, Date.now() + 6 * 60_000);
    expect(await list()).toMatchObject({ id: begun.id, state: "done", objects: 1 });
  });

  it("[ND65] has objects that the registry hears of while it is made, and the tenant's own in any case", async () => {
    const owner = await seedBusy("nd65-late");
    const { tenantId } = owner;
    await env.DB.prepare("DELETE FROM control_object WHERE tenant_id = ?").bind(tenantId).run();
    const { beginTenantBackup, runTenantBackup } = await import("./tenant-backup-run.ts");
    const register = async (kind: string) =>
      await env.DB.prepare("INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES (?, ?, 'main', 1) ON CONFLICT DO NOTHING")
        .bind(tenantId, kind)
        .run();
    // While the first pass is at the tenant's own object, the registry hears of one that comes before it.
    const heard = {
      getByName: (name: string) => ({
        maintain: async (order: never) => (await register("agents"), await env.TENANT.getByName(name).maintain(order)),
      }),
    };
    const begun = await beginTenantBackup(edgeEnv, tenantId, uuidv7(Date.now(), cryptoRandom), Date.now());
    await runTenantBackup({ ...edgeEnv, TENANT: Object.assign(heard, {}) } as unknown as typeof edgeEnv, begun, Date.now()).catch(
      () => undefined,
    );
    await runTenantBackups(edgeEnv, Date.now() + 6 * 60_000);
    const { items } = await (await ask("/v1/tenant/backups", { cookie: owner.cookie })).json<Page<Backup>>();
    expect(items[0]).toMatchObject({ id: begun.id, state: "done", objects: 2 });
  });

  it("[ND65] is kept with the nine before it; older ones go with their files", async () => {
    const owner = await seedBusy("nd65-kept");
    const { tenantId } = owner;
    for (let n = 1; n <= 10; n++) {
      const id = uuidv7(n, cryptoRandom);
      await env.DB.prepare("INSERT INTO control_backup (id, scope, state, started_at, target) VALUES (?, ?, 'done', ?, 'x')")
        .bind(id, tenantId, n)
        .run();
      await env.ARCHIVE.put(`backups/${tenantId}/${id}/000999`, "sealed");
    }
    await saved(owner.cookie);
    const kept = await env.DB.prepare("SELECT started_at AS at FROM control_backup WHERE scope = ? ORDER BY started_at")
      .bind(tenantId)
      .all<{ at: number }>();
    expect(kept.results).toHaveLength(10);
    expect(kept.results[0]).toEqual({ at: 2 });
    const files = (await env.ARCHIVE.list({ prefix: `backups/${tenantId}/` })).objects.filter(({ key }) => key.endsWith("/000999"));
    expect(files).toHaveLength(9);
  });

  it("[ND66] brings the tenant back where it is missing: object, rows, files and people with an account, compared", async () => {
    const owner = await seedBusy("nd66-owner");
    const admin = await seedOperator("viewer", undefined, ADMIN);
    const before = await (await ask("/v1/keys", { cookie: owner.cookie })).json<Page<{ id: string; name: string }>>();
    const backup = await saved(owner.cookie);
    const there = await restored(backup, admin.cookie);
    expect([there.status, (await there.json<{ detail: string }>()).detail]).toEqual([409, expect.stringContaining("already")]);

    await forget(owner.tenantId);
    await env.DB.prepare("DELETE FROM identity_user WHERE email = 'nd66-owner-viewer@example.com'").run();
    const answer = await restored(backup, admin.cookie);
    const status = await answer.json<RestoreStatus>();
    expect(status).toMatchObject({ tenantId: owner.tenantId, slug: owner.slug, state: "done" });
    expect(status.invite).toEqual([{ email: "nd66-owner-viewer@example.com", role: "viewer" }]);
    expect(status.compared.length).toBeGreaterThan(3);
    expect(status.compared.filter(({ agrees }) => !agrees)).toEqual([]);
    expect(status.compared.find(({ table }) => table === "tenant_key")).toMatchObject({ saved: 1, restored: 1 });
    clearIsolateCaches();
    const after = await (await ask("/v1/keys", { cookie: owner.cookie })).json<Page<{ id: string; name: string }>>();
    expect(after.items).toEqual(before.items);
    expect((await (await env.ARCHIVE.get(`history/events/${owner.tenantId}/a_b.ndjson`))?.arrayBuffer())?.byteLength).toBe(3_000_000);
    expect((await env.ARCHIVE.list({ prefix: "restores/" })).objects.filter(({ key }) => key.includes(backup.id))).toEqual([]);
    const events = await env.HISTORY.prepare("SELECT count(*) AS n FROM control_event WHERE tenant_id = ? AND type = 't'")
      .bind(owner.tenantId)
      .first();
    expect(events).toEqual({ n: 1 });
  });

  it("[LB58] brings back its leaderboards: the catalogue of boards and modes, and archives of closed windows", async () => {
    const owner = await seedBusy("lb58");
    const { tenantId } = owner;
    const admin = await seedOperator("viewer", undefined, `lb58-${ADMIN}`);
    const backup = await saved(owner.cookie);
    await forget(tenantId);
    expect((await restored(backup, admin.cookie, `lb58-${ADMIN}`)).status).toBe(200);
    const row = async (sql: string) => await env.DB.prepare(sql).bind(tenantId).first();
    expect(await row("SELECT board, version, state FROM leaderboard_board WHERE tenant_id = ?")).toEqual({
      board: "arena",
      version: 7,
      state: "live",
    });
    expect(await row("SELECT mode, defaults FROM leaderboard_mode WHERE tenant_id = ?")).toEqual({ mode: "raid", defaults: null });
    expect(await (await env.ARCHIVE.get(`leaderboards/${tenantId}/arena/daily.ndjson`))?.text()).toBe("{}");
  });

  it("[ND66] is refused when a file was changed, the key is missing, or nobody of it has an account here; then nothing is listed", async () => {
    const owner = await seedBusy("nd66-refused");
    const admin = await seedOperator("viewer", undefined, `more-${ADMIN}`);
    const asAdmin = { cookie: admin.cookie, env: { DEPLOYMENT_ADMINS: `more-${ADMIN}` } };
    const backup = await saved(owner.cookie);
    await forget(owner.tenantId);
    const run = async () => await ask(`/v1/platform/restores/${backup.id}`, { method: "POST", ...asAdmin });
    expect((await run()).status).toBe(404);
    const put = async (data: string) =>
      (await ask(`/v1/platform/restores/${backup.id}/files/000001`, { method: "PUT", body: { data }, ...asAdmin })).status;
    const limit = 8 * 1024 * 1024;
    const sizes = [limit, limit + 1].map((bytes) => "A".repeat(Math.ceil((bytes * 4) / 3)));
    expect([await put("not base64 !"), await put(sizes[0] ?? ""), await put(sizes[1] ?? ""), await put("A".repeat(12_000_000))]).toEqual([
      400, 204, 400, 413,
    ]);
    const { objects } = await env.ARCHIVE.list({ prefix: `${backup.target}/` });
    for (const { key } of objects) {
      const name = key.slice(backup.target.length + 1);
      const bytes = new Uint8Array((await (await env.ARCHIVE.get(key))?.arrayBuffer()) ?? new ArrayBuffer(0));
      if (name === "000001") bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
      await env.ARCHIVE.put(`restores/${backup.id}/${name}`, bytes);
    }
    expect((await run()).status).toBe(409);
    const listed = await env.DB.prepare("SELECT count(*) AS n FROM identity_organization WHERE id = ?").bind(owner.tenantId).first();
    expect(listed).toEqual({ n: 0 });
    const other = JSON.stringify({ current: "k9", keys: { k9: "A".repeat(43) } });
    const foreign = await ask(`/v1/platform/restores/${backup.id}`, {
      method: "POST",
      cookie: admin.cookie,
      env: { ...asAdmin.env, KEY_RING: other },
    });
    expect([401, 409]).toContain(foreign.status); // the cookie itself was signed with the other ring
    await env.DB.prepare("DELETE FROM identity_user WHERE email = 'nd66-refused@example.com'").run();
    const alone = await run();
    expect([alone.status, (await alone.json<{ detail: string }>()).detail]).toEqual([409, expect.stringContaining("No owner")]);
    expect((await ask(`/v1/platform/restores/${backup.id}`, { method: "POST", cookie: owner.cookie })).status).not.toBe(200);
  });
});
