import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What of a state folder a backup holds, as paths within it. */
export interface StateFiles {
  /** Databases in the order in which they are pinned: objects, then D1, then R2. See {@link listState}. */
  readonly databases: readonly string[];
  /** Small files of the folder itself. */
  readonly files: readonly string[];
}

/** The folders of the local runtime's layout; the cache may be lost and the key ring must not be taken. */
const RESOURCES = "v3";
const ORDER = ["do", "d1", "r2"] as const;
/** `demo.json` is what `npm start` recognises its demo tenant by. */
const FILES = ["state.json", "demo.json", "demo.begun.json"] as const;

/**
 * Lists a state folder, sources before what is made from them: an object's snapshot is older than that of D1, so an event in
 * between is in D1 or still in the object's outbox, never in neither; and what an object or D1 moves to R2 is deleted only
 * after it is there.
 */
export function listState(folder: string): StateFiles {
  const databases = ORDER.flatMap((part) => {
    const start = join(folder, RESOURCES, part);
    if (!existsSync(start)) return [];
    const found = readdirSync(start, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".sqlite"));
    return found.sort(alarmsLast).map((path) => join(RESOURCES, part, path));
  });
  return { databases, files: FILES.filter((name) => existsSync(join(folder, name))) };
}

/** Of a class of objects, the file that says when to wake them. */
export const ALARMS_FILE = "metadata.sqlite";

function alarmsLast(a: string, b: string): number {
  return Number(a.endsWith(ALARMS_FILE)) - Number(b.endsWith(ALARMS_FILE)) || (a < b ? -1 : 1);
}

/** Whether a database file is one of R2's, whose rows name blobs. */
export function isBlobIndex(path: string): boolean {
  return path.startsWith(join(RESOURCES, "r2")) && !path.endsWith(ALARMS_FILE);
}

/** Files of blobs by their id, as paths within the state folder. */
export function listBlobs(folder: string): Map<string, string> {
  const start = join(folder, RESOURCES, "r2");
  const buckets = existsSync(start) ? readdirSync(start) : [];
  const blobs = buckets.map((bucket) => join(RESOURCES, "r2", bucket, "blobs")).filter((path) => existsSync(join(folder, path)));
  return new Map(blobs.flatMap((path) => readdirSync(join(folder, path)).map((id) => [id, join(path, id)] as const)));
}
