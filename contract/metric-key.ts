import { QUOTED_METRIC_PATTERN } from "./metric-limits.ts";

export type Labels = Readonly<Record<string, string>>;

/**
 * The canonical text of a series: a JSON array of the metric's name, then label names and values by turns, sorted by
 * name. Two samples belong to one series exactly when their keys are equal. A label with an empty value is no label
 * (https://prometheus.io/docs/concepts/data_model/), and a quoted metric name equals the plain one.
 */
export function seriesKey(metric: string, labels: Labels | undefined): string {
  const parts = [plainMetric(metric)];
  if (labels) {
    for (const name of Object.keys(labels).sort()) {
      const value = labels[name];
      if (value) parts.push(name, value);
    }
  }
  return JSON.stringify(parts);
}

export interface SeriesIdentity {
  readonly metric: string;
  readonly labels: Labels;
}

/** The reverse of {@link seriesKey}; undefined when the text is no such key. */
export function parseSeriesKey(key: string): SeriesIdentity | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(key);
  } catch {
    return undefined; // not JSON: a key that we did not make
  }
  if (!Array.isArray(parts) || parts.length % 2 === 0 || !parts.every((part) => typeof part === "string")) return undefined;
  const [metric = "", ...pairs] = parts as string[]; // each part was just checked
  const labels: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) labels[pairs[i] ?? ""] = pairs[i + 1] ?? "";
  return { metric, labels };
}

/** The name behind the quotes of a quoted metric name; any other text is its own name. */
export function plainMetric(metric: string): string {
  if (metric.charCodeAt(0) !== 0x22 || !QUOTED_METRIC_PATTERN.test(metric)) return metric;
  return metric.slice(1, -1).replace(/\\(.)/gsu, (_, char: string) => (char === "n" ? "\n" : char));
}
