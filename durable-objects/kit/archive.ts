/** What archiving needs; the shell wires an R2 bucket and a deletion in a transaction. */
export interface ArchiveDeps {
  readonly put: (key: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  /** The stored bytes, or undefined when there are none. */
  readonly get: (key: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Removes what was archived from the object's own storage. Runs only after the copy was proved. */
  readonly deleteSource: () => void;
}

/** The copy in the archive is not what was written; the source was left where it is. */
export class ArchiveMismatch extends Error {
  override readonly name = "ArchiveMismatch";
}

/**
 * Moves bytes into the archive: writes them, reads them back, holds the SHA-256 of both against each other, and only then
 * deletes the source. Safe to repeat after a failure at any point: the key must follow from the content it names.
 * @returns the SHA-256, hex
 * @throws ArchiveMismatch, and whatever `put` or `get` throw; the source stands in all these cases
 */
export async function archive(deps: ArchiveDeps, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const written = await sha256(bytes);
  await deps.put(key, bytes);
  const stored = await deps.get(key);
  if (stored === undefined) throw new ArchiveMismatch(`${key} cannot be read back`);
  const read = await sha256(stored);
  if (read !== written) throw new ArchiveMismatch(`${key} was stored as ${read}, written as ${written}`);
  deps.deleteSource();
  return written;
}

/** {@link ArchiveDeps} over a bucket. The checksum also travels with the write, so that the store refuses a torn upload. */
export function bucketArchive(bucket: Pick<R2Bucket, "put" | "get">, deleteSource: () => void): ArchiveDeps {
  return {
    put: async (key, bytes) => {
      await bucket.put(key, bytes, { sha256: await crypto.subtle.digest("SHA-256", bytes) });
    },
    get: async (key) => {
      const stored = await bucket.get(key);
      return stored === null ? undefined : new Uint8Array(await stored.arrayBuffer());
    },
    deleteSource,
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
