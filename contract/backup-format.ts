import * as z from "zod";

/** The newest format that this release reads and the one it writes. */
export const BACKUP_FORMAT = 1;

/** What bounds the reading of a backup, before anything of it is believed. */
export const BACKUP_LIMITS = {
  /** `backup.json`: a dozen short fields. */
  headBytes: 16 * 1024,
  /** The manifest in plain: a million files at about 200 bytes. */
  manifestBytes: 256 * 1024 * 1024,
} as const;

/** Name of the sealed manifest; written last but for the head. */
export const MANIFEST_NAME = "manifest";
/** Name of the head, the only plain file: without it a backup is not whole. */
export const HEAD_NAME = "backup.json";

/** The plain head of a backup: enough to find the key. Nothing secret is in it, and nothing of it is believed but by the key. */
export const backupHeadSchema = z.object({
  format: z.number().int().positive(),
  id: z.uuidv7(),
  /** `node`, or a tenant's id. */
  scope: z.string().min(1).max(64),
  finishedAt: z.iso.datetime(),
  /** Which key: one of the deployment's ring, or one that was given for backups. */
  key: z.discriminatedUnion("from", [
    z.object({ from: z.literal("ring"), ringId: z.string().max(64) }),
    z.object({ from: z.literal("given") }),
  ]),
  /** `keyProof` of the right key. */
  keyProof: z.string().max(64),
  /** SHA-256 of the sealed manifest, hex: what `control_backup.checksum` names. */
  checksum: z.string().length(64),
});
export type BackupHead = z.infer<typeof backupHeadSchema>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

/** What was in a table: how many rows, and a sum over their digests that does not depend on their order. */
export const tableSumSchema = z.object({ name: z.string(), rows: count, sum: z.string().max(64) });
export type TableSum = z.infer<typeof tableSumSchema>;

/** A sealed file of a backup. */
export const backupEntrySchema = z.object({
  /** Of the sealed file. */
  name: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** What it holds: in a node's backup a path within the state folder; in a tenant's `object/…`, `rows/…` or `blob/…`. */
  path: z.string().min(1).max(1_000),
  kind: z.enum(["sqlite", "file", "object", "rows", "blob"]),
  bytes: count,
  sha256,
  sealedBytes: count,
  sealedSha256: sha256,
  tables: z.array(tableSumSchema),
});
export type BackupEntry = z.infer<typeof backupEntrySchema>;

export const manifestSchema = z.object({
  format: z.literal(BACKUP_FORMAT),
  id: z.uuidv7(),
  scope: z.string(),
  deployment: z.string(),
  release: z.string(),
  /** Of the state folder's layout; null in a tenant's backup. */
  stateVersion: z.number().int().nullable(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** The deployment's keys that texts in here may be made with, and a proof of each (`ringProof`); the keys themselves are not in a backup. */
  ring: z.array(z.object({ id: z.string(), proof: sha256 })),
  entries: z.array(backupEntrySchema),
});
export type BackupManifest = z.infer<typeof manifestSchema>;
