import { keyRing } from "../../contract/key-ring.ts";
import type { Backup } from "../../contract/platform.ts";
import { reasonOf } from "../consumers/give-back.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";
import { noteBackup } from "./platform-backup-store.ts";
import { type Progress, ProgressFile, progressSchema } from "./tenant-backup-progress.ts";
import { backupPrefix } from "./tenant-backup-vault.ts";
import { TenantWalk } from "./tenant-backup-walk.ts";

const RUN_LIMITS = {
  /** Files of a slice: each is a call of an object or a query, and two of R2; Cloudflare allows 1,000 requests an invocation. */
  files: 150,
  /** Steps that make no file, so that a slice ends in any case. */
  steps: 400,
  /** Tenants that one minute goes on with. */
  tenants: 20,
  /** Backups kept of a tenant; whoever wants older ones fetches them. */
  kept: 10,
  /** Older ones that go at a time, a thousand files of each. */
  pruned: 5,
  /** A backup that is not whole by then has failed. */
  giveUpMs: 6 * 3_600_000,
} as const;

/**
 * How long the registry may take to hear of an object: its event waits a second in the queue. A backup looks once more after that,
 * so that what was acknowledged before it began is in it.
 */
export const REGISTRY = { lagMs: 3_000 };

/** Who notes the end of a backup in the audit chain: nobody waits for it any more. */
const SYSTEM = { actor: "system", actorName: "system" } as const;

function progressOf(env: EdgeEnv, tenantId: string, id: string): ProgressFile<Progress> {
  return new ProgressFile(env.ARCHIVE, `${backupPrefix(tenantId, id)}.progress`, progressSchema);
}

/** Where a backup of this tenant begins. */
export async function beginTenantBackup(env: EdgeEnv, tenantId: string, id: string, now: number): Promise<Backup> {
  const startedAt = new Date(now).toISOString();
  const target = backupPrefix(tenantId, id);
  const backup: Backup = { id, scope: tenantId, state: "running", startedAt, finishedAt: null, target, bytes: 0, objects: 0, rows: 0, checksum: null, problem: null }; // prettier-ignore
  await progressOf(env, tenantId, id).create({
    id,
    tenantId,
    startedAt: now,
    ringId: keyRing(env).current,
    leaseUntil: 0,
    stage: "objects",
    pass: 1,
    after: null,
    object: null,
    table: 0,
    rowsAfter: null,
    prefix: 0,
    blobsAfter: null,
    entries: [],
    objects: 0,
  });
  await noteBackup(env.DB, backup).run();
  return backup;
}

/** One slice of a tenant's backup. What a slice could not do, the next does again; after hours it has failed. */
export async function runTenantBackup(env: EdgeEnv, backup: Backup, now: number): Promise<void> {
  const file = progressOf(env, backup.scope, backup.id);
  const progress = await file.claim(now);
  if (!progress) return;
  try {
    if (now - progress.startedAt > RUN_LIMITS.giveUpMs) throw new Error("it was not whole after six hours");
    const walk = await TenantWalk.open(env, progress);
    let files = 0;
    for (let steps = 0; steps < RUN_LIMITS.steps && files < RUN_LIMITS.files && walk.progress.stage !== "end"; steps++) {
      const { pass } = walk.progress;
      files += await walk.step();
      if (pass === 1 && walk.progress.pass === 2) await new Promise((done) => setTimeout(done, REGISTRY.lagMs));
    }
    if (walk.progress.stage === "end") await finish(env, backup, walk, now);
    else await file.save({ ...walk.progress, leaseUntil: 0 });
    if (walk.progress.stage === "end") await file.remove();
    if (walk.progress.stage === "end") await prune(env, backup.scope);
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "tenant-backup", tenant: backup.scope, error: reasonOf(error) }));
    if (now - progress.startedAt <= RUN_LIMITS.giveUpMs) return; // the lease ends, and the next slice begins where this one did
    const ended = {
      state: "failed",
      finishedAt: new Date(now).toISOString(),
      problem: "It could not be finished within six hours.",
    } as const;
    await noteBackup(env.DB, { ...backup, ...ended }).run();
    await file.remove();
  }
}

async function finish(env: EdgeEnv, backup: Backup, walk: TenantWalk, now: number): Promise<void> {
  const checksum = await walk.finish(env.DEPLOYMENT_NAME, now);
  const { entries, objects } = walk.progress;
  const bytes = entries.reduce((sum, entry) => sum + entry.sealedBytes, 0);
  const rows = entries.reduce((sum, entry) => sum + entry.tables.reduce((all, table) => all + table.rows, 0), 0);
  const done = { ...backup, state: "done", finishedAt: new Date(now).toISOString(), bytes, objects, rows, checksum } as const;
  const detail = { objects, rows, bytes, checksum };
  const target = `backup/${backup.id}`;
  const idempotency = { key: `backup ${backup.id}`, route: "backup", bodyHash: backup.id };
  const meta = { ...SYSTEM, requestId: backup.id, idempotency };
  const told = await tenantOf({ env, principal: { tenantId: backup.scope } }).audit(
    [{ action: "backup.complete", target, outcome: "done", detail }],
    meta,
    [{ type: "meridian.backup.completed", subject: target, data: { backupId: backup.id, scope: backup.scope, ...detail } }],
  );
  if (!told.ok) throw new Error(`the tenant did not take word of its backup: ${told.problem.slug}`);
  // Last: as long as it counts as running, the next slice does again what this one could not.
  await noteBackup(env.DB, done).run();
}

/** Removes what is older than the newest backups of a tenant, files before rows; what is left for another time is removed then. */
async function prune(env: EdgeEnv, tenantId: string): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT id FROM control_backup WHERE scope = ? ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?",
  )
    .bind(tenantId, RUN_LIMITS.pruned, RUN_LIMITS.kept)
    .all<{ id: string }>();
  for (const { id } of results) {
    const { objects, truncated } = await env.ARCHIVE.list({ prefix: `${backupPrefix(tenantId, id)}/` });
    if (objects.length > 0) await env.ARCHIVE.delete(objects.map(({ key }) => key));
    if (!truncated) await env.DB.prepare("DELETE FROM control_backup WHERE id = ? AND scope = ?").bind(id, tenantId).run();
  }
}

/** Goes on with the backups of tenants that have begun, the oldest first. Every minute. */
export async function runTenantBackups(env: EdgeEnv, now: number): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT id, scope, started_at AS startedAt, target FROM control_backup WHERE state = 'running' AND scope <> 'node' ORDER BY started_at LIMIT ?",
  )
    .bind(RUN_LIMITS.tenants)
    .all<{ id: string; scope: string; startedAt: number; target: string }>();
  for (const { id, scope, startedAt, target } of results) {
    const begun = { id, scope, target, startedAt: new Date(startedAt).toISOString(), state: "running", finishedAt: null, bytes: 0, objects: 0, rows: 0, checksum: null, problem: null } as const; // prettier-ignore
    await runTenantBackup(env, begun, now);
  }
}
