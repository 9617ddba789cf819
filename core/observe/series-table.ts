import { RefMap } from "./ref-map.ts";
import { parseSeriesKey, type SeriesIdentity } from "../../contract/metric-key.ts";

/** Told of every series that comes and goes. */
export interface SeriesWatcher {
  added(slot: number, key: string): void;
  removed(slot: number, key: string): void;
}

/**
 * The live series of a shard. A series has three names: its canonical key (text, on the wire once), its reference (a
 * number that is never used again, in rows and at the edge) and its slot (a small number that is, an index into columns).
 */
export class SeriesTable {
  readonly #slotOfRef = new RefMap();
  readonly #slotOfKey = new Map<string, number>();
  readonly #slotsOfMetric = new Map<string, Set<number>>();
  readonly #keys: (string | undefined)[] = [];
  readonly #refs: number[] = [];
  readonly #free: number[] = [];
  #keyChars = 0;
  watcher: SeriesWatcher | undefined;

  /** Live series. */
  get size(): number {
    return this.#slotOfKey.size;
  }

  /** Characters of all live series' keys: what their names take of the memory. */
  get keyChars(): number {
    return this.#keyChars;
  }

  /** One more than the highest slot ever used: columns need this many entries. */
  get slots(): number {
    return this.#keys.length;
  }

  slotOf(ref: number): number | undefined {
    return this.#slotOfRef.get(ref);
  }

  slotOfKey(key: string): number | undefined {
    return this.#slotOfKey.get(key);
  }

  keyOf(slot: number): string | undefined {
    return this.#keys[slot];
  }

  refOf(slot: number): number {
    return this.#refs[slot] ?? 0;
  }

  /** Metric and labels of a live series. */
  identityOf(slot: number): SeriesIdentity {
    const identity = parseSeriesKey(this.#keys[slot] ?? "");
    if (!identity) throw new Error(`no series in slot ${slot}`);
    return identity;
  }

  /** Slots of a metric's series, in the order of their first sample. */
  ofMetric(metric: string): Iterable<number> {
    return this.#slotsOfMetric.get(metric) ?? [];
  }

  hasMetric(metric: string): boolean {
    return this.#slotsOfMetric.has(metric);
  }

  /** Every live slot; the one just visited may be removed. */
  liveSlots(): Iterable<number> {
    return this.#slotOfKey.values();
  }

  /** @returns the slot */
  add(ref: number, key: string, metric: string): number {
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#keys[slot] = key;
    this.#keyChars += key.length;
    this.#refs[slot] = ref;
    this.#slotOfRef.set(ref, slot);
    this.#slotOfKey.set(key, slot);
    let slots = this.#slotsOfMetric.get(metric);
    if (!slots) this.#slotsOfMetric.set(metric, (slots = new Set()));
    slots.add(slot);
    this.watcher?.added(slot, key);
    return slot;
  }

  remove(slot: number): void {
    const key = this.#keys[slot];
    if (key === undefined) return;
    const { metric } = this.identityOf(slot);
    const slots = this.#slotsOfMetric.get(metric);
    slots?.delete(slot);
    if (slots?.size === 0) this.#slotsOfMetric.delete(metric);
    this.watcher?.removed(slot, key);
    this.#slotOfRef.delete(this.refOf(slot));
    this.#slotOfKey.delete(key);
    this.#keyChars -= key.length;
    this.#keys[slot] = undefined;
    this.#refs[slot] = 0;
    this.#free.push(slot);
  }
}
