import { ROLLUP_STEPS_MS } from "../../contract/metric-limits.ts";

/**
 * A range that ends so long ago is closed: questions may keep its answer until a series' late epoch says otherwise. A sample older than
 * this when it comes is late.
 */
export const CLOSED_AFTER_MS = 60_000;

/** What changed in the past of a shard's series: the number by which caches know it, and the hours whose windows have to be summed anew. */
export class LateWrites {
  /** By slot: the number of the last late write; numbers of writes only rise, also over a restart. */
  readonly #epochs: number[] = [];
  /** What a series has at least: late writes before the start are not known by series any more. */
  #base = 0;
  #newest = 0;
  readonly #dirty = new Map<number, Set<number>>();
  readonly #imported = new Map<number, number>();
  /** Windows before are made, or being made from points that were read already. */
  rolledTo: number;

  /** @param base the number of the last late write that is known from the last time */
  constructor(base = 0, rolledTo = 0) {
    this.#base = this.#newest = base;
    this.rolledTo = rolledTo;
  }

  /** The number of the last late write to any series. */
  get newest(): number {
    return this.#newest;
  }

  epochOf(slot: number): number {
    return Math.max(this.#base, this.#epochs[slot] ?? 0);
  }

  /** Notes a point that came late. @param seq number of the write */
  note(slot: number, at: number, seq: number): void {
    this.noteChange(slot, seq);
    if (at < this.rolledTo) this.noteHour(slot, at);
  }

  /** The past of a series changed. */
  noteChange(slot: number, seq: number): void {
    this.#epochs[slot] = seq;
    if (seq > this.#newest) this.#newest = seq;
  }

  /** The windows of this hour have to be summed anew. */
  noteHour(slot: number, at: number): void {
    const hour = Math.floor(at / ROLLUP_STEPS_MS.hour) * ROLLUP_STEPS_MS.hour;
    const hours = this.#dirty.get(slot);
    if (hours) hours.add(hour);
    else this.#dirty.set(slot, new Set([hour]));
  }

  /** The past of all series changed: some are gone. */
  noteAll(seq: number): void {
    this.#base = this.#newest = Math.max(this.#newest, seq);
  }

  /** Points up to this time lie in packed rows that were imported; the heads do not know of them. */
  noteImported(slot: number, to: number): void {
    this.#imported.set(slot, Math.max(to, this.importedTo(slot)));
  }

  importedTo(slot: number): number {
    return this.#imported.get(slot) ?? Number.NEGATIVE_INFINITY;
  }

  /** Slots with windows that have to be summed anew. */
  dirtySlots(): Iterable<number> {
    return this.#dirty.keys();
  }

  /** Hours of a series whose stored windows are not true any more. */
  dirtyOf(slot: number): ReadonlySet<number> | undefined {
    return this.#dirty.size === 0 ? undefined : this.#dirty.get(slot);
  }

  /** The windows of a series are stored as they are now. */
  clean(slot: number): void {
    this.#dirty.delete(slot);
  }

  /** Forgets a slot, which another series may get. */
  close(slot: number): void {
    this.#epochs[slot] = 0;
    this.#dirty.delete(slot);
    this.#imported.delete(slot);
  }
}
