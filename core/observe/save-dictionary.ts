import { packDefinitions } from "./dictionary-rows.ts";
import type { Shard } from "./shard.ts";

/** Dictionary rows beyond the necessary before they are written anew: one a seal, so about once a day. */
const SPARE_ROWS = 48;

/** Adds rows with the definitions that are in none; writes all anew when the dead ones have piled up. Call within a transaction. */
export function saveDictionary(shard: Shard, anew = false): void {
  const { store } = shard.deps;
  const definitions = liveRefs(shard).map((ref) => ({ ref, key: shard.series.keyOf(shard.series.slotOf(ref) ?? -1) ?? "" }));
  const rows = packDefinitions(definitions.filter(({ ref }) => ref >= shard.state.savedRef));
  const necessary = Math.ceil(definitions.length / 256);
  if (!anew && shard.dictionaryRows.length + rows.length <= necessary + SPARE_ROWS) {
    for (const row of rows) store.saveDictionary(row);
    shard.dictionaryRows.push(...rows.map(({ firstRef }) => firstRef));
    return;
  }
  const all = packDefinitions(definitions);
  const kept = new Set(all.map(({ firstRef }) => firstRef));
  for (const firstRef of shard.dictionaryRows) if (!kept.has(firstRef)) store.deleteDictionary(firstRef);
  for (const row of all) store.saveDictionary(row);
  shard.dictionaryRows = [...kept];
}

/** Live series by reference: the order of packed rows. Slots may change hands between two slices, references may not. */
export function liveRefs(shard: Shard): number[] {
  return [...shard.series.liveSlots()].map((slot) => shard.series.refOf(slot)).sort((a, b) => a - b);
}
