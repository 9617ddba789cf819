import { archive } from "../../contract/archive.ts";
import { type BackupEntry, HEAD_NAME } from "../../contract/backup-format.ts";
import { BackupDamaged, type BackupKey, open, seal } from "../../contract/backup-seal.ts";
import { sha256Hex } from "../../contract/base64.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the name of a file in a vault may be: sealed files, the manifest, the head. */
export const FILE_NAME = /^[a-z0-9-]{1,64}$|^backup\.json$/;

/** Where a tenant's backup lies in R2. */
export function backupPrefix(tenantId: string, id: string): string {
  return `backups/${tenantId}/${id}`;
}

/** Files of one backup in R2, each sealed, and proved by reading it back. */
export class BackupVault {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;
  readonly #key: BackupKey;

  constructor(bucket: R2Bucket, prefix: string, key: BackupKey) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#key = key;
  }

  /** Seals one file; what is to be sealed is held in memory, so it is at most a few megabytes. */
  async put(name: string, what: Pick<BackupEntry, "path" | "kind" | "tables">, plain: Bytes): Promise<BackupEntry> {
    const sealed = await collect(seal(this.#key, name, [plain]));
    const sealedSha256 = await archive(this.#bucket, `${this.#prefix}/${name}`, sealed);
    return { name, ...what, bytes: plain.length, sha256: await sha256Hex(plain), sealedBytes: sealed.length, sealedSha256 };
  }

  /** The plain bytes of a sealed file. @throws BackupDamaged, also when it is not there */
  async get(name: string, noted?: Pick<BackupEntry, "sha256" | "sealedSha256">): Promise<Bytes> {
    const stored = await this.#bucket.get(`${this.#prefix}/${name}`);
    if (stored === null) throw new BackupDamaged(`the file ${name} is missing`);
    const sealed = new Uint8Array(await stored.arrayBuffer());
    if (noted && (await sha256Hex(sealed)) !== noted.sealedSha256)
      throw new BackupDamaged(`the file ${name} is not the one that was noted`);
    const plain = await collect(open(this.#key, name, [sealed]));
    if (noted && (await sha256Hex(plain)) !== noted.sha256) throw new BackupDamaged(`the file ${name} does not hold what was noted`);
    return plain;
  }

  /** The plain head; with it the backup is whole. */
  async putHead(text: string): Promise<void> {
    await archive(this.#bucket, `${this.#prefix}/${HEAD_NAME}`, new Uint8Array(new TextEncoder().encode(text)), {
      contentType: "application/json",
    });
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
