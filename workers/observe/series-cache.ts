import { LabelTable } from "./known-labels.ts";
import { KnownTexts } from "./known-texts.ts";
import { SentMetadata } from "./sent-metadata.ts";
import { seriesKey, type Labels } from "../../contract/metric-key.ts";

/** A series as an isolate knows it. */
export interface KnownSeries {
  readonly key: string;
  /** 64 bits of the key's hash, by which equal content is recognised. */
  readonly hashLow: number;
  readonly hashHigh: number;
  /** The shard's reference, good within `dictionary`; 0 while unknown. */
  ref: number;
  dictionary: number;
  /** Its shard among `placedAmong` shards, see `placeOf`; 0 shards: not yet known. */
  place: number;
  placedAmong: number;
}

export const SERIES_CACHE_LIMITS = {
  /** Series known over all tenants of an isolate: about 20 MB with their raw texts when they are like an agent's. */
  series: 50_000,
  /** Bytes of their names and raw texts: a series may have 30 KB of labels, and as many spellings as a client likes. */
  bytes: 32 << 20,
  /** What a remembered series or text takes besides its own characters, about. */
  entryBytes: 200,
} as const;

/** The series that requests of one tenant have named, so that a series' labels are read and sent once, not with every sample. */
export class TenantSeries {
  /** The same series by the raw text in which they came. */
  readonly texts = new KnownTexts(this);
  /** The same by the label bytes of remote-write. */
  readonly labels = new LabelTable();
  /** Metadata that the shards have. */
  readonly metadata = new SentMetadata();
  readonly #byKey = new Map<string, KnownSeries>();
  #keyBytes = 0;

  get size(): number {
    return this.#byKey.size;
  }

  /** Memory that this takes, about. */
  get bytes(): number {
    return this.#keyBytes + this.texts.bytes + this.labels.bytes + this.metadata.bytes;
  }

  find(metric: string, labels: Labels | undefined): KnownSeries {
    const key = seriesKey(metric, labels);
    const known = this.#byKey.get(key);
    if (known) return known;
    const { low, high } = hashOf(key);
    const series: KnownSeries = { key, hashLow: low, hashHigh: high, ref: 0, dictionary: 0, place: 0, placedAmong: 0 };
    this.#byKey.set(key, series);
    this.#keyBytes += key.length + SERIES_CACHE_LIMITS.entryBytes;
    return series;
  }
}

/** Known series by tenant. One tenant never sees another's, and the whole is bounded: the tenant unused for longest goes first. */
export class SeriesCache {
  /** In order of use, the oldest first. */
  readonly #tenants = new Map<string, TenantSeries>();

  of(tenantId: string): TenantSeries {
    const known = this.#tenants.get(tenantId) ?? new TenantSeries();
    this.#tenants.delete(tenantId);
    this.#tenants.set(tenantId, known);
    this.#shrink();
    return known;
  }

  clear(): void {
    this.#tenants.clear();
  }

  #shrink(): void {
    let total = 0;
    let bytes = 0;
    for (const series of this.#tenants.values()) {
      total += series.size;
      bytes += series.bytes;
    }
    for (const [tenantId, series] of this.#tenants) {
      if (total <= SERIES_CACHE_LIMITS.series && bytes <= SERIES_CACHE_LIMITS.bytes) return;
      this.#tenants.delete(tenantId);
      total -= series.size;
      bytes -= series.bytes;
    }
  }
}

/**
 * 64 bits of a text: two FNV-1a hashes (http://www.isthe.com/chongo/tech/comp/fnv/) with different offsets, mixed at
 * the end by the finisher of MurmurHash3.
 */
export function hashOf(text: string): { low: number; high: number } {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + i), 0x01000193);
  }
  return { low: mixed(low), high: mixed(high) };
}

function mixed(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
