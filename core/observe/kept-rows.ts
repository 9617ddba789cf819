import * as z from "zod";

/** Small things that a shard keeps beside its points, a row by name. */
export interface KeptRows {
  readKept(name: string): Uint8Array | undefined;
  putKept(name: string, body: Uint8Array): void;
}

/** Bytes of a row: the platform takes 2 MB. */
const KEPT_ROW_BYTES = 1_800_000;

/**
 * A list as a row. What takes more than a row, by letters that JSON writes in six, loses its older half: a row that cannot be written
 * would stop the shard's upkeep.
 */
export function packKept(items: readonly unknown[]): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(items));
  return body.length <= KEPT_ROW_BYTES ? body : packKept(items.slice(Math.ceil(items.length / 2)));
}

/** @throws when the row is there and cannot be read: a shard that forgets its rows refuses service rather than going on without */
export function readKept<S extends z.ZodType>(rows: KeptRows, name: string, schema: S): z.infer<S> | undefined {
  const body = rows.readKept(name);
  return body === undefined ? undefined : schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body)));
}
