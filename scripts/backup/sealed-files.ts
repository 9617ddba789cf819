import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open as openFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackupDamaged, type BackupKey, open, seal } from "../../contract/backup-seal.ts";
import type { BackupEntry } from "../../contract/backup-format.ts";

/** Bytes between two flushes to the disk, so that no flush is large enough to hold up the commits of a running server. */
const FLUSH_BYTES = 4 * 1024 * 1024;

export interface FileSums {
  readonly bytes: number;
  readonly sha256: string;
}
export type Sealed = Pick<BackupEntry, "bytes" | "sha256" | "sealedBytes" | "sealedSha256">;

/** Writes the sealed form of these bytes as a file of its own, readable by its owner only, on the disk when this returns. */
export async function writeSealed(
  key: BackupKey,
  folder: string,
  name: string,
  plain: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Sealed> {
  const inside = new Summing(plain);
  const outside = await writeFlushed(join(folder, name), seal(key, name, inside));
  return { ...inside.sums(), sealedBytes: outside.bytes, sealedSha256: outside.sha256 };
}

/** The plain bytes of a sealed file. @throws BackupDamaged when it is not the one of the manifest; then what came before must be thrown away */
export async function* readSealed(key: BackupKey, folder: string, entry: BackupEntry): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const outside = new Summing(createReadStream(join(folder, entry.name)));
  const inside = new Summing(open(key, entry.name, outside));
  yield* inside as AsyncIterable<Uint8Array<ArrayBuffer>>; // `open` yields arrays of its own
  holds(entry.name, outside.sums(), { bytes: entry.sealedBytes, sha256: entry.sealedSha256 });
  holds(entry.name, inside.sums(), entry);
}

/** Writes a file bit by bit, readable by its owner only. It is on the disk when this returns. */
export async function writeFlushed(file: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<FileSums> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const summing = new Summing(pieces);
  const handle = await openFile(file, "wx", 0o600);
  try {
    let unflushed = 0;
    for await (const piece of summing) {
      for (let at = 0; at < piece.length;) at += (await handle.write(piece, at)).bytesWritten;
      unflushed += piece.length;
      if (unflushed < FLUSH_BYTES) continue;
      await handle.datasync();
      unflushed = 0;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return summing.sums();
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await openFile(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function holds(name: string, found: FileSums, noted: FileSums): void {
  if (found.bytes !== noted.bytes || found.sha256 !== noted.sha256) throw new BackupDamaged(`${name} is not the file of the manifest`);
}

/** Passes bytes on and keeps their number and digest. */
class Summing implements AsyncIterable<Uint8Array> {
  readonly #pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#pieces) {
      this.#hash.update(piece);
      this.#bytes += piece.length;
      yield piece;
    }
  }

  sums(): FileSums {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest("hex") };
  }
}

export async function sha256OfFile(file: string): Promise<string> {
  const summing = new Summing(createReadStream(file));
  for await (const _ of summing);
  return summing.sums().sha256;
}
