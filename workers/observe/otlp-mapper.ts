import type { MetricType } from "../../contract/metric-extras.ts";
import type { Labels } from "../../contract/metric-key.ts";
import { DELTA, METRIC_LIMITS, TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import { timestampFault, type TimeWindow } from "../../contract/metric-samples.ts";
import { bucketsOn, EXPONENTIAL_SCALES, gridFor } from "./exponential-grid.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { type BucketSeries, takeExemplars } from "./otlp-exemplars.ts";
import { type Fault, labelsOf, type OtlpSource, sourceOfResource } from "./otlp-labels.ts";
import { numberText } from "./otlp-numbers.ts";
import {
  type Attributes,
  CUMULATIVE,
  DELTA_TEMPORALITY,
  OTLP_LIMITS,
  type OtlpKind,
  type OtlpMetric,
  type OtlpPoint,
  type OtlpVisitor,
} from "./otlp-point.ts";
import { asMetric, KnownPoint, MetricPoints, withLabel } from "./otlp-points.ts";
import type { KnownSeries } from "./series-cache.ts";

/** A start that no point had before counts as the beginning when it is at most this much older than its point. */
export const FIRST_START_MS = 15 * 60_000;

const NO_RECORDED_VALUE = 1;
const UNIT_CHARS = 63;
/** The longest ending of a kind's series. */
const ENDING_CHARS: Readonly<Record<OtlpKind, number>> = { gauge: 0, sum: 0, histogram: 7, exponential: 7, summary: 6 };

/** Samples that a request's histograms may become. */
const MAX_SAMPLES = 10 * METRIC_LIMITS.foreignSamples;
/** New series of one request, at about 400 bytes of memory each. */
const MAX_NEW_SERIES = 60_000;

const NO_SOURCE: OtlpSource = { ours: {}, info: undefined, fault: undefined };
/** `target_info` is of no point: this is where it stands in the request. */
export const NO_POINT = 0xffff_ffff;

/** Makes samples of OTLP's data points: docs/protocols.md says how. One for each request. */
export class OtlpMapper implements OtlpVisitor {
  /** Points read so far. */
  points = 0;
  /** There are more points, or samples made of them, than a request may hold. */
  overflow = false;
  readonly #batch: IngestBatch;
  readonly #window: TimeWindow;
  readonly #starts = new Map<KnownPoint, number>();
  #source = NO_SOURCE;
  /** What tells this resource's series from those of others. */
  #sourceKey: readonly string[] = [];
  #newestMs = 0;
  #metric: OtlpMetric | undefined;
  #points: MetricPoints;
  #metricFault: Fault | undefined;
  #described = false;
  #samples = 0;
  /** Resources and metrics. */
  #groups = 0;
  readonly #knownBefore: number;

  constructor(batch: IngestBatch, window: TimeWindow) {
    this.#batch = batch;
    this.#window = window;
    this.#points = new MetricPoints(batch.tenant, "");
    this.#knownBefore = batch.tenant.size;
  }

  resource(attributes: Attributes): boolean {
    this.finish();
    this.#source = sourceOfResource(attributes);
    this.#sourceKey = Object.entries(this.#source.ours).flat();
    this.#newestMs = 0;
    return this.#goesOn();
  }

  /** Ends the last resource: its attributes become one sample of `target_info`. */
  finish(): void {
    const { info } = this.#source;
    if (!info || this.#newestMs === 0) return;
    this.#batch.add(NO_POINT, this.#batch.tenant.find("target_info", info), this.#newestMs, 1);
    this.#batch.metadata({ metric: "target_info", type: "gauge", unit: "", help: "Attributes of the resource that sends." });
    this.#newestMs = 0;
  }

  /** Everything was stored: the starts that were seen need not be said again. */
  stored(): void {
    for (const [known, startMs] of this.#starts) known.startMs = Math.max(known.startMs, startMs);
  }

  metric(metric: OtlpMetric): boolean {
    const { name, kind, temporality } = metric;
    this.#metric = metric;
    this.#points = new MetricPoints(this.#batch.tenant, JSON.stringify([kind, temporality, name, ...this.#sourceKey]));
    this.#metricFault = faultOfMetric(metric);
    this.#described = false;
    return this.#goesOn();
  }

  /** Counts what costs something without being a point. */
  #goesOn(): boolean {
    if (++this.#groups > 2 * METRIC_LIMITS.foreignSamples) this.overflow = true;
    return !this.overflow;
  }

  point(point: OtlpPoint): boolean {
    const index = this.points++;
    const metric = this.#metric;
    if (this.points > METRIC_LIMITS.foreignSamples) this.overflow = true;
    if (!metric || this.overflow) return false;
    const fault = this.#source.fault ?? this.#metricFault ?? timeFault(point.atMs, this.#window) ?? faultOfShape(point, metric.kind);
    const known = fault ?? this.#knownPoint(metric, point);
    if (!(known instanceof KnownPoint)) {
      const { reason, detail } = known;
      const name = metric.name ?? "";
      this.#batch.reject(
        {
          index,
          reason,
          detail: `${name === "" ? "a metric without a name" : `metric ${name.slice(0, METRIC_LIMITS.metricChars)}`}: ${detail}`,
        },
        () => `${name} ${JSON.stringify(point.attributes())}`,
      );
      return true;
    }
    this.#emit(index, metric, point, known);
    if (this.#samples > MAX_SAMPLES || this.#batch.tenant.size - this.#knownBefore > MAX_NEW_SERIES) this.overflow = true;
    this.#newestMs = Math.max(this.#newestMs, point.atMs);
    if (!this.#described) this.#describe(metric);
    return !this.overflow;
  }

  #knownPoint({ kind }: OtlpMetric, { spelling, attributes }: OtlpPoint): KnownPoint | Fault {
    return this.#points.find<Fault>(spelling, () => {
      const read = labelsOf(attributes(), this.#source.ours, reservedOf(kind));
      return read.fault ?? new KnownPoint();
    });
  }

  #labels({ kind, temporality }: OtlpMetric, { attributes }: OtlpPoint): Labels {
    const read = labelsOf(attributes(), this.#source.ours, reservedOf(kind));
    const labels = read.fault ? {} : read.labels; // no fault was found when the point was made known
    return temporality === DELTA_TEMPORALITY ? withLabel(labels, TEMPORALITY_LABEL, DELTA) : labels;
  }

  #emit(index: number, metric: OtlpMetric, point: OtlpPoint, known: KnownPoint): void {
    if (isStale(point) && known.isKnown) {
      for (const series of known.all()) this.#add(index, series, point.atMs, null);
      return;
    }
    const { kind } = metric;
    const startMs = isRunningTotal(metric) && !isStale(point) ? this.#newStart(point, known) : 0;
    let labels: Labels | undefined;
    const put = (ending: string, value: number, total = true, bound?: number): KnownSeries => {
      const text = bound === undefined ? undefined : numberText(bound);
      const series = known.series(text === undefined ? ending : `${ending} ${text}`, () => {
        labels ??= this.#labels(metric, point);
        const own = text === undefined ? labels : withLabel(labels, kind === "summary" ? "quantile" : "le", text);
        return this.#batch.tenant.find(asMetric(`${metric.name ?? ""}${ending}`), own);
      });
      if (total && startMs > 0) this.#add(index, series, startMs, 0);
      this.#add(index, series, point.atMs, isStale(point) ? null : value);
      return series;
    };
    const buckets: BucketSeries[] = [];
    const putBucket = (bound: number, count: number): void => {
      buckets.push({ bound, series: put("_bucket", count, true, bound) });
    };
    switch (kind) {
      case "gauge":
      case "sum":
        buckets.push({ bound: Infinity, series: put("", point.value ?? 0) });
        break;
      case "histogram":
        explicitBuckets(point, putBucket);
        break;
      case "exponential":
        known.grid = gridFor(point, known.grid);
        for (const { bound, count } of bucketsOn(known.grid, point)) putBucket(bound, count);
        break;
      case "summary":
        for (const [i, quantile] of point.bounds.entries()) put("", point.counts[i] ?? 0, false, quantile);
        break;
    }
    if (kind !== "gauge" && kind !== "sum") {
      const sum = kind === "summary" ? (point.sum ?? 0) : point.sum;
      if (sum !== undefined) put("_sum", sum);
      put("_count", point.count);
    }
    takeExemplars(this.#batch, point, buckets, this.#window);
  }

  #add(index: number, series: KnownSeries, atMs: number, value: number | null): void {
    this.#batch.add(index, series, atMs, value);
    this.#samples++;
  }

  /** When the point's counts began, if that is news and was accepted; else 0. */
  #newStart({ startMs, atMs }: OtlpPoint, known: KnownPoint): number {
    if (startMs === 0 || startMs >= atMs) return 0;
    const seen = Math.max(known.startMs, this.#starts.get(known) ?? 0);
    if (startMs <= seen) return 0;
    this.#starts.set(known, startMs);
    const isFirst = seen === 0;
    return startMs < this.#window.oldestMs || (isFirst && atMs - startMs > FIRST_START_MS) ? 0 : startMs;
  }

  #describe({ name = "", kind, monotonic, unit, description }: OtlpMetric): void {
    this.#described = true;
    const type: MetricType = kind === "sum" ? (monotonic ? "counter" : "gauge") : kind === "exponential" ? "histogram" : kind;
    const help = description.slice(0, METRIC_LIMITS.helpChars);
    this.#batch.metadata({ metric: name, type, unit: unit.slice(0, UNIT_CHARS), help });
  }
}

