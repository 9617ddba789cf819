import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { KeyRing } from "../../contract/key-ring.ts";
import { replaceFile } from "./replace-file.ts";

const walkSchema = z.object({
  /** The key that was current when the walk began. */
  ringId: z.string(),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
});

const statusSchema = z.object({
  v: z.literal(1),
  /** Where the node's ring comes from; null when it is a variable. */
  file: z.string().nullable(),
  current: z.string(),
  /** Ring ids with a digest of their keys: enough to know them again, not to make them. */
  digests: z.record(z.string(), z.string()),
  /** The latest walk that makes anew what older keys made, as the platform told it. */
  walk: walkSchema.nullable(),
});
export type RingStatus = z.infer<typeof statusSchema>;

/** What a node leaves in its state folder about its ring, for `npm run keys` and for its next start. No secret is in it. */
export function readRingStatus(stateFolder: string): RingStatus | undefined {
  try {
    return statusSchema.safeParse(JSON.parse(readFileSync(fileOf(stateFolder), "utf8"))).data;
  } catch {
    return undefined; // no node has run here yet
  }
}

/** Notes the ring that a node works with from now on; what is known of the walk stays. */
export function noteRing(stateFolder: string, ring: { readonly text: string; readonly file: string | null }): void {
  const walk = readRingStatus(stateFolder)?.walk ?? null;
  save(stateFolder, { v: 1, file: ring.file, current: new KeyRing(ring.text).current, digests: digestsOf(ring.text), walk });
}

/** Notes how far the platform says its walk is. @throws when the text is no such word of the platform */
export function noteWalk(stateFolder: string, text: string): void {
  const walk = walkSchema.parse(JSON.parse(text));
  const status = readRingStatus(stateFolder);
  if (status) save(stateFolder, { ...status, walk });
}

/** Lets go of the keys that have left the ring, where no node runs that would: its next start must not ask for them. */
export function keepOnly(stateFolder: string, ids: readonly string[]): void {
  const status = readRingStatus(stateFolder);
  if (!status) return;
  save(stateFolder, { ...status, digests: Object.fromEntries(Object.entries(status.digests).filter(([id]) => ids.includes(id))) });
}

/** Ids of the keys with which a state was made, as far as its status says, that a ring lacks or has otherwise. */
export function missingIn(ring: string | undefined, status: RingStatus | undefined): string[] {
  const has = ring === undefined ? {} : digestsOf(ring);
  return Object.entries(status?.digests ?? {}).flatMap(([id, digest]) => (has[id] === digest ? [] : id));
}

/** SHA-256 of each key, the first 64 bits in hex, by ring id. The keys are random, so nothing follows from these. */
export function digestsOf(ring: string): Readonly<Record<string, string>> {
  const { keys } = z.object({ keys: z.record(z.string(), z.string()) }).parse(JSON.parse(ring));
  const digest = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 16);
  return Object.fromEntries(Object.entries(keys).map(([id, key]) => [id, digest(key)]));
}

function save(stateFolder: string, status: RingStatus): void {
  replaceFile(fileOf(stateFolder), `${JSON.stringify(status, null, 2)}\n`);
}

function fileOf(stateFolder: string): string {
  return join(stateFolder, "key-ring-status.json");
}
