import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { readSample, type TimeWindow, timestampFault } from "../../contract/metric-samples.ts";
import { type FieldError, type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { IngestBatch } from "./ingest-batch.ts";
import type { KnownSeries } from "./series-cache.ts";

/**
 * Reads an import: NDJSON whose lines are single samples or `{ metric, labels, timestamps, values }`. Empty lines are passed over,
 * indexes are line numbers from 0. A line that is no JSON, or whose two lists differ in length, refuses the whole.
 */
export function readImport(text: string, window: TimeWindow, batch: IngestBatch): Outcome<undefined> {
  let points = 0;
  for (let index = 0, start = 0; start < text.length; index++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (line.trim() === "") continue;
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      return bad(index, "must be one JSON object on one line");
    }
    if (!isSeriesLine(parsed)) {
      points++;
      readSample(parsed, index, window, batch);
    } else {
      const { timestamps, values } = parsed;
      if (!Array.isArray(timestamps) || !Array.isArray(values) || timestamps.length !== values.length) {
        return bad(index, "`timestamps` and `values` must be two lists of equal length");
      }
      points += timestamps.length;
      if (points <= METRIC_LIMITS.importPoints) readSeries(parsed, timestamps, values, index, window, batch);
    }
    if (points > METRIC_LIMITS.importPoints) {
      return refuse("payload-too-large", `An import holds at most ${METRIC_LIMITS.importPoints} points; send the rest in the next.`);
    }
  }
  return accept(undefined);
}

type SeriesLine = Readonly<Record<string, unknown>>;

function isSeriesLine(line: unknown): line is SeriesLine {
  return typeof line === "object" && line !== null && ("timestamps" in line || "values" in line);
}

/** The series is judged once, with its first point; then every point alone. */
function readSeries(
  line: SeriesLine,
  timestamps: readonly unknown[],
  values: readonly unknown[],
  index: number,
  window: TimeWindow,
  batch: IngestBatch,
): void {
  if (timestamps.length === 0) return;
  const { timestamps: _timestamps, values: _values, ...rest } = line;
  let series: KnownSeries | undefined;
  const anyPoint = { ...rest, timestamp: window.oldestMs, value: 0 };
  readSample(anyPoint, index, window, {
    accept: (_index, metric, labels) => {
      series = batch.tenant.find(metric, labels);
    },
    reject: (rejection) => {
      for (let i = 0; i < timestamps.length; i++) batch.reject(rejection);
    },
  });
  if (!series) return;
  for (let i = 0; i < timestamps.length; i++) {
    const [at, value] = [timestamps[i], values[i]];
    if (typeof at === "number" && at >= window.oldestMs && at <= window.newestMs && Number.isInteger(at) && isValue(value)) {
      batch.add(index, series, at, value);
      continue;
    }
    const fault = timestampFault(at, window) ?? {
      reason: "value-invalid" as const,
      detail: `\`values\` must hold finite numbers, or null for the stale marker; entry ${i} is none`,
    };
    batch.reject({ index, ...fault });
  }
}

function isValue(value: unknown): value is number | null {
  return value === null || (typeof value === "number" && Number.isFinite(value));
}

function bad(index: number, detail: string): Outcome<never> {
  const errors: FieldError[] = [{ pointer: `/${index}`, detail }];
  return refuse("invalid-body", `Line ${index} (from 0) cannot be read. Nothing was stored; correct it and send the import again.`, {
    errors,
  });
}
