import { createReadStream, existsSync, readFileSync, realpathSync, rmSync, statfsSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { BackupHead, BackupManifest } from "../../contract/backup-format.ts";
import { ringProofs } from "../../contract/backup-ring.ts";
import type { KeyRing } from "../../contract/key-ring.ts";
import { VERSION } from "../../contract/version.ts";
import { BackupError } from "./backup-error.ts";
import { BackupWriter } from "./backup-folder.ts";
import type { Copier } from "./copier.ts";
import { newBackupKey } from "./keys.ts";
import { tableSums } from "./row-sums.ts";
import { listState } from "./state-files.ts";
import { clearAbandoned, makeWorkFolder } from "./work-folders.ts";

/** Database files that are pinned at once, two or three file descriptors each. Of more, the rest are pinned when these are copied. */
const PINS = 1_000;

export interface NodeBackupOptions {
  /** UUIDv7. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The state folder of a node, running or not. */
  readonly state: string;
  /** Where the backup's own folder is made. */
  readonly to: string;
  readonly ring: KeyRing;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly copier: Copier;
  /** What could be refused was not: from here on there is something to tell of. */
  readonly started?: () => void;
}

export interface NodeBackup {
  readonly folder: string;
  readonly head: BackupHead;
  readonly manifest: Pick<BackupManifest, "entries">;
}

/**
 * Writes a backup of a whole node, which may run meanwhile: every database is copied as it was at one moment, the objects' moment
 * before that of D1 and that before R2's.
 * @throws BackupError with a sentence for the person at the terminal
 */
export async function backUpNode(options: NodeBackupOptions): Promise<NodeBackup> {
  const { id, ring, env } = options;
  const state = resolve(options.state);
  const to = resolve(options.to);
  const stateVersion = readStateVersion(state);
  if (!relative(realOf(state), realOf(to)).startsWith(".."))
    throw new BackupError(`${to} lies within the state folder that it is to save. Choose another --to.`);
  const startedAt = new Date(options.startedAt).toISOString();
  const { key, named } = await newBackupKey(id, ring, env);
  const writer = new BackupWriter(join(to, `node-${startedAt.slice(0, 19).replaceAll(/[-:]/g, "")}Z-${id.slice(-6)}`), key);
  // Plain copies stay beside the state that they are copies of.
  clearAbandoned(join(state, "backups"), (name) => name.endsWith(".work"));
  const work = join(state, "backups", `${id}.work`);
  const { copier } = options;
  try {
    makeWorkFolder(work);
    checkSpace(state, to);
    options.started?.();
    await copyState(state, work, writer, copier);
    const head = await writer.finish(
      {
        id,
        scope: "node",
        deployment: env["MERIDIAN_DEPLOYMENT_NAME"] ?? "Meridian",
        release: VERSION,
        stateVersion,
        startedAt,
        finishedAt: new Date().toISOString(),
        ring: await ringProofs(ring, id),
      },
      named,
    );
    return { folder: writer.folder, head, manifest: { entries: writer.entries.slice() } };
  } catch (error) {
    writer.abandon();
    throw error;
  } finally {
    copier.end();
    rmSync(work, { recursive: true, force: true });
  }
}

async function copyState(state: string, work: string, writer: BackupWriter, copier: Copier): Promise<void> {
  const { databases, files } = listState(state);
  for (const path of files) await writer.add({ path, kind: "file", tables: [] }, [readFileSync(join(state, path))]);
  for (let from = 0; from < databases.length; from += PINS) {
    const pinned = await copier.pin(state, work, databases.slice(from, from + PINS));
    for (const { path } of pinned) {
      const copy = join(work, "copy.sqlite");
      await copier.copy(path, copy);
      await writer.add({ path, kind: "sqlite", tables: tableSums(copy) }, createReadStream(copy));
      // Reading it has made a log and an index of the log beside it.
      for (const end of ["", "-wal", "-shm"]) rmSync(`${copy}${end}`, { force: true });
    }
    for (const { path, held } of pinned.flatMap(({ blobs }) => blobs)) {
      await writer.add({ path, kind: "file", tables: [] }, createReadStream(held));
      rmSync(held);
    }
  }
}

/** Where a path leads to when links are followed, as far as it is there. */
function realOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realOf(dirname(path)), basename(path));
}

function readStateVersion(state: string): number {
  const file = join(state, "state.json");
  if (!existsSync(file)) throw new BackupError(`${state} holds no state.json. Name the folder of a Meridian state with --state.`);
  try {
    const found: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof found === "object" && found !== null && "version" in found && typeof found.version === "number") return found.version;
  } catch {
    // Not JSON: the same answer as a file without a version.
  }
  throw new BackupError(`${file} is not readable as a state file.`);
}

/** A backup is at most as large as what it saves: nothing grows by being sealed but by thousandths. @throws BackupError */
function checkSpace(state: string, to: string): void {
  const { databases } = listState(state);
  const bytes = databases.reduce((sum, path) => sum + sizeOf(join(state, path)) + sizeOf(join(state, `${path}-wal`)), 0);
  const { bavail, bsize } = statfsSync(to);
  if (bavail * bsize < bytes)
    throw new BackupError(`${to} has ${bavail * bsize} bytes left, and the state has ${bytes}. Make room, or choose another --to.`);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
