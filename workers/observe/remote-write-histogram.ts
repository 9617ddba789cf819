import { parseSeriesKey } from "../../contract/metric-key.ts";
import { STALE_BITS } from "../../contract/metric-limits.ts";
import { timestampFault } from "../../contract/metric-samples.ts";
import { type BoundedCount, type BucketRun, bucketsOn, type ExponentialGrid, gridFor } from "./exponential-grid.ts";
import type { KnownLabels } from "./known-labels.ts";
import { type ProtobufReader, WIRE } from "./protobuf.ts";
import type { RequestState } from "./remote-write-state.ts";
import type { KnownSeries, TenantSeries } from "./series-cache.ts";

// Histogram of prompb/types.proto (prometheus/prometheus): counts as running differences when they are whole numbers, as doubles otherwise.
const COUNT_INT = (1 << 3) | WIRE.varint;
const COUNT_FLOAT = (2 << 3) | WIRE.fixed64;
const SUM = (3 << 3) | WIRE.fixed64;
const SCHEMA = (4 << 3) | WIRE.varint;
const ZERO_THRESHOLD = (5 << 3) | WIRE.fixed64;
const ZERO_COUNT_INT = (6 << 3) | WIRE.varint;
const ZERO_COUNT_FLOAT = (7 << 3) | WIRE.fixed64;
const NEGATIVE = 8;
const POSITIVE = 11;
const TIMESTAMP = (15 << 3) | WIRE.varint;
const CUSTOM_VALUES = 16;

/** Bounds of its own in `custom_values`. */
const CUSTOM_SCHEMA = -53;
const SCHEMAS = { least: -4, most: 8 } as const;
/** Buckets of one histogram as sent; Prometheus' own default limit is 160. */
const MAX_BUCKETS = 4_096;
/** Bucket series remembered of one histogram. */
const MAX_PARTS = 640;

interface Side {
  readonly spans: { readonly offset: number; readonly length: number }[];
  readonly deltas: number[];
  readonly counts: number[];
}

interface Read {
  count: number;
  sumLow: number;
  sumHigh: number;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  atMs: number;
  readonly positive: Side;
  readonly negative: Side;
  readonly bounds: number[];
}

/** The series that a histogram becomes. */
interface Parts {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: KnownSeries;
  readonly sum: KnownSeries;
  readonly buckets: Map<number, KnownSeries>;
  grid: ExponentialGrid | undefined;
}

const partsOf = new WeakMap<KnownSeries, Parts>();

/** Turns a native histogram into the classic series `_bucket`, `_sum` and `_count`; one that cannot be is rejected and counted. */
export function readNativeHistogram(reader: ProtobufReader, meaning: KnownLabels, state: RequestState): void {
  const read = readHistogram(reader);
  const index = state.nextIndex();
  const { batch, window } = state;
  const fault = meaning.fault ?? timestampFault(read.atMs, window);
  if (fault || !meaning.series) {
    if (fault) batch.reject({ index, ...fault });
    return;
  }
  const parts = partsFor(meaning.series, batch.tenant);
  if (read.sumLow === STALE_BITS.low && read.sumHigh === STALE_BITS.high) {
    for (const series of [...parts.buckets.values(), parts.sum, parts.count]) batch.add(index, series, read.atMs, null);
    return;
  }
  const buckets = bucketsOf(read, parts);
  if (!buckets) {
    const detail = `a histogram of ${parts.metric} has schema ${read.schema}, or buckets that do not fit together; schemas ${SCHEMAS.least} to ${SCHEMAS.most} and custom bounds are taken`;
    return batch.reject({ index, reason: "histogram-unsupported", detail }, () => meaning.series?.key ?? "");
  }
  state.made(buckets.length + 2);
  for (const { bound, count } of buckets) batch.add(index, bucketSeries(parts, bound, batch.tenant), read.atMs, count);
  batch.add(index, parts.count, read.atMs, read.count);
  batch.addBits(index, parts.sum, read.atMs, read.sumLow, read.sumHigh);
}

function readHistogram(reader: ProtobufReader): Read {
  const outer = reader.enter();
  const read: Read = {
    count: 0,
    sumLow: 0,
    sumHigh: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    atMs: 0,
    positive: { spans: [], deltas: [], counts: [] },
    negative: { spans: [], deltas: [], counts: [] },
    bounds: [],
  };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === COUNT_INT) read.count = reader.uint64();
    else if (tag === COUNT_FLOAT) read.count = reader.double();
    else if (tag === SUM) {
      reader.fixed64();
      [read.sumLow, read.sumHigh] = [reader.low, reader.high];
    } else if (tag === SCHEMA) read.schema = reader.sint64();
    else if (tag === ZERO_THRESHOLD) read.zeroThreshold = reader.double();
    else if (tag === ZERO_COUNT_INT) read.zeroCount = reader.uint64();
    else if (tag === ZERO_COUNT_FLOAT) read.zeroCount = reader.double();
    else if (tag === TIMESTAMP) read.atMs = reader.int64();
    else if (!readSide(reader, tag, NEGATIVE, read.negative) && !readSide(reader, tag, POSITIVE, read.positive)) {
      if (tag >>> 3 === CUSTOM_VALUES) readDoubles(reader, tag, read.bounds);
      else reader.skip(tag);
    }
  }
  reader.leave(outer);
  return read;
}

