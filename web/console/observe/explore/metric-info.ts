import { signal } from "@preact/signals";
import { metricsApi } from "../metrics-api.ts";
import type { MetricInfo } from "./metric-words.ts";

/** What is known of metrics, as answers told it: their type, unit and how many series they have. */
const known = signal<ReadonlyMap<string, MetricInfo>>(new Map());

export function noteMetrics(items: readonly MetricInfo[]): void {
  if (items.length === 0) return;
  const next = new Map(known.peek());
  for (const item of items) next.set(item.metric, item);
  known.value = next;
}

export function metricInfo(metric: string): MetricInfo | undefined {
  return known.value.get(metric);
}

/** Learns of metrics that an address names; one that does not exist stays unknown. */
export async function learnMetrics(metrics: readonly string[], abort: AbortSignal): Promise<void> {
  const unknown = [...new Set(metrics)].filter((metric) => metric !== "" && !known.peek().has(metric));
  await Promise.all(
    unknown.map(async (metric) => {
      try {
        noteMetrics((await metricsApi.names({ metric, limit: 1 }, abort)).items.filter((item) => item.metric === metric));
      } catch {
        // Without it the chart has plain numbers for a unit; that is no reason to show none.
      }
    }),
  );
}
