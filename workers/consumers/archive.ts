import { archive, type ArchiveBucket } from "../../contract/archive.ts";

/**
 * Writes rows as NDJSON to the archive and proves it, so that whoever then deletes them loses nothing. The object is named by its
 * first and last row: archiving the same slice again overwrites it with the same bytes.
 * @throws when what was read back is not what was written
 */
export async function archiveRows(
  bucket: ArchiveBucket,
  prefix: string,
  rows: readonly { readonly id: string; readonly line: string }[],
): Promise<void> {
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return;
  const bytes = new Uint8Array(new TextEncoder().encode(rows.map((row) => `${row.line}\n`).join("")));
  const custom = { rows: String(rows.length) };
  await archive(bucket, `${prefix}/${first.id}_${last.id}.ndjson`, bytes, { contentType: "application/x-ndjson", custom });
}
