import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { TimeWindow } from "../../contract/metric-samples.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import { labelsOf } from "./otlp-labels.ts";
import type { OtlpPoint } from "./otlp-point.ts";
import type { KnownSeries } from "./series-cache.ts";

/** The series of a bucket, or the only one of a point. */
export interface BucketSeries {
  readonly bound: number;
  readonly series: KnownSeries;
}

/**
 * Hands a point's exemplars to the batch, each with the series that its value belongs to. One whose time or attributes are refused is
 * left out: an exemplar is a hint, and no data point is lost with it.
 * @param buckets bounds ascending, the last one infinite
 */
export function takeExemplars(batch: IngestBatch, point: OtlpPoint, buckets: readonly BucketSeries[], window: TimeWindow): void {
  for (const { atMs, value, traceId, spanId, attributes } of point.exemplars) {
    const at = atMs === 0 ? point.atMs : atMs;
    const series = buckets.find(({ bound }) => value <= bound)?.series;
    const read = labelsOf(attributes, {}, undefined);
    if (!series || read.fault || at < window.oldestMs || at > window.newestMs) continue;
    const chars = Object.entries(read.labels).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
    if (chars <= METRIC_LIMITS.exemplarLabelsChars) batch.exemplar(series, { at, value, traceId, spanId, labels: read.labels });
  }
}