/** Spans, deltas and counts have three field numbers in a row. */
function readSide(reader: ProtobufReader, tag: number, first: number, side: Side): boolean {
  const field = (tag >>> 3) - first;
  if (field === 0 && (tag & 7) === WIRE.bytes) {
    const outer = reader.enter();
    let [offset, length] = [0, 0];
    for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
      if (inner === ((1 << 3) | WIRE.varint)) offset = reader.sint64();
      else if (inner === ((2 << 3) | WIRE.varint)) length = reader.uint32();
      else reader.skip(inner);
    }
    reader.leave(outer);
    side.spans.push({ offset, length });
  } else if (field === 1) readDeltas(reader, tag, side.deltas);
  else if (field === 2) readDoubles(reader, tag, side.counts);
  else return false;
  return true;
}

/** Repeated numbers come packed, or one by one from old encoders. */
function readDeltas(reader: ProtobufReader, tag: number, into: number[]): void {
  if ((tag & 7) === WIRE.varint) into.push(reader.sint64());
  else if ((tag & 7) !== WIRE.bytes) reader.skip(tag);
  else {
    const outer = reader.enter();
    while (reader.at < reader.end) into.push(reader.sint64());
    reader.leave(outer);
  }
}

function readDoubles(reader: ProtobufReader, tag: number, into: number[]): void {
  if ((tag & 7) === WIRE.fixed64) into.push(reader.double());
  else if ((tag & 7) !== WIRE.bytes) reader.skip(tag);
  else {
    const outer = reader.enter();
    while (reader.at < reader.end) into.push(reader.double());
    reader.leave(outer);
  }
}

/** Undefined when the histogram is of an unknown kind or contradicts itself. */
function bucketsOf(read: Read, parts: Parts): BoundedCount[] | undefined {
  const positive = sideOf(read.positive);
  const negative = sideOf(read.negative);
  if (!positive || !negative) return undefined;
  if (read.schema === CUSTOM_SCHEMA) return customBuckets(positive, read.bounds, read.count);
  if (!(read.schema >= SCHEMAS.least && read.schema <= SCHEMAS.most)) return undefined;
  const { schema, count, zeroThreshold, zeroCount } = read;
  // A schema is OpenTelemetry's scale, but bucket `i` reaches up to `base^i`, and there it begins at that.
  const side = (of: Sparse): BucketRun => ({ ...of, offset: -1 });
  const histogram = { scale: schema, count, zeroThreshold, zeroCount, positive: side(positive), negative: side(negative) };
  parts.grid = gridFor(histogram, parts.grid);
  return bucketsOn(parts.grid, histogram);
}

/** Buckets that hold something, by Prometheus' numbers. */
interface Sparse {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
}

function sideOf({ spans, deltas, counts }: Side): Sparse | undefined {
  const whole = deltas.length > 0;
  const length = whole ? deltas.length : counts.length;
  if (length > MAX_BUCKETS || spans.length > MAX_BUCKETS) return undefined;
  const side = { indexes: [] as number[], counts: [] as number[] };
  let index = 0;
  let running = 0;
  for (const [i, span] of spans.entries()) {
    index += span.offset;
    // Later offsets are gaps; a negative one would go back over buckets.
    if ((i > 0 && span.offset < 0) || span.length > length - side.indexes.length) return undefined;
    for (let k = 0; k < span.length; k++, index++) {
      const at = side.indexes.length;
      running = whole ? running + (deltas[at] ?? 0) : (counts[at] ?? 0);
      if (!(running >= 0)) return undefined;
      side.indexes.push(index);
      side.counts.push(running);
    }
  }
  return side.indexes.length === length ? side : undefined;
}

/** Bucket `i` reaches up to the i-th bound; one behind the last bound is `+Inf`. Every bound is named, as a classic histogram does. */
function customBuckets({ indexes, counts }: Sparse, bounds: readonly number[], count: number): BoundedCount[] | undefined {
  if (bounds.length > MAX_PARTS || bounds.some((bound, i) => !Number.isFinite(bound) || (i > 0 && bound <= (bounds[i - 1] ?? 0))))
    return undefined;
  if (indexes.some((index) => index < 0 || index > bounds.length)) return undefined;
  let total = 0;
  let at = 0;
  const finite = bounds.map((bound, i) => {
    if (indexes[at] === i) total += counts[at++] ?? 0;
    return { bound, count: total };
  });
  return [...finite, { bound: Number.POSITIVE_INFINITY, count }];
}

function partsFor(series: KnownSeries, tenant: TenantSeries): Parts {
  const known = partsOf.get(series);
  if (known) return known;
  const { metric, labels } = parseSeriesKey(series.key) ?? { metric: "", labels: {} }; // a key that was made by ourselves
  const parts = {
    metric,
    labels,
    count: tenant.find(`${metric}_count`, labels),
    sum: tenant.find(`${metric}_sum`, labels),
    buckets: new Map<number, KnownSeries>(),
    grid: undefined,
  };
  partsOf.set(series, parts);
  return parts;
}

function bucketSeries({ metric, labels, buckets }: Parts, le: number, tenant: TenantSeries): KnownSeries {
  const known = buckets.get(le);
  if (known) return known;
  const series = tenant.find(`${metric}_bucket`, { ...labels, le: le === Number.POSITIVE_INFINITY ? "+Inf" : String(le) });
  if (buckets.size >= MAX_PARTS) buckets.clear(); // bounds that changed often: only a stale marker needs the old ones
  buckets.set(le, series);
  return series;
}
