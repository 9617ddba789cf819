import { rmSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { HEAD_NAME, MANIFEST_NAME } from "../../contract/backup-format.ts";
import { pageSchema } from "../../contract/pages.ts";
import { type Backup, backupSchema } from "../../contract/platform.ts";
import type { ApiSession } from "./api-session.ts";
import { BackupError } from "./backup-error.ts";
import { readHead } from "./backup-folder.ts";
import { flushFolder, sha256OfFile, writeFlushed } from "./sealed-files.ts";
import { clearAbandoned, makeWorkFolder, unmark } from "./work-folders.ts";

const meSchema = z.object({
  tenant: z.object({ id: z.string(), slug: z.string() }),
  tenants: z.array(z.object({ id: z.string(), slug: z.string() })),
});
/** A deployment goes on with a backup every minute; the first slice runs at once. */
const LOOK_EVERY_MS = 1_000;

/** Has the tenant saved by its deployment, and waits until that is done. @throws BackupError */
export async function backUpTenant(session: ApiSession, slug: string): Promise<Backup> {
  await chooseTenant(session, slug);
  const { id } = await session.json(backupSchema, "POST", "/v1/tenant/backups");
  for (;;) {
    const { items } = await session.json(pageSchema(backupSchema), "GET", "/v1/tenant/backups?limit=200");
    const backup = items.find((item) => item.id === id);
    if (backup?.state === "done") return backup;
    if (backup?.state !== "running") throw new BackupError(`The backup failed: ${backup?.problem ?? "nothing is known of it any more"}`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

/** Fetches a tenant's backup into a folder of its own. @returns that folder */
export async function fetchBackup(session: ApiSession, backup: Backup, slug: string, to: string): Promise<string> {
  const parent = resolve(to);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  clearAbandoned(parent, (name) => name.endsWith(".partial"));
  const folder = join(parent, `tenant-${slug}-${backup.startedAt.slice(0, 19).replaceAll(/[-:]/g, "")}Z-${backup.id.slice(-6)}`);
  const partial = `${folder}.partial`;
  makeWorkFolder(partial);
  try {
    let bytes = 0;
    for (let n = 1; ; n++) {
      const name = String(n).padStart(6, "0");
      const size = await fetchFile(session, backup.id, name, partial);
      if (size === undefined) break;
      bytes += size;
    }
    if (bytes !== backup.bytes)
      throw new BackupError(`Of ${backup.bytes} bytes ${bytes} were handed out: the backup is not whole any more.`);
    for (const name of [MANIFEST_NAME, HEAD_NAME])
      if ((await fetchFile(session, backup.id, name, partial)) === undefined) throw new BackupError(`The backup has no ${name}.`);
    const { checksum } = await readHead(partial);
    if ((await sha256OfFile(join(partial, MANIFEST_NAME))) !== checksum)
      throw new BackupError("The manifest is not the one that the head names.");
    unmark(partial);
    await flushFolder(partial);
    await rename(partial, folder);
    await flushFolder(parent);
    return folder;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/** @returns its size, or undefined when there is none of that name */
async function fetchFile(session: ApiSession, id: string, name: string, folder: string): Promise<number | undefined> {
  const answer = await session.send("GET", `/v1/tenant/backups/${id}/files/${name}`);
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new BackupError(`The file ${name} was refused: status ${answer.status}.`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  await writeFlushed(join(folder, name), [bytes]);
  return bytes.length;
}

async function chooseTenant(session: ApiSession, slug: string): Promise<void> {
  const me = await session.json(meSchema, "GET", "/v1/me");
  if (me.tenant.slug === slug) return;
  const other = me.tenants.find((tenant) => tenant.slug === slug);
  if (!other) throw new BackupError(`You are no member of a tenant ${slug}.`);
  await session.do("POST", "/v1/auth/organization/set-active", { organizationId: other.id });
}
