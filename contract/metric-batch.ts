/**
 * Accepted samples on their way from the edge to a shard, and as they lie in a shard's write-ahead row: columns of
 * fixed width, little endian, every column aligned, so that both sides read them without copying.
 *
 * ```
 * 0   u32  magic "MTB1"            8   u32  definitions d
 * 4   u32  samples n               12  u32  bytes of definitions
 * 16  f64  base time, epoch ms     24  u32  dictionary
 *                                  28  u32  bytes of extras
 * 32        n × 8  value bits (low word, high word)
 * 32 + 8n   n × i32 time minus base
 * 32 + 12n  n × u32 series: a reference, or DEFINED | index of a definition
 * 32 + 16n  d × u32 byte length of each definition
 * then      definitions, UTF-8, canonical series keys (`contract/metric-key.ts`)
 * then      extras, JSON (`contract/metric-extras.ts`), absent when word 28 is 0
 * ```
 * A reference is the shard's own number of a series, known to the edge from earlier answers: a series' labels cross
 * the wire once. `dictionary` says whose numbers they are.
 */
const MAGIC = 0x3142544d;
const HEADER_BYTES = 32;
/** Marks a series column entry as the index of a definition in the same batch. */
export const DEFINED = 0x80000000;

export const BATCH_LIMITS = {
  /** Four times a request's samples: room for other protocols. */
  samples: 40_000,
  /** A definition of 30 labels at their longest, escaped, stays below. */
  definitionBytes: 256 * 1024,
  /** The largest native body is 8 MiB; an RPC carries 32 MiB. */
  bytes: 16 << 20,
  /** Metadata and exemplars of one batch as JSON: 500 metrics a request, as Prometheus sends them, are a tenth of it. */
  extrasBytes: 1 << 20,
} as const;

/** Columns to encode; only the first `count` entries of each are read. */
export interface BatchColumns {
  readonly count: number;
  readonly dictionary: number;
  readonly atMs: Float64Array;
  /** Two words a value, low first. */
  readonly valueBits: Uint32Array;
  readonly series: Uint32Array;
  readonly definitions: readonly string[];
  /** JSON of a `BatchExtras`; nothing when absent. */
  readonly extras?: Uint8Array;
}

/** @throws RangeError when the times of one batch lie more than 24 days apart */
export function encodeBatch(columns: BatchColumns): Uint8Array<ArrayBuffer> {
  const { count } = columns;
  const encoder = new TextEncoder();
  const definitions = columns.definitions.map((key) => encoder.encode(key));
  const definitionBytes = definitions.reduce((sum, bytes) => sum + bytes.length, 0);
  const extraBytes = columns.extras?.length ?? 0;
  const buffer = new ArrayBuffer(HEADER_BYTES + 16 * count + 4 * definitions.length + definitionBytes + extraBytes);
  const base = count > 0 ? (columns.atMs[0] ?? 0) : 0;
  const words = new Uint32Array(buffer, 0, HEADER_BYTES / 4);
  words[0] = MAGIC;
  words[1] = count;
  words[2] = definitions.length;
  words[3] = definitionBytes;
  words[6] = columns.dictionary;
  words[7] = extraBytes;
  new Float64Array(buffer, 16, 1)[0] = base;
  new Uint32Array(buffer, HEADER_BYTES, 2 * count).set(columns.valueBits.subarray(0, 2 * count));
  const offsets = new Int32Array(buffer, HEADER_BYTES + 8 * count, count);
  for (let i = 0; i < count; i++) {
    const offset = (columns.atMs[i] ?? 0) - base;
    if (offset !== (offset | 0)) throw new RangeError("times of one batch lie too far apart");
    offsets[i] = offset;
  }
  new Uint32Array(buffer, HEADER_BYTES + 12 * count, count).set(columns.series.subarray(0, count));
  const lengths = new Uint32Array(buffer, HEADER_BYTES + 16 * count, definitions.length);
  const bytes = new Uint8Array(buffer);
  let position = HEADER_BYTES + 16 * count + 4 * definitions.length;
  for (const [i, definition] of definitions.entries()) {
    lengths[i] = definition.length;
    bytes.set(definition, position);
    position += definition.length;
  }
  if (columns.extras) bytes.set(columns.extras, position);
  return bytes;
}

/** How many definitions a batch says it holds, without decoding it; 0 for bytes that are too short. */
export function definitionCount(bytes: Uint8Array): number {
  return bytes.length < HEADER_BYTES ? 0 : new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES).getUint32(8, true);
}

/** A decoded batch: views into its bytes. */
export interface BatchView {
  readonly count: number;
  readonly dictionary: number;
  readonly baseMs: number;
  readonly offsetsMs: Int32Array;
  readonly valueBits: Uint32Array;
  readonly series: Uint32Array;
  readonly definitions: readonly string[];
  /** For `readExtras`; empty in most batches. */
  readonly extras: Uint8Array;
}

/**
 * Reads a batch; undefined when the bytes are none. Every declared size is checked against the bytes that are there
 * before anything of that size is made, so hostile bytes cost no memory.
 */
export function decodeBatch(bytes: Uint8Array): BatchView | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > BATCH_LIMITS.bytes) return undefined;
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const words = new Uint32Array(buffer, byteOffset, HEADER_BYTES / 4);
  const [magic = 0, count = 0, definitionCount = 0, definitionBytes = 0] = words;
  const dictionary = words[6] ?? 0;
  const extraBytes = words[7] ?? 0;
  if (magic !== MAGIC || count > BATCH_LIMITS.samples || definitionCount > count || extraBytes > BATCH_LIMITS.extrasBytes) return undefined;
  const end = HEADER_BYTES + 16 * count + 4 * definitionCount + definitionBytes;
  if (end + extraBytes !== aligned.length) return undefined;
  const baseMs = new Float64Array(buffer, byteOffset + 16, 1)[0] ?? Number.NaN;
  if (!Number.isSafeInteger(baseMs)) return undefined;
  const series = new Uint32Array(buffer, byteOffset + HEADER_BYTES + 12 * count, count);
  for (const entry of series) {
    if (entry >= DEFINED && entry - DEFINED >= definitionCount) return undefined;
  }
  const lengths = new Uint32Array(buffer, byteOffset + HEADER_BYTES + 16 * count, definitionCount);
  const definitions: string[] = [];
  let position = HEADER_BYTES + 16 * count + 4 * definitionCount;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (const length of lengths) {
    if (length > BATCH_LIMITS.definitionBytes || position + length > end) return undefined;
    try {
      definitions.push(decoder.decode(aligned.subarray(position, position + length)));
    } catch {
      return undefined; // not UTF-8
    }
    position += length;
  }
  if (position !== end) return undefined;
  return {
    count,
    dictionary,
    baseMs,
    offsetsMs: new Int32Array(buffer, byteOffset + HEADER_BYTES + 8 * count, count),
    valueBits: new Uint32Array(buffer, byteOffset + HEADER_BYTES, 2 * count),
    series,
    definitions,
    extras: aligned.subarray(end),
  };
}
