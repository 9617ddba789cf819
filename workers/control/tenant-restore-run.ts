import * as z from "zod";
import {
  BACKUP_FORMAT,
  type BackupHead,
  backupHeadSchema,
  type BackupManifest,
  HEAD_NAME,
  MANIFEST_NAME,
  manifestSchema,
} from "../../contract/backup-format.ts";
import { missingKeys, ringBackupSecret } from "../../contract/backup-ring.ts";
import { BackupDamaged, backupKey, keyProof } from "../../contract/backup-seal.ts";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { ROLES } from "../../contract/permissions.ts";
import type { RestoreStatus } from "../../contract/platform.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";
import { ProgressFile } from "./tenant-backup-progress.ts";
import { BackupVault } from "./tenant-backup-vault.ts";
import { RestoreRefused, TenantRestore } from "./tenant-restore-walk.ts";

/** Entries that one call puts back: each is a few calls of objects and of R2. */
const ENTRIES = 100;
/** A slice that has not come back by then has ended. */
const LEASE_MS = 60_000;
/** Keys that R2 deletes in one call. */
const DELETED_AT_ONCE = 1_000;

const progressSchema = z.object({
  leaseUntil: z.number(),
  next: z.number(),
  /** The object of the next entry holds its state and only has to be opened. */
  filled: z.boolean(),
  compared: z.array(z.object({ object: z.string(), table: z.string(), saved: z.number(), restored: z.number(), agrees: z.boolean() })),
});

/** Where the files of a restore lie until it is done. */
export const restorePrefix = (id: string): string => `restores/${id}`;

/**
 * One slice of restoring a tenant from the files that were sent. The tenant is listed last: before that no request reaches
 * anything of it.
 */
export async function restoreTenant(env: EdgeEnv, id: string, meta: CallMeta, now: number): Promise<Outcome<RestoreStatus>> {
  try {
    return await slice(env, id, meta, now);
  } catch (error) {
    if (!(error instanceof RestoreRefused || error instanceof BackupDamaged || (error instanceof Error && /was used/.test(error.message))))
      throw error;
    return refuse("conflict", `The backup cannot be restored here: ${error.message.slice(0, 300)}.`);
  }
}

async function slice(env: EdgeEnv, id: string, meta: CallMeta, now: number): Promise<Outcome<RestoreStatus>> {
  const opened = await openBackup(env, id);
  if (!opened.ok) return opened;
  const { manifest, vault } = opened.value;
  const restore = new TenantRestore(env, vault, manifest);
  const people = await restore.people();
  const taken = await env.DB.prepare("SELECT 1 FROM identity_organization WHERE id = ? OR slug = ?")
    .bind(manifest.scope, people.slug)
    .first();
  if (taken) return refuse("conflict", "There is a tenant of this id or slug already. A backup is restored where it is missing.");
  const members = await knownMembers(env, people.members);
  if (!members.some(({ role }) => role === "owner"))
    return refuse("conflict", "No owner of this tenant has an account here. Let one sign up with the same address first.");

  const file = new ProgressFile(env.ARCHIVE, `${restorePrefix(id)}.progress`, progressSchema);
  await file.create({ leaseUntil: 0, next: 0, filled: false, compared: [] });
  let progress = await file.claim(now);
  if (!progress) return refuse("in-progress", "This restore is being worked on. Ask again in a moment.");
  for (let entries = 0; entries < ENTRIES;) {
    const group = restore.groupAt(progress.next);
    if (group.length === 0) break;
    const lease = { leaseUntil: now + LEASE_MS };
    if (!progress.filled) {
      const compared = await restore.put(group);
      progress = { ...progress, filled: true, compared: [...progress.compared, ...compared] };
      await file.save({ ...progress, ...lease });
    }
    await restore.open(group);
    entries += group.length;
    progress = { ...progress, filled: false, next: progress.next + group.length };
    await file.save({ ...progress, ...lease });
  }
  await file.save({ ...progress, leaseUntil: 0 });
  const done = progress.next >= manifest.entries.length;
  const status = {
    tenantId: manifest.scope,
    slug: people.slug,
    entries: manifest.entries.length,
    restored: progress.next,
    compared: progress.compared,
  };
  if (!done) return accept({ ...status, state: "running", invite: [] });
  await listTenant(env, manifest.scope, people, members, now);
  const { idempotency: _, ...who } = meta;
  const note = {
    action: "backup.restore",
    target: `backup/${manifest.id}`,
    outcome: "done" as const,
    detail: { savedAt: manifest.startedAt },
  };
  await tenantOf({ env, principal: { tenantId: manifest.scope } }).audit([note], who);
  await removeFiles(env, id, manifest);
  await file.remove();
  const known = new Set(members.map(({ email }) => email));
  return accept({
    ...status,
    state: "done",
    invite: people.members.filter(({ email }) => !known.has(email)).map(({ email, role }) => ({ email, role })),
  });
}

