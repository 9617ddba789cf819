import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBase64Url } from "../../contract/base64.ts";
import { type BackupHead } from "../../contract/backup-format.ts";
import { type BackupKey, backupKey, keyProof } from "../../contract/backup-seal.ts";
import { ringBackupSecret } from "../../contract/backup-ring.ts";
import { KeyRing } from "../../contract/key-ring.ts";
import { readRingStatus } from "../serve/ring-status.ts";
import { BackupError } from "./backup-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface RingText {
  readonly ring: KeyRing;
  /** As it stands in a key ring's file. */
  readonly text: string;
  /** Whether the environment holds it, as that of a production node does: then it stays there. */
  readonly fromEnvironment: boolean;
}

/**
 * The deployment's key ring, where `npm start` has it from: the file that is named, else the variables of a production node, else
 * the file that the node of this state folder says it uses, else the folder's own.
 * @throws BackupError when there is none, or it cannot be read
 */
export function readRing(options: { readonly file?: string | undefined; readonly state?: string | undefined }, env: Environment): RingText {
  const variable = env["MERIDIAN_KEY_RING"];
  if (options.file === undefined && variable) return ringOf(variable, true);
  const fromEnvironment = options.file === undefined && Boolean(env["MERIDIAN_KEY_RING_FILE"]);
  const own = options.state === undefined ? undefined : (readRingStatus(options.state)?.file ?? join(options.state, "key-ring.json"));
  const file = options.file ?? (env["MERIDIAN_KEY_RING_FILE"] || own);
  if (file === undefined)
    throw new BackupError("The key ring is needed: name its file with --key-ring, or in the variable MERIDIAN_KEY_RING_FILE.");
  if (!existsSync(file)) throw new BackupError(`There is no key ring at ${file}: name its file with --key-ring.`);
  return ringOf(readFileSync(file, "utf8"), fromEnvironment);
}

function ringOf(text: string, fromEnvironment: boolean): RingText {
  try {
    return { ring: new KeyRing(text), text, fromEnvironment };
  } catch (error) {
    throw new BackupError(`The key ring cannot be read: ${error instanceof Error ? error.message : "it has another shape"}.`);
  }
}

/** The key that a new backup is sealed with, and how its head names it: the given one when MERIDIAN_BACKUP_KEY is set, else the ring's current. */
export async function newBackupKey(id: string, ring: KeyRing, env: Environment): Promise<{ key: BackupKey; named: BackupHead["key"] }> {
  const given = givenSecret(env);
  if (given) return { key: await backupKey(given, id), named: { from: "given" } };
  return { key: await backupKey(await ringBackupSecret(ring, "node"), id), named: { from: "ring", ringId: ring.current } };
}

/** The key of a backup that exists. @throws BackupError when it is not at hand, or another one is */
export async function keyOf(head: BackupHead, ring: KeyRing, env: Environment): Promise<BackupKey> {
  const key = await backupKey(await secretFor(head, ring, env), head.id);
  if ((await keyProof(key)) === head.keyProof) return key;
  const which = head.key.from === "given" ? "MERIDIAN_BACKUP_KEY" : `the ring's key ${head.key.ringId}`;
  throw new BackupError(`This backup was made with another key than ${which}.`);
}

async function secretFor(head: BackupHead, ring: KeyRing, env: Environment): Promise<Uint8Array<ArrayBuffer>> {
  if (head.key.from === "ring") {
    const { ringId } = head.key;
    if (!ring.has(ringId)) throw new BackupError(`This backup was made with the ring's key ${ringId}, which this key ring does not have.`);
    return await ringBackupSecret(ring, head.scope, ringId);
  }
  const given = givenSecret(env);
  if (!given) throw new BackupError("This backup was made with a key of its own: put it into the variable MERIDIAN_BACKUP_KEY.");
  return given;
}

function givenSecret(env: Environment): Uint8Array<ArrayBuffer> | undefined {
  const text = env["MERIDIAN_BACKUP_KEY"];
  if (!text) return undefined;
  const bytes = fromBase64Url(text);
  if (bytes?.length === 32) return bytes;
  // The text is not repeated: a malformed secret is still a secret.
  throw new BackupError("MERIDIAN_BACKUP_KEY is base64url of 32 bytes, such as `openssl rand -base64 32 | tr '+/' '-_' | tr -d =` prints.");
}
