import { type Definition, packDefinitions } from "./dictionary-rows.ts";
import type { Shard } from "./shard.ts";
import type { DictionaryRow } from "./store.ts";

/** Dictionary rows beyond the necessary before they are written anew: one a seal, so about once a day. */
const SPARE_ROWS = 48;

/** Definitions packed in one slice: about 5 ms, in which requests wait. */
const SLICE_DEFINITIONS = 2_048;

/** The definitions that are in no row yet, packed slice by slice; what comes meanwhile is packed with the last. */
export class NewDefinitions {
  readonly #shard: Shard;
  readonly #rows: DictionaryRow[] = [];
  #next: number;

  constructor(shard: Shard) {
    this.#shard = shard;
    this.#next = shard.state.savedRef;
  }

  /** @returns whether there are more */
  slice(most: number = SLICE_DEFINITIONS): boolean {
    const refs = liveRefs(this.#shard).filter((ref) => ref >= this.#next);
    this.#rows.push(...packDefinitions(definitionsOf(this.#shard, refs.slice(0, most))));
    this.#next = refs[most] ?? this.#shard.state.nextRef;
    return refs.length > most;
  }

  /** Rows with all of them. */
  rows(): readonly DictionaryRow[] {
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
  return [...shard.series.liveSlots()].map((slot) => shard.series.refOf(slot)).sort((a, b) => a - b);
}
