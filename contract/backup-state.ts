import * as z from "zod";
import type { CellValue, StateChunk } from "./rpc/maintenance.ts";

/**
 * A part of an object's state as bytes: the length of a JSON text (4 bytes, big-endian), the text, and behind it the blobs, which
 * the text names by `{ "b": [offset, length] }`. An infinity, which JSON has not, is `{ "n": "inf" }` or `{ "n": "-inf" }`.
 */
const HEAD_BYTES = 4;

type Bytes = Uint8Array<ArrayBuffer>;

const cellSchema = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.object({ b: z.tuple([z.number().int(), z.number().int()]) }),
  z.object({ n: z.enum(["inf", "-inf"]) }),
]);
const chunkSchema = z.object({
  v: z.literal(1),
  schema: z
    .array(z.object({ scope: z.enum(["kit", "object"]), id: z.number(), name: z.string(), hash: z.string(), additive: z.boolean() }))
    .optional(),
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(z.string()),
      rows: z.array(z.array(cellSchema)),
      integers: z.array(z.tuple([z.number().int(), z.number().int()])).optional(),
    }),
  ),
});

export function encodeState(chunk: StateChunk): Bytes {
  const blobs: Uint8Array[] = [];
  let end = 0;
  const text = JSON.stringify(chunk, (_key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) return { n: value > 0 ? "inf" : "-inf" };
    if (!(value instanceof ArrayBuffer)) return value;
    blobs.push(new Uint8Array(value));
    end += value.byteLength;
    return { b: [end - value.byteLength, value.byteLength] };
  });
  const json = new TextEncoder().encode(text);
  const all = new Uint8Array(HEAD_BYTES + json.length + end);
  new DataView(all.buffer).setUint32(0, json.length);
  all.set(json, HEAD_BYTES);
  let at = HEAD_BYTES + json.length;
  for (const blob of blobs) {
    all.set(blob, at);
    at += blob.length;
  }
  return all;
}

/** @throws when the bytes are none that {@link encodeState} made */
export function decodeState(bytes: Bytes): StateChunk {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const blobs = bytes.subarray(HEAD_BYTES + length);
  const chunk = chunkSchema.parse(
    JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(HEAD_BYTES, HEAD_BYTES + length))),
  );
  const tables = chunk.tables.map(({ name, columns, rows, integers }) => ({
    name,
    columns,
    rows: rows.map((row) => row.map((cell) => cellOf(cell, blobs))),
    ...(integers ? { integers } : {}),
  }));
  return { v: 1, tables, ...(chunk.schema ? { schema: chunk.schema } : {}) };
}

function cellOf(cell: z.infer<typeof cellSchema>, blobs: Bytes): CellValue {
  if (typeof cell !== "object" || cell === null) return cell;
  if ("n" in cell) return cell.n === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return blobAt(blobs, ...cell.b);
}

function blobAt(blobs: Bytes, offset: number, length: number): ArrayBuffer {
  if (offset < 0 || length < 0 || offset + length > blobs.length) throw new Error("a blob lies outside of its part");
  return blobs.slice(offset, offset + length).buffer;
}
