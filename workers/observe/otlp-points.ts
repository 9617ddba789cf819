import type { Labels } from "../../contract/metric-key.ts";
import type { ExponentialGrid } from "./exponential-grid.ts";
import type { KnownSeries, TenantSeries } from "./series-cache.ts";

/** A data point's series as an isolate knows them: a histogram's labels are read once and not once per bucket and request. */
export class KnownPoint {
  /** The newest start that a stored point had, epoch milliseconds; 0 while none was seen. */
  startMs = 0;
  /** Of an exponential histogram. */
  grid: ExponentialGrid | undefined = undefined;
  readonly #series = new Map<string, KnownSeries>();

  get isKnown(): boolean {
    return this.#series.size > 0;
  }

  all(): Iterable<KnownSeries> {
    return this.#series.values();
  }

  /** @param which the name's ending and the value of `le` or `quantile`, unambiguous */
  series(which: string, find: () => KnownSeries): KnownSeries {
    const known = this.#series.get(which);
    if (known) return known;
    const series = find();
    this.#series.set(which, series);
    return series;
  }
}

const LIMITS = {
  /** Characters of a point's name and attributes; with more they are read every time. */
  keyChars: 4_096,
  /** Remembered whatever the number of series. */
  leastPoints: 1_000,
} as const;

const pointsOfTenants = new WeakMap<TenantSeries, Map<string, KnownPoint>>();

/**
 * The point of this name and these attributes, in the order in which they were sent. What is remembered goes with the tenant's series
 * and is never more than those: whoever sends one series in ever new spellings makes us forget and read anew.
 * @param make reads the attributes of one that is new
 */
export function knownPoint<T>(tenant: TenantSeries, key: string, make: () => KnownPoint | T): KnownPoint | T {
  let points = pointsOfTenants.get(tenant);
  if (!points) pointsOfTenants.set(tenant, (points = new Map()));
  const known = points.get(key);
  if (known) return known;
  const made = make();
  if (!(made instanceof KnownPoint) || key.length > LIMITS.keyChars) return made;
  if (points.size >= Math.max(LIMITS.leastPoints, tenant.size)) points.clear();
  points.set(key, made);
  return made;
}

/** A metric's name as `TenantSeries.find` takes it: a name that begins with a quote would be read as a quoted one. */
export function asMetric(name: string): string {
  if (name.charCodeAt(0) !== 0x22) return name;
  return `"${name.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** Labels with one more. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  return { ...labels, [name]: value };
}
