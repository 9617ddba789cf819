import type { Cardinality } from "../../../../contract/metric-catalog.ts";
import type { Matcher } from "../../../../contract/metric-query.ts";
import { formatValue, plural } from "../../../lib/format.ts";
import type { Tone } from "../../../ui/state-badge.tsx";

/** From this share of the allowed series on, somebody should look. */
const NEARLY_FULL = 0.8;
/** A label with fewer values than this explodes nowhere. */
const MANY_VALUES = 100;
/** A label whose values are this share of all series makes nearly a series per value. */
const LARGE_SHARE = 0.2;

/** The label that most series are owed to, when one has so many values that it looks like an id, a time or a path. */
export function explodingLabel({ labels, activeSeries }: Cardinality): Cardinality["labels"][number] | undefined {
  return labels
    .filter(({ values }) => values >= MANY_VALUES && values >= activeSeries * LARGE_SHARE)
    .toSorted((a, b) => b.values - a.values)[0];
}

/** The running hour's refusals; those of earlier hours are over. */
function refusedNow({ newSeries }: Cardinality): number {
  return newSeries.at(-1)?.refused ?? 0;
}

/** Whether there is room, how much, and what changed. */
export function cardinalityHead(of: Cardinality): { tone: Tone; headline: string; detail: string } {
  const { activeSeries, maxSeries, newSeries, newSeriesPerHour } = of;
  const refused = refusedNow(of);
  const refusedToday = newSeries.reduce((sum, hour) => sum + hour.refused, 0);
  const made = newSeries.at(-1)?.made ?? 0;
  const full = activeSeries / Math.max(1, maxSeries);
  const headline = `${activeSeries.toLocaleString("en")} of ${maxSeries.toLocaleString("en")} series`;
  const begun = `${made.toLocaleString("en")} began this hour, ${newSeriesPerHour.toLocaleString("en")} may`;
  if (refused > 0)
    return { tone: "critical", headline, detail: `${refused.toLocaleString("en")} new ones refused this hour; old ones go on` };
  if (full >= NEARLY_FULL)
    return { tone: "warn", headline, detail: `${formatValue(full, "ratio")} full; new ones are refused at the limit. ${begun}` };
  if (refusedToday > 0) return { tone: "warn", headline, detail: `${plural(refusedToday, "new one")} refused within 24 h, none this hour` };
  return { tone: "ok", headline, detail: begun };
}

/** The matcher of a pair as the page lists it, `label=value`. */
export function pairMatcher(pair: string): Matcher {
  const at = pair.indexOf("=");
  return { label: pair.slice(0, at), op: "=", value: pair.slice(at + 1) };
}

/** Which series, in the notation of Prometheus: `http_requests{path="/a"}`. */
export function selectorWords(metric: string, matchers: readonly Matcher[]): string {
  const inner = matchers.map(({ label, op, value }) => `${label}${op}${JSON.stringify(value)}`).join(", ");
  return inner === "" ? metric || "all series" : `${metric}{${inner}}`;
}
