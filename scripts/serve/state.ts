import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { replaceFile } from "./replace-file.ts";
import { missingIn, readRingStatus } from "./ring-status.ts";

/** The layout of the state folder that this program reads and writes. */
export const STATE_VERSION = 1;

/** Brings a folder of version `from` to the next one. A kill may repeat it: it must bear that. */
export interface StateMigration {
  readonly from: number;
  readonly up: (folder: string) => void;
}

/** One for each version that ever was, rising by one. Version 0 was never released; its folders differ in nothing. */
const MIGRATIONS: readonly StateMigration[] = [{ from: 0, up: () => {} }];

/** The version that a program writes, and how it comes there; tests put their own in. */
export interface StateLayout {
  readonly version: number;
  readonly migrations: readonly StateMigration[];
}

const LAYOUT: StateLayout = { version: STATE_VERSION, migrations: MIGRATIONS };

export interface NodeState {
  readonly folder: string;
  /** Miniflare's part: objects, D1, R2. `wrangler … --persist-to <folder>` sees the same. */
  readonly resources: string;
  readonly keyRing: string;
  /** Where the key ring can be changed while the node runs; undefined when it came as a variable. */
  readonly keyRingFile: string | undefined;
}

export interface OpenOptions {
  /** The ring of a node whose secrets come from its environment; without it the folder keeps one of its own. */
  readonly ring?: { readonly text: string; readonly file: string | undefined };
  readonly layout?: StateLayout;
}

export class StateError extends Error {
  override readonly name = "StateError";
}

/**
 * Opens or creates a state folder. A newer version refuses; an older one is copied aside before it is changed, whole, once, to
 * `{folder}.v{version}.bak`.
 * @throws StateError with a sentence for the person at the terminal
 */
export function openState(folder: string, fresh = false, options: OpenOptions = {}): NodeState {
  const { version: target, migrations } = options.layout ?? LAYOUT;
  if (fresh) removeState(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "state.json");
  if (existsSync(file)) {
    const known = readState(file);
    if (known.version > target)
      throw new StateError(
        `${folder} was written by a newer Meridian (state version ${known.version}, this one knows ${target}). Start that one, or choose another --state folder.`,
      );
    if (known.version < target) migrate(folder, file, known, target, migrations);
  } else replaceFile(file, stateText({ version: target }));
  const ring = options.ring ?? openKeyRing(folder);
  return { folder, resources: join(folder, "v3"), keyRing: ring.text, keyRingFile: ring.file };
}

interface StateFile {
  readonly version: number;
  /** While a migration runs: where the folder was copied to. A start that finds it goes on, and copies nothing half changed. */
  readonly copy?: string;
}

function migrate(folder: string, file: string, known: StateFile, target: number, migrations: readonly StateMigration[]): void {
  const copy = known.copy ?? copyAside(folder, known.version);
  if (known.copy === undefined) replaceFile(file, stateText({ version: known.version, copy }));
  for (let version = known.version; version < target; version++) {
    const step = migrations.find(({ from }) => from === version);
    if (!step)
      throw new StateError(`${folder} is of state version ${version}, which this Meridian cannot bring to ${target}. Its copy is ${copy}.`);
    step.up(folder);
    replaceFile(file, stateText(version + 1 === target ? { version: target } : { version: version + 1, copy }));
  }
}

/** Copies the folder beside itself under a name that is free; a copy that was cut short never has that name. @returns the copy's folder */
function copyAside(folder: string, version: number): string {
  const plain = `${folder}.v${version}.bak`;
  let copy = plain;
  for (let n = 2; existsSync(copy); n++) copy = `${plain}.${n}`;
  const partial = `${copy}.partial`;
  rmSync(partial, { recursive: true, force: true });
  // The lock belongs to the process that runs here now.
  const filter = (path: string): boolean => !["server.json", "server.lock"].includes(basename(path));
  // The folder, or a part of it, may be a link to another disk: a copy of the link would change with what it leads to.
  cpSync(folder, partial, { recursive: true, dereference: true, filter, preserveTimestamps: true });
  renameSync(partial, copy);
  return copy;
}

/** Empties a state folder, if it is there, but only one that is ours: it holds state.json. */
export function removeState(folder: string): void {
  if (!existsSync(folder)) return;
  if (!existsSync(join(folder, "state.json")))
    throw new StateError(`${folder} holds no state.json, so --fresh does not delete it. Name the folder of a Meridian state.`);
  // What is in it, not the name: that may be a link, whose removal would leave all data behind, or the place of a mounted disk.
  for (const name of readdirSync(folder).sort(markLast)) rmSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o700);
}

/** Until the last moment the folder can be told from a stranger's. */
function markLast(a: string, b: string): number {
  return Number(a === "state.json") - Number(b === "state.json");
}

function stateText(state: StateFile): string {
  return `${JSON.stringify(state)}\n`;
}

function readState(file: string): StateFile {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "number") {
      const copy = "copy" in parsed && typeof parsed.copy === "string" ? parsed.copy : undefined;
      return copy === undefined ? { version: parsed.version } : { version: parsed.version, copy };
    }
  } catch {
    // Not JSON: the same answer as a file without a version.
  }
  throw new StateError(`${file} is not readable as a state file. Restore it, or choose another --state folder.`);
}

/** The folder's own key ring, made at the first start and kept in a file that only its owner reads. */
function openKeyRing(folder: string): { readonly text: string; readonly file: string } {
  const file = join(folder, "key-ring.json");
  refuseOtherRing(folder, file);
  if (!existsSync(file)) {
    const id = "k1";
    replaceFile(file, JSON.stringify({ current: id, keys: { [id]: randomBytes(32).toString("base64url") } }));
  }
  return { text: readFileSync(file, "utf8"), file };
}

/** With another ring nothing sealed in here could be read, and what is made now could not be by the right one. @throws StateError */
function refuseOtherRing(folder: string, file: string): void {
  const status = readRingStatus(folder);
  const own = existsSync(file);
  const missing = missingIn(own ? readFileSync(file, "utf8") : undefined, status);
  if (missing.length === 0) return;
  if (own) throw new StateError(`${file} lacks ${missing.join(", ")}, with which this state was made; bring the right one back.`);
  const place = status?.file === file ? "that stood in it" : `of a production node (${status?.file ?? "in MERIDIAN_KEY_RING"})`;
  throw new StateError(
    `${folder} was made with the key ring ${place}. Bring it back, start with --production, or name another --state folder.`,
  );
}
