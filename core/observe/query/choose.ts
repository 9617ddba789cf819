import { type Labels, plainMetric } from "../../../contract/metric-key.ts";
import { DELTA, METRIC_LIMITS, TEMPORALITY_LABEL } from "../../../contract/metric-limits.ts";
import type { Selection } from "../../../contract/metric-query.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { wrong } from "../../../contract/query-plan.ts";
import type { LabelIndex } from "../label-index.ts";
import { matchSlots } from "../label-matchers.ts";
import type { SeriesTable } from "../series-table.ts";

/** Slots of the series that a selection is about, in the order of their references: neighbours lie in the same rows. */
export function chooseSeries({ metric, matchers }: Selection, series: SeriesTable, index: LabelIndex): Outcome<number[]> {
  // The index is made by the first question that needs it; a metric's own series are known without.
  const found = matchers.length === 0 ? accept([...series.ofMetric(plainMetric(metric))]) : matchSlots(index, metric, matchers);
  if (!found.ok) return found;
  const slots = found.value;
  if (slots.length > METRIC_LIMITS.scannedSeries)
    return wrong("/matchers", `More than ${METRIC_LIMITS.scannedSeries} series match. Add matchers, for example on \`host\`.`);
  return accept(slots.sort((a, b) => series.refOf(a) - series.refOf(b)));
}

/** What an answer shows of a series' labels. */
export function shownLabels(labels: Labels): Labels {
  if (!Object.hasOwn(labels, TEMPORALITY_LABEL)) return labels;
  const { [TEMPORALITY_LABEL]: _, ...shown } = labels;
  return shown;
}

/** Whether the series' values are increases by themselves. */
export function isDelta(series: SeriesTable, slot: number): boolean {
  // Most keys do not hold the word: they need not be taken apart.
  if (!series.keyOf(slot)?.includes(TEMPORALITY_LABEL)) return false;
  const { labels } = series.identityOf(slot);
  return Object.hasOwn(labels, TEMPORALITY_LABEL) && labels[TEMPORALITY_LABEL] === DELTA;
}

/** The labels that a series has in common with all of its group. */
export function groupLabels(labels: Labels, { groupBy, without }: Pick<Selection, "groupBy" | "without">): Labels {
  const names = groupBy
    ? groupBy.filter((name) => Object.hasOwn(labels, name))
    : Object.keys(labels).filter((name) => !without?.includes(name));
  return Object.fromEntries(names.map((name) => [name, labels[name] ?? ""]));
}
