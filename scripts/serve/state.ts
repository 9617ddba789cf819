import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The layout of the state folder that this program reads and writes. */
export const STATE_VERSION = 1;

export interface NodeState {
  readonly folder: string;
  /** Miniflare's part: objects, D1, R2. `wrangler … --persist-to <folder>` sees the same. */
  readonly resources: string;
  readonly keyRing: string;
}

export class StateError extends Error {
  override readonly name = "StateError";
}

/**
 * Opens or creates a state folder. A newer version refuses; an older one is copied aside before it is changed.
 * @throws StateError with a sentence for the person at the terminal
 */
export function openState(folder: string, fresh = false): NodeState {
  if (fresh) removeState(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "state.json");
  if (existsSync(file)) {
    const version = readVersion(file);
    if (version > STATE_VERSION)
      throw new StateError(
        `${folder} was written by a newer Meridian (state version ${version}, this one knows ${STATE_VERSION}). Start that one, or choose another --state folder.`,
      );
    if (version < STATE_VERSION) cpSync(folder, `${folder}.v${version}.bak`, { recursive: true, errorOnExist: true, force: false });
  }
  writeFileSync(file, `${JSON.stringify({ version: STATE_VERSION })}\n`);
  return { folder, resources: join(folder, "v3"), keyRing: openKeyRing(folder) };
}

/** Removes a state folder, but only one that is ours: it holds state.json. */
function removeState(folder: string): void {
  if (!existsSync(folder)) return;
  if (!existsSync(join(folder, "state.json")))
    throw new StateError(`${folder} holds no state.json, so --fresh does not delete it. Name the folder of a Meridian state.`);
  rmSync(folder, { recursive: true });
}

function readVersion(file: string): number {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "number") return parsed.version;
  } catch {
    // Not JSON: the same answer as a file without a version.
  }
  throw new StateError(`${file} is not readable as a state file. Restore it, or choose another --state folder.`);
}

/** The deployment's key ring, made at the first start and kept in a file that only its owner reads. */
function openKeyRing(folder: string): string {
  const file = join(folder, "key-ring.json");
  if (!existsSync(file)) {
    const id = "k1";
    writeFileSync(file, JSON.stringify({ current: id, keys: { [id]: randomBytes(32).toString("base64url") } }), { mode: 0o600 });
  }
  return readFileSync(file, "utf8");
}