function explicitBuckets({ bounds, counts, count }: OtlpPoint, put: (bound: number, count: number) => void): void {
  let total = 0;
  for (const [i, bound] of bounds.entries()) {
    total += counts[i] ?? 0;
    if (bound < Infinity) put(bound, total);
  }
  put(Infinity, count);
}

/** Whether its values go up from a start: only then is that start a zero. */
function isRunningTotal({ kind, temporality, monotonic }: OtlpMetric): boolean {
  if (kind === "summary") return true;
  return kind !== "gauge" && temporality === CUMULATIVE && (kind !== "sum" || monotonic);
}

function isStale({ flags }: OtlpPoint): boolean {
  return (flags & NO_RECORDED_VALUE) !== 0;
}

function reservedOf(kind: OtlpKind): string | undefined {
  if (kind === "summary") return "quantile";
  return kind === "histogram" || kind === "exponential" ? "le" : undefined;
}

function faultOfMetric({ name, kind, temporality }: OtlpMetric): Fault | undefined {
  if (name === undefined) return { reason: "metric-invalid", detail: "its name is no UTF-8" };
  if (name === "") return { reason: "metric-missing", detail: "give the metric a name" };
  const most = METRIC_LIMITS.metricChars - ENDING_CHARS[kind];
  if (name.length > most) return { reason: "metric-too-long", detail: `its name has ${name.length} characters; at most ${most}` };
  if (kind === "gauge" || kind === "summary" || temporality === CUMULATIVE || temporality === DELTA_TEMPORALITY) return undefined;
  return { reason: "value-invalid", detail: "its aggregationTemporality is not set; send 2 (cumulative) or 1 (delta)" };
}

