import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Sample } from "../../contract/metrics.ts";
import type { CollectorName, Reading } from "./collector.ts";

/** Makes samples of readings, and ends series: one that its collector no longer brings gets a stale marker, once. */
export class SeriesMemory {
  #live = new Map<CollectorName, Map<string, Pick<Sample, "metric" | "labels">>>();

  /**
   * @param common labels of every series; a reading's own win, and `host` wins over all
   * @param enabled collectors that still run; series of the others end
   */
  samplesOf(
    round: ReadonlyMap<CollectorName, readonly Reading[]>,
    enabled: ReadonlySet<CollectorName>,
    common: Readonly<Record<string, string>>,
    host: string,
    timestamp: number,
  ): Sample[] {
    const samples: Sample[] = [];
    for (const name of this.#live.keys()) if (!enabled.has(name)) this.#replace(name, new Map(), samples, timestamp);
    for (const [name, readings] of round) {
      const now = new Map<string, Pick<Sample, "metric" | "labels">>();
      for (const { metric, labels, value } of readings) {
        const all: Record<string, string> = { ...common };
        for (const [label, text] of Object.entries(labels ?? {})) all[label] = text.slice(0, METRIC_LIMITS.labelValueChars);
        all.host = host;
        now.set(seriesKey(metric, all), { metric, labels: all });
        samples.push({ metric, labels: all, timestamp, value });
      }
      this.#replace(name, now, samples, timestamp);
    }
    return samples;
  }

  #replace(name: CollectorName, now: Map<string, Pick<Sample, "metric" | "labels">>, samples: Sample[], timestamp: number): void {
    for (const [key, series] of this.#live.get(name) ?? []) {
      if (!now.has(key)) samples.push({ ...series, timestamp, value: null });
    }
    if (now.size === 0) this.#live.delete(name);
    else this.#live.set(name, now);
  }
}

function seriesKey(metric: string, labels: Readonly<Record<string, string>>): string {
  return `${metric}\u0000${Object.keys(labels)
    .sort()
    .map((name) => `${name}\u0000${labels[name]}`)
    .join("\u0000")}`;
}
