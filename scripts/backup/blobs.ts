import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PinnedDatabase } from "./pinned.ts";
import { listBlobs } from "./state-files.ts";

/** Tries before a bucket that is always being overwritten is given up. */
const TRIES = 20;

export interface PinnedBlobs {
  readonly index: PinnedDatabase;
  /** Path within the state folder, and where the blob is held. */
  readonly blobs: readonly { readonly path: string; readonly held: string }[];
}

/**
 * Pins an index of R2 together with the blobs that its rows name. A blob is written before its row and removed after it, and
 * never changed; so those that are linked right after the moment are those of the moment, and if one has gone by then, the
 * moment is chosen anew.
 * @param path of the index, within the state folder
 * @param holding where the links go; on the same disk they cost nothing
 * @returns undefined when the index has gone
 */
export function pinBlobs(folder: string, path: string, holding: string): PinnedBlobs | undefined {
  for (let left = TRIES; ; left--) {
    const index = PinnedDatabase.pin(join(folder, path));
    if (!index) return undefined;
    try {
      const files = listBlobs(folder);
      const ids = namedBlobs(index);
      mkdirSync(holding, { recursive: true, mode: 0o700 });
      const blobs = ids.map((id) => ({ path: files.get(id), held: join(holding, id) }));
      const gone = blobs.find((blob) => blob.path === undefined || !hold(join(folder, blob.path), blob.held));
      if (!gone) return { index, blobs: blobs.flatMap((blob) => (blob.path === undefined ? [] : [{ path: blob.path, held: blob.held }])) };
      if (left === 0) throw new Error(`the blobs of ${path} change faster than they can be held`);
    } catch (error) {
      index.release();
      throw error;
    }
    index.release();
    rmSync(holding, { recursive: true, force: true });
  }
}

function namedBlobs(index: PinnedDatabase): string[] {
  const tables = new Set(index.all("SELECT name FROM sqlite_schema WHERE type = 'table'").map((row) => row["name"]));
  if (!tables.has("_mf_objects")) return []; // a bucket that was never written to
  const rows = index.all(
    `SELECT blob_id AS id FROM _mf_objects WHERE blob_id IS NOT NULL
     ${tables.has("_mf_multipart_parts") ? "UNION SELECT blob_id FROM _mf_multipart_parts" : ""}`,
  );
  return rows.map((row) => String(row["id"]));
}

/** @returns whether the blob was still there */
function hold(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (!existsSync(from)) return false;
    // A file system without links: a copy then, which is whole because blobs never change.
    if (!(error instanceof Error && "code" in error && ["EPERM", "ENOTSUP", "EXDEV", "EMLINK", "ENOSYS"].includes(String(error.code))))
      throw error;
    copyFileSync(from, to);
    return true;
  }
}