function timeFault(atMs: number, window: TimeWindow): Fault | undefined {
  if (atMs === 0) return { reason: "timestamp-invalid", detail: "timeUnixNano is 0 or absent; send when the point was measured" };
  const fault = timestampFault(atMs, window);
  return fault && { reason: fault.reason, detail: fault.detail.replace("`timestamp`", "timeUnixNano, in milliseconds,") };
}

/** Whether its parts fit together. */
function faultOfShape(point: OtlpPoint, kind: OtlpKind): Fault | undefined {
  const { bounds, counts } = point;
  if (point.tooLong) return { reason: "histogram-unsupported", detail: `it has more than ${OTLP_LIMITS.buckets} buckets` };
  switch (kind) {
    case "gauge":
    case "sum":
      if (point.value !== undefined || isStale(point)) return undefined;
      return { reason: "point-empty", detail: "the point has neither asDouble nor asInt" };
    case "histogram":
      if (bounds.some((bound, i) => !(i === 0 ? !Number.isNaN(bound) : bound > (bounds[i - 1] ?? 0)))) {
        return { reason: "histogram-unsupported", detail: "explicitBounds must ascend" };
      }
      if (counts.length === 0 ? bounds.length === 0 || isStale(point) : counts.length === bounds.length + 1) return undefined;
      return {
        reason: "histogram-unsupported",
        detail: `${bounds.length} explicitBounds need one more bucketCounts, not ${counts.length}`,
      };
    case "exponential": {
      const { scale, positive, negative } = point;
      const { least, most } = EXPONENTIAL_SCALES;
      if (!(scale >= least && scale <= most)) {
        return { reason: "histogram-unsupported", detail: `its scale is ${scale}; between ${least} and ${most} is possible` };
      }
      if ([positive, negative].every(({ offset }) => offset === (offset | 0))) return undefined;
      return { reason: "histogram-unsupported", detail: "an offset of its buckets is no 32-bit number" };
    }
    case "summary":
      return undefined;
  }
}
