/**
 * Writes rows as NDJSON to R2 and reads them back by their SHA-256, so that whoever then deletes them loses nothing. The
 * object is named by its first and last row: archiving the same slice again overwrites it with the same bytes.
 * @throws when what was read back is not what was written
 */
export async function archiveRows(
  bucket: R2Bucket,
  prefix: string,
  rows: readonly { readonly id: string; readonly line: string }[],
): Promise<void> {
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return;
  const bytes = new TextEncoder().encode(rows.map((row) => `${row.line}\n`).join(""));
  const sha256 = await digest(bytes);
  const key = `${prefix}/${first.id}_${last.id}.ndjson`;
  await bucket.put(key, bytes, {
    sha256,
    httpMetadata: { contentType: "application/x-ndjson" },
    customMetadata: { rows: String(rows.length), sha256 },
  });
  const stored = await bucket.get(key);
  if (!stored || (await digest(await stored.arrayBuffer())) !== sha256) throw new Error(`the archive ${key} does not read back`);
}

async function digest(bytes: BufferSource): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
