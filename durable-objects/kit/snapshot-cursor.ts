import * as z from "zod";
import { fromBase64Url, toBase64Url } from "../../contract/base64.ts";

const cellSchema = z.union([z.string(), z.number(), z.object({ b: z.string() }), z.object({ n: z.enum(["inf", "-inf"]) })]);
const cursorSchema = z.object({
  /** Which export. */
  id: z.string(),
  /** The table that is being read; null when all were. */
  table: z.number().int().nonnegative().nullable(),
  /** Key of the last row that was handed out; null before the first. */
  after: z.array(cellSchema).nullable(),
});

export interface SnapshotCursor {
  readonly id: string;
  readonly table: number | null;
  readonly after: readonly SqlStorageValue[] | null;
}

/** Where an export goes on. Cells of a key may be bytes or infinite, which JSON has not. */
export function cursorText({ id, table, after }: SnapshotCursor): string {
  return JSON.stringify({ id, table, after: after?.map(jsonOf) ?? null });
}

function jsonOf(cell: SqlStorageValue): unknown {
  if (cell instanceof ArrayBuffer) return { b: toBase64Url(new Uint8Array(cell)) };
  return typeof cell === "number" && !Number.isFinite(cell) ? { n: cell > 0 ? "inf" : "-inf" } : cell;
}

/** @throws when the text is none that {@link cursorText} made */
export function readCursor(text: string): SnapshotCursor {
  const { id, table, after } = cursorSchema.parse(JSON.parse(text));
  const cells = after?.map((cell) => {
    if (typeof cell !== "object") return cell;
    if ("n" in cell) return cell.n === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const bytes = fromBase64Url(cell.b);
    if (!bytes) throw new Error("not a cursor of an export");
    return bytes.buffer;
  });
  return { id, table, after: cells ?? null };
}
