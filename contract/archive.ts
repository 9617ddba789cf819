import { sha256Hex } from "./base64.ts";

/** What this needs of an R2 bucket. */
export interface ArchiveBucket {
  put(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: { sha256: string; httpMetadata?: { contentType: string }; customMetadata?: Record<string, string> },
  ): Promise<unknown>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
}

/** What travels with the bytes. */
export interface ArchiveLabels {
  readonly contentType?: string;
  readonly custom?: Readonly<Record<string, string>>;
}

/** The copy in the archive is not what was written; the source must be left where it is. */
export class ArchiveMismatch extends Error {
  override readonly name = "ArchiveMismatch";
}

/**
 * Copies bytes into the archive: writes them, reads them back and holds the SHA-256 of both against each other. Once it has
 * returned, and not before, the source may go. The checksum also travels with the write, so that the store refuses a torn
 * upload. Safe to repeat after a failure at any point: the key must follow from the content it names.
 * @returns the SHA-256, hex
 * @throws ArchiveMismatch, and whatever the bucket throws
 */
export async function archive(
  bucket: ArchiveBucket,
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
  labels: ArchiveLabels = {},
): Promise<string> {
  const written = await sha256Hex(bytes);
  const { contentType, custom } = labels;
  await bucket.put(key, bytes, {
    sha256: written,
    ...(contentType === undefined ? {} : { httpMetadata: { contentType } }),
    ...(custom === undefined ? {} : { customMetadata: { ...custom } }),
  });
  const stored = await bucket.get(key);
  if (stored === null) throw new ArchiveMismatch(`${key} cannot be read back`);
  const read = await sha256Hex(new Uint8Array(await stored.arrayBuffer()));
  if (read !== written) throw new ArchiveMismatch(`${key} was stored as ${read}, written as ${written}`);
  return written;
}
