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
  /** Characters of a point's attributes as sent; with more they are read every time. */
  spellingChars: 4_096,
  /** Remembered whatever the number of series. */
  leastPoints: 1_000,
} as const;

/**
 * The points of one tenant by metric and by the spelling of their attributes. What is remembered goes with the tenant's series and is
 * hardly more than those: whoever sends one series in ever new spellings makes us forget and read anew.
 */
class TenantPoints {
  readonly #metrics = new Map<string, Map<string, KnownPoint>>();
  #size = 0;

  known(key: string): Map<string, KnownPoint> | undefined {
    return this.#metrics.get(key);
  }

  metric(key: string): Map<string, KnownPoint> {
    let points = this.#metrics.get(key);
    if (!points) this.#metrics.set(key, (points = new Map()));
    return points;
  }

  /** Makes room for one more, and for a metric's own entry. */
  grow(tenant: TenantSeries): void {
    if (this.#size + this.#metrics.size >= 2 * Math.max(LIMITS.leastPoints, tenant.size)) {
      this.#metrics.clear();
      this.#size = 0;
    }
    this.#size++;
  }
}

const pointsOfTenants = new WeakMap<TenantSeries, TenantPoints>();

/** The known points of one metric of one resource. */
export class MetricPoints {
  readonly #tenant: TenantSeries;
  readonly #all: TenantPoints;
  #points: Map<string, KnownPoint> | undefined;
  readonly #key: string;

  constructor(tenant: TenantSeries, key: string) {
    let all = pointsOfTenants.get(tenant);
    if (!all) pointsOfTenants.set(tenant, (all = new TenantPoints()));
    this.#tenant = tenant;
    this.#all = all;
    this.#key = key;
  }

  /** @param make reads the attributes of a point that is new; what is no point is not remembered */
  find<T>(spelling: string, make: () => KnownPoint | T): KnownPoint | T {
    this.#points ??= this.#all.known(this.#key);
    const known = this.#points?.get(spelling);
    if (known) return known;
    const made = make();
    if (!(made instanceof KnownPoint) || spelling.length > LIMITS.spellingChars) return made;
    this.#all.grow(this.#tenant);
    this.#points = this.#all.metric(this.#key);
    this.#points.set(spelling, made);
    return made;
  }
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
