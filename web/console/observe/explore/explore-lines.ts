import type { MetricQueryReply } from "../../../../contract/metric-query.ts";
import type { Unit } from "../../../lib/format.ts";
import { type Band, type Lines, MOST_LINES, pointCount, summarise } from "../../../lib/series.ts";
import type { PlotExtras } from "../../../ui/plot.ts";

type Series = MetricQueryReply["series"][number];

export interface Drawing {
  readonly lines: Lines;
  readonly extras: PlotExtras;
  /** Series of the answer. */
  readonly total: number;
  /** Of those, how many are drawn as one. */
  readonly gathered: number;
}

/** Labels in which these series differ, in the order of the alphabet. */
function differing(series: readonly Series[]): string[] {
  const values = new Map<string, Set<string>>();
  for (const { labels } of series) for (const name of Object.keys(labels)) values.set(name, values.get(name) ?? new Set());
  for (const [name, seen] of values) for (const { labels } of series) seen.add(labels[name] ?? "");
  return [...values]
    .filter(([, seen]) => seen.size > 1)
    .map(([name]) => name)
    .toSorted();
}

/** What a series is called beside those of the same query: by what tells it from them. */
function ownName(labels: Readonly<Record<string, string>>, told: readonly string[], fallback: string): string {
  const [only] = told;
  if (only === undefined) return fallback;
  if (told.length === 1) return labels[only] || `no ${only}`;
  return told.flatMap((name) => (labels[name] ? [`${name}=${labels[name]}`] : [])).join(" ") || fallback;
}

/** A name per series. Several queries are told apart by their letter, two series of the same name by a count. */
function namesOf(series: readonly Series[], titles: ReadonlyMap<string, string>): string[] {
  const byQuery = Map.groupBy(series, ({ name }) => name ?? "");
  const told = new Map([...byQuery].map(([name, group]) => [name, differing(group)]));
  const used = new Map<string, number>();
  return series.map(({ name = "", labels }) => {
    const own = ownName(labels, told.get(name) ?? [], titles.get(name) ?? (name || "value"));
    const whole = byQuery.size > 1 || titles.size > 1 ? `${name}: ${own}` : own;
    const count = (used.get(whole) ?? 0) + 1;
    used.set(whole, count);
    return count === 1 ? whole : `${whole} (${count})`;
  });
}

function peak(values: readonly (number | null)[]): number {
  return summarise(values).max ?? -Infinity;
}

/** The lowest and highest of several series at each step, with their own bands where they have some. */
function bandAround(series: readonly Series[], length: number): Band {
  const at = (pick: "min" | "max", i: number): number | null =>
    summarise(series.map(({ values, band }) => (band ? (band[pick][i] ?? null) : (values[i] ?? null))))[pick];
  return { min: Array.from({ length }, (_, i) => at("min", i)), max: Array.from({ length }, (_, i) => at("max", i)) };
}

/** What stands for the series of one name in the period before. */
const EARLIER = "before";

/**
 * An answer as lines. Beyond twelve, the eleven with the highest peaks are drawn and the others as their mean with a band from their lowest
 * to their highest, so that no spike is lost.
 * @param titles what a query's series is called when nothing tells it from others, by query
 * @param before the same question a period earlier, and how long that is
 */
export function drawingOf(
  reply: MetricQueryReply,
  titles: ReadonlyMap<string, string>,
  before?: { readonly reply: MetricQueryReply; readonly shiftMs: number },
): Drawing {
  const names = namesOf(reply.series, titles);
  const named = reply.series.map((series, i) => ({ name: names[i] ?? "", series }));
  const many = named.length > MOST_LINES;
  const ranked = many ? named.toSorted((a, b) => peakOf(b.series) - peakOf(a.series)) : named;
  const kept = many ? ranked.slice(0, MOST_LINES - 1) : ranked;
  const rest = many ? ranked.slice(MOST_LINES - 1).map(({ series }) => series) : [];
  const length = reply.series[0]?.values.length ?? 0;
  const lines = new Map<string, readonly (number | null)[]>();
  const bands = new Map<string, Band>();
  const past = new Map<string, string>();
  const earlier = before ? earlierValues(before, reply, names, length) : undefined;
  // Where some are left out, those that stand out come first; a few are found by name.
  const shown = many ? kept : kept.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  for (const { name, series } of shown) {
    lines.set(name, series.values);
    if (series.band) bands.set(name, series.band);
    const values = earlier?.get(name);
    if (!values) continue;
    const title = `${name}, ${EARLIER}`;
    past.set(title, name);
    lines.set(title, values);
  }
  if (rest.length > 0) {
    const name = `${rest.length} others, mean`;
    lines.set(
      name,
      Array.from({ length }, (_, i) => summarise(rest.map(({ values }) => values[i] ?? null)).avg),
    );
    bands.set(name, bandAround(rest, length));
  }
  return {
    lines: { startMs: reply.startMs, stepMs: reply.stepMs, lines },
    extras: { bands, before: past },
    total: named.length,
    gathered: rest.length,
  };
}

function peakOf({ values, band }: Series): number {
  return peak(band?.max ?? values);
}

/** Values of the period before by the names of now, on the axis of now. */
function earlierValues(
  { reply, shiftMs }: { readonly reply: MetricQueryReply; readonly shiftMs: number },
  now: MetricQueryReply,
  names: readonly string[],
  length: number,
): Map<string, (number | null)[]> {
  const lead = Math.round((now.startMs - shiftMs - reply.startMs) / now.stepMs);
  const nameOf = new Map(now.series.map((series, i) => [identity(series), names[i] ?? ""]));
  return new Map(
    reply.series.flatMap((series) => {
      const name = nameOf.get(identity(series));
      return name === undefined ? [] : [[name, Array.from({ length }, (_, i) => series.values[i + lead] ?? null)] as const];
    }),
  );
}

function identity({ name, labels }: Series): string {
  return JSON.stringify([name, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** The unit that all parts have; numbers without one when they differ. */
export function commonUnit(units: readonly Unit[]): Unit {
  const [first = "plain"] = units;
  return units.every((unit) => unit === first) ? first : "plain";
}

/** Below the drawing: what it leaves out. */
export function gatheredWords({ total, gathered, lines }: Drawing): string | undefined {
  if (gathered === 0 || pointCount(lines) === 0) return undefined;
  return `${total - gathered} of ${total.toLocaleString("en")} series, highest peak first; the rest as their mean, with a band from their lowest to their highest.`;
}
