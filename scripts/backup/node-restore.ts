import { chmodSync, existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, resolve, sep } from "node:path";
import type { BackupEntry, BackupHead, BackupManifest, TableSum } from "../../contract/backup-format.ts";
import { missingKeys } from "../../contract/backup-ring.ts";
import { BackupDamaged, type BackupKey } from "../../contract/backup-seal.ts";
import { noteRing } from "../serve/ring-status.ts";
import { STATE_VERSION } from "../serve/state.ts";
import { BackupError } from "./backup-error.ts";
import { readHead, readManifest } from "./backup-folder.ts";
import { keyOf, type RingText } from "./keys.ts";
import { corruptionOf, tableSums } from "./row-sums.ts";
import { flushFolder, readSealed, writeFlushed } from "./sealed-files.ts";
import { objectsByClass, raiseSeq, rebuildAlarms } from "./wake.ts";
import { clearAbandoned, makeWorkFolder, unmark } from "./work-folders.ts";

export interface NodeRestoreOptions {
  /** The backup's own folder. */
  readonly from: string;
  /** The state folder to be: absent or empty. */
  readonly state: string;
  readonly ring: RingText;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A table as the manifest has it and as it was read from the restored file. */
export interface ComparedTable {
  readonly path: string;
  readonly noted: TableSum;
  readonly found: TableSum | undefined;
}

export interface NodeRestore {
  readonly head: BackupHead;
  readonly manifest: BackupManifest;
  readonly tables: readonly ComparedTable[];
}

/**
 * Makes a state folder from a backup. Everything is written beside it, compared with the manifest, and only then given its
 * name: a restore that was killed leaves `….restoring`, which no server takes for a state.
 * @throws BackupError with a sentence for the person at the terminal, BackupDamaged when a byte is not as it was
 */
export async function restoreNode(options: NodeRestoreOptions): Promise<NodeRestore> {
  const from = resolve(options.from);
  const state = existsSync(options.state) ? realpathSync(options.state) : resolve(options.state);
  const head = await readHead(from);
  if (head.scope !== "node") throw new BackupError(`${from} is the backup of one tenant. Restore it with --tenant-from.`);
  const key = await keyOf(head, options.ring.ring, options.env);
  const manifest = await readManifest(from, head, key);
  if (manifest.stateVersion === null || manifest.stateVersion > STATE_VERSION)
    throw new BackupError(
      `This backup holds state version ${manifest.stateVersion}, and this release knows ${STATE_VERSION}. Restore it with a newer Meridian.`,
    );
  const missing = await missingKeys(options.ring.ring, manifest);
  if (missing.length > 0)
    throw new BackupError(
      `The key ring is not the one of this backup: it lacks ${missing.join(", ")}. Without them nothing sealed could be read.`,
    );
  refuseUsed(state);
  const work = `${state}.restoring`;
  clearAbandoned(dirname(work), (name) => name === basename(work));
  makeWorkFolder(work);
  try {
    // A server refuses a folder whose state file has no version.
    const stateFile = join(work, "state.json");
    writeFileSync(stateFile, `${JSON.stringify({ restoring: head.id })}\n`, { mode: 0o600 });
    const tables = await writeAll(from, key, manifest, work);
    wake(work, manifest);
    keepRing(work, options.ring, options.env);
    rmSync(stateFile);
    renameSync(join(work, "state.json.restored"), stateFile);
    unmark(work);
    await flushFolder(work);
    refuseUsed(state);
    if (existsSync(state)) rmdirSync(state);
    renameSync(work, state);
    await flushFolder(dirname(state));
    return { head, manifest, tables };
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

/** The ring beside what it opens; of one that stays in the environment a note, by which a start without it is refused. */
function keepRing(work: string, { text, fromEnvironment }: RingText, env: NodeRestoreOptions["env"]): void {
  if (!fromEnvironment) return writeFileSync(join(work, "key-ring.json"), text, { mode: 0o600 });
  const file = env["MERIDIAN_KEY_RING"] ? undefined : env["MERIDIAN_KEY_RING_FILE"];
  noteRing(work, { text, file: file === undefined ? null : resolve(file) });
}

/** @throws BackupError when anything is in the folder */
function refuseUsed(state: string): void {
  if (existsSync(state) && readdirSync(state).length > 0)
    throw new BackupError(`${state} is not empty. A backup is restored into an empty folder: name another --state.`);
}

async function writeAll(from: string, key: BackupKey, manifest: BackupManifest, work: string): Promise<ComparedTable[]> {
  const compared: ComparedTable[] = [];
  const seen = new Set<string>();
  for (const entry of manifest.entries) {
    const file = join(work, entry.path === "state.json" ? "state.json.restored" : safePath(entry.path));
    if (seen.has(file)) throw new BackupDamaged(`the manifest names ${entry.path} twice`);
    seen.add(file);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(join(from, entry.name))) throw new BackupDamaged(`${entry.name} is missing`);
    await writeFlushed(file, readSealed(key, from, entry));
    if (entry.kind === "sqlite") compared.push(...compareTables(file, entry));
  }
  if (!seen.has(join(work, "state.json.restored"))) throw new BackupDamaged("the state file is missing");
  return compared;
}

/** The manifest is ours, or it would not have opened; a path that leads elsewhere is refused all the same. */
function safePath(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean.split(sep).includes("..") || clean !== path)
    throw new BackupDamaged(`a path leads out of the state folder: ${path}`);
  return clean;
}

/** Reads the file from the disk again. @throws BackupDamaged when a table is not as it was */
function compareTables(file: string, entry: BackupEntry): ComparedTable[] {
  const corruption = corruptionOf(file);
  if (corruption !== undefined) throw new BackupDamaged(`${entry.path} is damaged: ${corruption}`);
  const found = new Map(tableSums(file).map((table) => [table.name, table]));
  const compared = entry.tables.map((noted) => ({ path: entry.path, noted, found: found.get(noted.name) }));
  const other = compared.find((table) => table.found?.rows !== table.noted.rows || table.found.sum !== table.noted.sum);
  if (other) throw new BackupDamaged(`table ${other.noted.name} of ${entry.path} is not what was saved`);
  if (found.size !== entry.tables.length) throw new BackupDamaged(`${entry.path} has other tables than were saved`);
  return compared;
}

/** What a restored node needs beyond what was saved; after the comparison, because it changes two tables of the platform's own. */
function wake(work: string, manifest: BackupManifest): void {
  const files = manifest.entries.filter((entry) => entry.path.startsWith(join("v3", "do"))).map((entry) => join(work, entry.path));
  for (const [folder, objects] of objectsByClass(files)) {
    for (const object of objects) raiseSeq(object);
    rebuildAlarms(folder, objects);
  }
  for (const entry of manifest.entries)
    if (entry.kind === "sqlite") for (const end of ["", "-wal", "-shm"]) restrict(join(work, `${entry.path}${end}`));
}

function restrict(file: string): void {
  if (existsSync(file)) chmodSync(file, 0o600);
}