/** What was sent is of no use any more. */
async function removeFiles(env: EdgeEnv, id: string, manifest: BackupManifest): Promise<void> {
  const names = [...manifest.entries.map(({ name }) => name), MANIFEST_NAME, HEAD_NAME];
  for (let from = 0; from < names.length; from += DELETED_AT_ONCE)
    await env.ARCHIVE.delete(names.slice(from, from + DELETED_AT_ONCE).map((name) => `${restorePrefix(id)}/${name}`));
}

interface KnownMember {
  readonly userId: string;
  readonly email: string;
  readonly role: string;
}

/** Who of the people has an account here. */
async function knownMembers(env: EdgeEnv, people: readonly { readonly email: string; readonly role: string }[]): Promise<KnownMember[]> {
  const { results } = await env.DB.prepare("SELECT id, email FROM identity_user WHERE email IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(people.map(({ email }) => email)))
    .all<{ id: string; email: string }>();
  const ids = new Map(results.map(({ id, email }) => [email, id]));
  return people.flatMap(({ email, role }) => {
    const userId = ids.get(email);
    return userId !== undefined && ROLES.some((known) => known === role) ? [{ userId, email, role }] : [];
  });
}

/** The moment from which on the tenant exists. */
async function listTenant(
  env: EdgeEnv,
  tenantId: string,
  people: { name: string; slug: string; createdAt: number },
  members: readonly KnownMember[],
  now: number,
): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?, ?, ?, ?)").bind(
      tenantId,
      people.name,
      people.slug,
      people.createdAt,
    ),
    ...members.map(({ userId, role }) =>
      env.DB.prepare("INSERT INTO identity_member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, ?)").bind(
        uuidv7(now, cryptoRandom),
        tenantId,
        userId,
        role,
        now,
      ),
    ),
  ]);
}

async function openBackup(env: EdgeEnv, id: string): Promise<Outcome<{ manifest: BackupManifest; vault: BackupVault }>> {
  const stored = await env.ARCHIVE.get(`${restorePrefix(id)}/${HEAD_NAME}`);
  if (!stored) return refuse("not-found", `No ${HEAD_NAME} was sent for this restore: send all files of the backup first.`);
  const head = headOf(await stored.text());
  if (!head || head.id !== id || head.scope === "node") return refuse("conflict", "This is no backup of a tenant with this id.");
  if (head.format > BACKUP_FORMAT)
    return refuse("conflict", `The backup has format ${head.format}, and this release reads ${BACKUP_FORMAT}.`);
  const ring = keyRing(env);
  if (head.key.from !== "ring" || !ring.has(head.key.ringId))
    return refuse("conflict", "The backup was made with a key that this deployment's ring does not have.");
  const key = await backupKey(await ringBackupSecret(ring, head.scope, head.key.ringId), head.id);
  if ((await keyProof(key)) !== head.keyProof) return refuse("conflict", "The backup was made with another key of this name.");
  const vault = new BackupVault(env.ARCHIVE, restorePrefix(id), key);
  const manifest = manifestSchema.parse(JSON.parse(new TextDecoder().decode(await vault.get(MANIFEST_NAME))));
  if (manifest.id !== id || manifest.scope !== head.scope) return refuse("conflict", "The manifest belongs to another backup.");
  const missing = await missingKeys(ring, manifest);
  if (missing.length > 0)
    return refuse("conflict", `The deployment's key ring lacks ${missing.join(", ")}, which texts in the backup were made with.`);
  return accept({ manifest, vault });
}

function headOf(text: string): BackupHead | undefined {
  try {
    return backupHeadSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: the same answer as another shape
  }
}
