import { type Definition, packDefinitions } from "./dictionary-rows.ts";
import type { Shard } from "./shard.ts";
import type { DictionaryRow } from "./store.ts";

/** Dictionary rows beyond the necessary before they are written anew: one a seal, so about once a day. */
const SPARE_ROWS = 48;

/** Definitions packed in one slice: about a millisecond, in which requests wait. */
const SLICE_DEFINITIONS = 512;

/** The definitions that are in no row yet, packed slice by slice; what comes meanwhile is packed with the last. */
export class NewDefinitions {
  readonly #shard: Shard;
  readonly #rows: DictionaryRow[] = [];
  /** Those from here on are to be packed. */
  #next: number;
  /** Those that were there at the first slice: making this list for each would take longer than packing. */
  #refs: readonly number[] = [];
  #at = 0;

  constructor(shard: Shard) {
    this.#shard = shard;
    this.#next = shard.state.savedRef;
  }

  /** @returns whether there are more */
  slice(most: number = SLICE_DEFINITIONS): boolean {
    const { series, state } = this.#shard;
    if (this.#at === this.#refs.length) {
      this.#refs = liveRefs(this.#shard).filter((ref) => ref >= this.#next);
      this.#at = 0;
      this.#next = state.nextRef;
    }
    const end = Math.min(this.#at + most, this.#refs.length);
    const refs = this.#refs.slice(this.#at, end).filter((ref) => series.slotOf(ref) !== undefined);
    const rows = packDefinitions(definitionsOf(this.#shard, refs));
    // The last row goes on with the next slice, so that rows are as full as if all were packed at once.
    const unfinished = end < this.#refs.length && rows.length > 1 ? rows.pop() : undefined;
    this.#at = unfinished ? this.#refs.indexOf(unfinished.firstRef, this.#at) : end;
    this.#rows.push(...rows);
    return this.#at < this.#refs.length;
  }

  /** Rows with all of them. */
  rows(): readonly DictionaryRow[] {
    while (this.slice());
    // Once more for what came since the first slice.
    while (this.slice());
    return this.#rows;
  }
}

/** Adds rows with the definitions that are in none; writes all anew when the dead ones have piled up. Call within a transaction. */
export function saveDictionary(shard: Shard, { anew = false, definitions = new NewDefinitions(shard) } = {}): void {
  const { store } = shard.deps;
  const rows = anew ? [] : definitions.rows();
  const necessary = Math.ceil(shard.series.size / 256);
  if (!anew && shard.dictionaryRows.length + rows.length <= necessary + SPARE_ROWS) {
    for (const row of rows) store.saveDictionary(row);
    shard.dictionaryRows.push(...rows.map(({ firstRef }) => firstRef));
    return;
  }
  const all = packDefinitions(definitionsOf(shard, liveRefs(shard)));
  const kept = new Set(all.map(({ firstRef }) => firstRef));
  for (const firstRef of shard.dictionaryRows) if (!kept.has(firstRef)) store.deleteDictionary(firstRef);
  for (const row of all) store.saveDictionary(row);
  shard.dictionaryRows = [...kept];
}

function definitionsOf(shard: Shard, refs: readonly number[]): Definition[] {
  return refs.map((ref) => ({ ref, key: shard.series.keyOf(shard.series.slotOf(ref) ?? -1) ?? "" }));
}

/** Live series by reference: the order of packed rows. Slots may change hands between two slices, references may not. */
export function liveRefs(shard: Shard): number[] {
  const refs = Float64Array.from(shard.series.liveSlots(), (slot) => shard.series.refOf(slot));
  return Array.from(refs.sort());
}
