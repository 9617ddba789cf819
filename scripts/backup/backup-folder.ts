import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  BACKUP_FORMAT,
  BACKUP_LIMITS,
  type BackupEntry,
  type BackupHead,
  backupHeadSchema,
  type BackupManifest,
  HEAD_NAME,
  MANIFEST_NAME,
  manifestSchema,
} from "../../contract/backup-format.ts";
import { BackupDamaged, type BackupKey, keyProof, open } from "../../contract/backup-seal.ts";
import { BackupError } from "./backup-error.ts";
import { flushFolder, sha256OfFile, writeFlushed, writeSealed } from "./sealed-files.ts";
import { clearAbandoned, makeWorkFolder, unmark } from "./work-folders.ts";

const PARTIAL = ".partial";

/** A backup that is being written. Its folder is called `….partial` until everything, the manifest included, is on the disk. */
export class BackupWriter {
  readonly folder: string;
  readonly #partial: string;
  readonly #key: BackupKey;
  readonly #entries: BackupEntry[] = [];

  /** @param folder what it will be called */
  constructor(folder: string, key: BackupKey) {
    this.folder = resolve(folder);
    this.#partial = `${this.folder}${PARTIAL}`;
    this.#key = key;
    const parent = join(this.folder, "..");
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    clearAbandoned(parent, (name) => name.endsWith(PARTIAL));
    makeWorkFolder(this.#partial);
  }

  get entries(): readonly BackupEntry[] {
    return this.#entries;
  }

  /** Adds what is at this path; the sealed file's name says nothing of it. */
  async add(what: Pick<BackupEntry, "path" | "kind" | "tables">, plain: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const name = String(this.#entries.length + 1).padStart(6, "0");
    this.#entries.push({ name, ...what, ...(await writeSealed(this.#key, this.#partial, name, plain)) });
  }

  /** Writes manifest and head and gives the folder its name. */
  async finish(manifest: Omit<BackupManifest, "entries" | "format">, named: BackupHead["key"]): Promise<BackupHead> {
    const text = JSON.stringify({ ...manifest, format: BACKUP_FORMAT, entries: this.#entries } satisfies BackupManifest);
    const sealed = await writeSealed(this.#key, this.#partial, MANIFEST_NAME, [new TextEncoder().encode(text)]);
    const { id, scope, finishedAt } = manifest;
    const proof = await keyProof(this.#key);
    const head: BackupHead = { format: BACKUP_FORMAT, id, scope, finishedAt, key: named, keyProof: proof, checksum: sealed.sealedSha256 };
    await writeFlushed(join(this.#partial, HEAD_NAME), [new TextEncoder().encode(`${JSON.stringify(head, null, 2)}\n`)]);
    unmark(this.#partial);
    await flushFolder(this.#partial);
    renameSync(this.#partial, this.folder);
    await flushFolder(join(this.folder, ".."));
    return head;
  }

  /** Removes what was written. */
  abandon(): void {
    rmSync(this.#partial, { recursive: true, force: true });
  }
}

/** The head of a backup's folder. @throws BackupError when it is none, is not whole, or a newer release wrote it */
export async function readHead(folder: string): Promise<BackupHead> {
  const file = join(folder, HEAD_NAME);
  if (!existsSync(file))
    throw new BackupError(
      basename(folder).endsWith(PARTIAL)
        ? `${folder} is a backup that was not finished; it cannot be restored.`
        : `${folder} holds no ${HEAD_NAME}: it is no backup, or one that was not finished.`,
    );
  if ((await stat(file)).size > BACKUP_LIMITS.headBytes) throw new BackupError(`${file} is no head of a backup.`);
  const found = parseQuietly(await readFile(file, "utf8"));
  if (typeof found === "object" && found !== null && "format" in found && typeof found.format === "number" && found.format > BACKUP_FORMAT)
    throw new BackupError(
      `This backup has format ${found.format}, and this release reads ${BACKUP_FORMAT}. Restore it with a newer Meridian.`,
    );
  const head = backupHeadSchema.safeParse(found);
  if (!head.success) throw new BackupError(`${file} is no head of a backup.`);
  return head.data;
}

/** The manifest of a backup. @throws BackupError when it is not genuine or of a newer release */
export async function readManifest(folder: string, head: BackupHead, key: BackupKey): Promise<BackupManifest> {
  const file = join(folder, MANIFEST_NAME);
  if (!existsSync(file)) throw new BackupError(`${folder} holds no manifest: the backup is not whole.`);
  if ((await sha256OfFile(file)) !== head.checksum) throw new BackupDamaged("the manifest is not the one that the head names");
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of open(key, MANIFEST_NAME, [await readFile(file)])) {
    bytes += part.length;
    if (bytes > BACKUP_LIMITS.manifestBytes) throw new BackupDamaged("the manifest is larger than one can be");
    parts.push(part);
  }
  const found = manifestSchema.safeParse(parseQuietly(Buffer.concat(parts).toString("utf8")));
  if (!found.success) throw new BackupDamaged("the manifest has another shape than this release knows");
  if (found.data.id !== head.id) throw new BackupDamaged("the manifest belongs to another backup");
  return found.data;
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the same answer as another shape
  }
}
