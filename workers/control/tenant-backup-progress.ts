import * as z from "zod";
import { backupEntrySchema } from "../../contract/backup-format.ts";

/** How long a slice may be at work before another one takes over: it is bounded by parts, so longer means that it has ended. */
const LEASE_MS = 5 * 60_000;

export const progressSchema = z.object({
  id: z.string(),
  tenantId: z.string(),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  ringId: z.string(),
  leaseUntil: z.number(),
  stage: z.enum(["objects", "rows", "blobs", "end"]),
  /** Walks over the registry: the second takes what it heard of during the first. */
  pass: z.union([z.literal(1), z.literal(2)]),
  /** The last object that was taken whole. */
  after: z.tuple([z.string(), z.string()]).nullable(),
  /** The object that is being taken. */
  object: z.object({ kind: z.string(), name: z.string(), cursor: z.string(), part: z.number() }).nullable(),
  table: z.number(),
  rowsAfter: z.array(z.union([z.string(), z.number()])).nullable(),
  prefix: z.number(),
  blobsAfter: z.string().nullable(),
  entries: z.array(backupEntrySchema),
  objects: z.number(),
});
export type Progress = z.infer<typeof progressSchema>;

/** How far a walk has come, kept beside what it makes; one slice at a time works on it. */
export class ProgressFile<T extends { leaseUntil: number }> {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #schema: z.ZodType<T>;
  #etag: string | undefined;

  constructor(bucket: R2Bucket, key: string, schema: z.ZodType<T>) {
    this.#bucket = bucket;
    this.#key = key;
    this.#schema = schema;
  }

  /** Begins it, unless it is there. */
  async create(progress: T): Promise<void> {
    await this.#bucket.put(this.#key, JSON.stringify(progress), { onlyIf: { etagDoesNotMatch: "*" } });
  }

  /** Takes it for this slice. @returns undefined when there is none, or another slice has it */
  async claim(now: number): Promise<T | undefined> {
    const stored = await this.#bucket.get(this.#key);
    if (stored === null) return undefined;
    const progress = this.#schema.parse(JSON.parse(await stored.text()));
    if (progress.leaseUntil > now) return undefined;
    this.#etag = stored.etag;
    return (await this.save({ ...progress, leaseUntil: now + LEASE_MS })) ? progress : undefined;
  }

  /** @returns false when another slice has taken over: then what this one did counts for nothing */
  async save(progress: T): Promise<boolean> {
    const put = await this.#bucket.put(
      this.#key,
      JSON.stringify(progress),
      this.#etag === undefined ? {} : { onlyIf: { etagMatches: this.#etag } },
    );
    if (put === null) return false;
    this.#etag = put.etag;
    return true;
  }

  async remove(): Promise<void> {
    await this.#bucket.delete(this.#key);
  }
}
