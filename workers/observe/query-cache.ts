import type { Labels } from "../../contract/metric-key.ts";
import type { Piece } from "../../contract/query-merge.ts";
import { formOf, labelsKey } from "../../contract/query-rows.ts";
import type { SelectOrder, SelectReply, SelectRow } from "../../contract/rpc/metric-select.ts";
import { EdgeStore, storeKey } from "../http/edge-store.ts";
import type { EdgeEnv } from "../env.ts";

const LIMITS = {
  /** Bytes of columns that an isolate keeps, an eighth of what it has, and of one range. */
  bytes: 16 << 20,
  rangeBytes: 2 << 20,
  entries: 1_000,
  /** Fewer closed steps are worked out anew: keeping them would cost as much. */
  steps: 8,
  /** It is true for as long as its epoch is; this only bounds how long it is kept. */
  maxAgeS: 3_600,
} as const;

/** Closed steps of one shard's answer to an order, and the epoch in which they are true. */
export interface ClosedRange extends Piece {
  readonly epoch: string;
}

const store = new EdgeStore<ClosedRange>({
  cacheName: "meridian-metrics",
  entries: LIMITS.entries,
  weight: LIMITS.bytes,
  mediaType: "application/octet-stream",
  decode: async (body) => decodeRange(await body.arrayBuffer()),
});

/** Columns that can be cut at a step. */
const COLUMNS = ["value", "weight", "spread", "low", "high"] as const;
type Columns = { -readonly [C in (typeof COLUMNS)[number]]?: Float64Array };

/** Lists and thinned rows cannot be cut at a step, and an instant has no past of its own. */
export function isCacheable(order: SelectOrder): boolean {
  return order.count > LIMITS.steps && order.thin === undefined && formOf(order.selection) !== "quantile";
}

/** By what a shard's answer is found again: all that decides it but the range. The tenant comes first: no other's is ever found. */
export async function rangeKey(env: EdgeEnv, tenantId: string, shard: number, order: SelectOrder): Promise<string> {
  const { selection, stepMs, startMs, band = false, several = false } = order;
  return await storeKey(env, ["metrics", tenantId, shard, selection, stepMs, startMs % stepMs, band, several]);
}

/** What is kept of the order's first steps, in whatever epoch. */
export async function findRange(env: EdgeEnv, key: string, order: SelectOrder, now: number): Promise<ClosedRange | undefined> {
  const kept = (await store.find(env, key, now))?.value;
  if (!kept) return undefined;
  const endMs = kept.startMs + kept.count * order.stepMs;
  return kept.startMs <= order.startMs && endMs >= order.startMs + LIMITS.steps * order.stepMs ? kept : undefined;
}

/** Keeps the closed steps of a reply, with those that were held before where they are still true. */
export async function keepRange(
  env: EdgeEnv,
  key: string,
  order: SelectOrder,
  held: ClosedRange | undefined,
  reply: SelectReply,
  now: number,
): Promise<void> {
  const { stepMs } = order;
  const closed = Math.min(reply.count, Math.floor((reply.closedMs - reply.startMs) / stepMs));
  if (closed < LIMITS.steps) return;
  const fresh = cutPiece(reply, stepMs, reply.startMs, reply.startMs + closed * stepMs);
  let range: ClosedRange = { ...fresh, epoch: reply.epoch };
  if (held && reply.unchanged) {
    range = join(held, fresh, reply.epoch, stepMs);
    if (bytesOf(range) > LIMITS.rangeBytes) {
      const from = Math.max(held.startMs, order.startMs);
      range = join(cutPiece(held, stepMs, from, reply.startMs), fresh, reply.epoch, stepMs);
    }
  }
  const bytes = bytesOf(range);
  if (bytes > LIMITS.rangeBytes) return;
  await store.keep(env, key, { value: range, madeAt: now }, bytes, LIMITS.maxAgeS, () => encodeRange(range));
}

/** The steps of a piece within `[fromMs, endMs)`, as views of the same columns. */
export function cutPiece(piece: Piece, stepMs: number, fromMs: number, endMs: number): Piece {
  const first = Math.max(0, Math.ceil((fromMs - piece.startMs) / stepMs));
  const end = Math.max(first, Math.min(piece.count, Math.ceil((endMs - piece.startMs) / stepMs)));
  const rows = piece.rows.map(({ labels, ...row }): SelectRow => {
    const columns: Columns = {};
    for (const name of COLUMNS) if (row[name]) columns[name] = row[name].subarray(first, end);
    return { labels, value: columns.value ?? new Float64Array(end - first), ...columns };
  });
  return { rows, startMs: piece.startMs + first * stepMs, count: end - first };
}

/** Two pieces, the second of which begins where the first ends. */
function join(first: Piece, second: Piece, epoch: string, stepMs: number): ClosedRange {
  const before = cutPiece(first, stepMs, first.startMs, second.startMs);
  const count = before.count + second.count;
  const rows = new Map<string, { labels: Labels; columns: Columns }>();
  for (const [piece, offset] of [
    [before, 0],
    [second, before.count],
  ] as const) {
    for (const row of piece.rows) {
      const key = labelsKey(row.labels);
      let into = rows.get(key);
      if (!into) rows.set(key, (into = { labels: row.labels, columns: {} }));
      for (const name of COLUMNS) {
        const column = row[name];
        if (column) (into.columns[name] ??= new Float64Array(count).fill(Number.NaN)).set(column, offset);
      }
    }
  }
  const joined = [...rows.values()].map(({ labels, columns }): SelectRow => ({ labels, value: new Float64Array(0), ...columns }));
  return { rows: joined, startMs: before.startMs, count, epoch };
}

/** What the columns take in memory; labels are counted as so many bytes. */
function bytesOf({ rows }: Piece): number {
  return rows.reduce((total, row) => total + 200 + COLUMNS.reduce((sum, name) => sum + (row[name]?.length ?? 0) * 8, 0), 0);
}

interface Head {
  readonly epoch: string;
  readonly startMs: number;
  readonly count: number;
  readonly rows: readonly { readonly labels: Labels; readonly columns: readonly (typeof COLUMNS)[number][] }[];
}

/** The length of a JSON head, the head, padding to eight bytes, then the columns. */
function encodeRange({ rows, ...range }: ClosedRange): Uint8Array<ArrayBuffer> {
  const head: Head = { ...range, rows: rows.map((row) => ({ labels: row.labels, columns: COLUMNS.filter((name) => row[name]) })) };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const start = Math.ceil((4 + text.length) / 8) * 8;
  const columns = rows.flatMap((row) => COLUMNS.flatMap((name) => row[name] ?? []));
  const bytes = new Uint8Array(start + columns.length * range.count * 8);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  const values = new Float64Array(bytes.buffer, start);
  for (const [i, column] of columns.entries()) values.set(column, i * range.count);
  return bytes;
}

function decodeRange(buffer: ArrayBuffer): ClosedRange {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Head; // written by us under a key of ours
  const { count } = head;
  let at = Math.ceil((4 + length) / 8) * 8;
  const rows = head.rows.map(({ labels, columns }): SelectRow => {
    const read: Columns = {};
    for (const name of columns) {
      read[name] = new Float64Array(buffer, at, count);
      at += count * 8;
    }
    return { labels, value: new Float64Array(0), ...read };
  });
  return { epoch: head.epoch, startMs: head.startMs, count, rows };
}
