import * as z from "zod";

/** `GET /v1/platform/key-ring`. No secret is ever in it. */
export const keyRingStatusSchema = z.object({
  current: z.string(),
  keys: z.array(
    z.object({
      id: z.string(),
      /** `current` makes new texts; `older` still opens what it made. */
      state: z.enum(["current", "older"]),
      /** Objects and rows that may still hold texts of this key; null while nobody has counted since the last change. */
      inUse: z.number().int().nullable(),
    }),
  ),
  /** The walk that makes anew what older keys made. */
  reseal: z.object({
    state: z.enum(["idle", "running", "done"]),
    /** Objects and rows walked of those known. */
    walked: z.number().int(),
    resealed: z.number().int(),
    finishedAt: z.iso.datetime().nullable(),
  }),
});
export type KeyRingStatus = z.infer<typeof keyRingStatusSchema>;

/** A line of `GET /v1/platform/backups`. */
export const backupSchema = z.object({
  id: z.string(),
  /** `node`, or a tenant's id. */
  scope: z.string(),
  state: z.enum(["running", "done", "failed"]),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** Where it went: a folder's name or an R2 prefix. */
  target: z.string(),
  bytes: z.number().int(),
  objects: z.number().int(),
  rows: z.number().int(),
  /** SHA-256 over the manifest, hex. */
  checksum: z.string().nullable(),
  problem: z.string().nullable(),
});
export type Backup = z.infer<typeof backupSchema>;

/** `POST /v1/platform/restores/{backupId}`: how far a tenant's restore is, and how what was restored compares with what was saved. */
export const restoreStatusSchema = z.object({
  tenantId: z.string(),
  slug: z.string(),
  state: z.enum(["running", "done"]),
  entries: z.number().int(),
  restored: z.number().int(),
  compared: z.array(
    z.object({ object: z.string(), table: z.string(), saved: z.number().int(), restored: z.number().int(), agrees: z.boolean() }),
  ),
  /** Members without an account here: credentials do not travel, they are to be invited again. */
  invite: z.array(z.object({ email: z.string(), role: z.string() })),
});
export type RestoreStatus = z.infer<typeof restoreStatusSchema>;
