import * as z from "zod";

/** Page size limits of every list. */
export const PAGE_LIMITS = {
  /** Items when the caller does not say. */
  default: 50,
  /** One answer stays well under a megabyte. */
  max: 200,
  /** A cursor is a sort key in base64url; longer ones are not ours. */
  cursorChars: 512,
} as const;

/** `?limit&cursor` of every list. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_LIMITS.max).default(PAGE_LIMITS.default),
  cursor: z.string().max(PAGE_LIMITS.cursorChars).optional(),
});

/** `{ items, nextCursor }` of every list; `nextCursor` is null on the last page. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}
